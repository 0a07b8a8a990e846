import Circuits
import FoundationEssentials
import TestSupport
import Testing

/// The lines of a committed table after its names.
private func table(_ name: String, _ path: String) throws -> [[Substring]] {
  let url = URL(fileURLWithPath: "\(volumesFolder)/golden/brian2-2.9.0/\(name)/\(path)")
  return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    .split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
}

/// The circuit of a case, with a neuron for each drive.
private struct GoldenCase {
  var connections: [Circuit.Connection]
  var drives: [(neuron: UInt64, drive: Double)]
  var spikes: [[UInt64]]

  init(_ name: String) throws {
    connections = try table(name, "connections.csv").map {
      Circuit.Connection(
        from: UInt64($0[0]) ?? 0, to: UInt64($0[1]) ?? 0, weight: Double($0[2]) ?? 0)
    }
    drives = try table(name, "drives.csv").map { (UInt64($0[0]) ?? 0, Double($0[1]) ?? 0) }
    spikes = try table(name, "spikes.csv").map { $0.compactMap { UInt64($0) } }
  }
}

@Suite struct CircuitSimulationTests {
  /// One neuron under a steady drive.
  private static func steps(
    drive: Double, _ model: MembraneModel = MembraneModel(), count: Int = 3000
  ) throws -> [Int] {
    var stimulation = Stimulation()
    stimulation.neurons = [4]
    stimulation.drive = drive
    return try CircuitSimulation(of: model).spikes(
      of: Circuit([], neurons: [4]), under: stimulation, stepCount: count
    ).map(\.step)
  }

  @Test func `a steady drive gives the intervals of the closed form`() throws {
    // From reset −75 under −50 = rest + 20, the threshold is crossed after 20 ln(25/5) ms.
    let steps = try Self.steps(drive: 20)
    let interval = 2 + 20 * 1.6094379124341003
    let gaps = zip(steps, steps.dropFirst()).map { Double($1 - $0) * 0.1 }
    #expect(steps.count == 8)
    #expect(gaps.allSatisfy { abs($0 - interval) <= 0.2 }, "\(gaps)")
    // From rest, 20 ln(20/5) ms.
    #expect(abs(Double(steps[0]) * 0.1 - 20 * 1.3862943611198906) <= 0.2)
  }

  @Test func `a drive below the threshold gives no spike`() throws {
    #expect(try Self.steps(drive: 14.9).isEmpty)
    #expect(try !Self.steps(drive: 15.1).isEmpty)
  }

  @Test(arguments: ["chain", "random", "immediate"])
  func `spike trains are Brian's, within one step`(_ name: String) throws {
    let golden = try GoldenCase(name)
    var model = MembraneModel()
    if name == "immediate" { (model.delay, model.synapticTime) = (0, 2) }
    let circuit = Circuit(golden.connections)
    var stimulation = Stimulation()
    stimulation.steadyDrives = Dictionary(
      uniqueKeysWithValues: golden.drives.map { ($0.neuron, $0.drive) })
    let spikes = try CircuitSimulation(of: model).spikes(
      of: circuit, under: stimulation, stepCount: 3000)
    var ours: [UInt64: [Int]] = [:]
    for spike in spikes { ours[circuit.neurons[spike.neuron], default: []].append(spike.step) }
    var theirs: [UInt64: [Int]] = [:]
    for spike in golden.spikes { theirs[spike[0], default: []].append(Int(spike[1])) }
    #expect(ours.keys.sorted() == theirs.keys.sorted())
    for (neuron, steps) in theirs {
      let own = ours[neuron] ?? []
      #expect(own.count == steps.count, "neuron \(neuron)")
      #expect(zip(own, steps).allSatisfy { abs($0 - $1) <= 1 }, "neuron \(neuron)")
    }
  }

  @Test func `equal time constants are no exception`() throws {
    var near = MembraneModel()
    near.synapticTime = 20.000001
    var equal = near
    equal.synapticTime = 20
    let circuit = Circuit([Circuit.Connection(from: 1, to: 2, weight: 30)])
    var stimulation = Stimulation()
    (stimulation.neurons, stimulation.drive) = ([1], 25)
    let first = try CircuitSimulation(of: near).spikes(
      of: circuit, under: stimulation, stepCount: 2000)
    let second = try CircuitSimulation(of: equal).spikes(
      of: circuit, under: stimulation, stepCount: 2000)
    #expect(first == second)
    #expect(first.contains { $0.neuron == 1 })
  }

  @Test func `a silenced neuron passes nothing on, an inhibited one waits`() throws {
    let circuit = Circuit([
      Circuit.Connection(from: 1, to: 2, weight: 200),
      Circuit.Connection(from: 3, to: 2, weight: -160),
    ])
    func counts(_ neurons: Set<UInt64>, silenced: Set<UInt64> = []) throws -> [Int] {
      var stimulation = Stimulation()
      (stimulation.neurons, stimulation.drive) = (neurons, 25)
      stimulation.silenced = silenced
      let spikes = try CircuitSimulation(of: MembraneModel()).spikes(
        of: circuit, under: stimulation, stepCount: 5000)
      return (0..<3).map { neuron in spikes.count { $0.neuron == neuron } }
    }
    let alone = try counts([1])
    #expect(alone[0] > 10 && alone[1] > 5 && alone[2] == 0)
    let inhibited = try counts([1, 3])
    #expect(inhibited[1] < alone[1])
    let silenced = try counts([1], silenced: [1])
    #expect(silenced == [0, 0, 0])
  }

  @Test func `random kicks follow from the seed, at about their rate`() throws {
    func spikes(seed: UInt64) throws -> [Spike] {
      var stimulation = Stimulation()
      stimulation.neurons = Set(1...50)
      (stimulation.rate, stimulation.kick, stimulation.seed) = (20, 30, seed)
      return try CircuitSimulation(of: MembraneModel()).spikes(
        of: Circuit([], neurons: Array(1...50)), under: stimulation, stepCount: 20_000)
    }
    let first = try spikes(seed: 1)
    #expect(try spikes(seed: 1) == first)
    #expect(try spikes(seed: 2) != first)
    // 50 neurons for 2 s at 20 a second, less those that fall into the refractory time; 2000 ± 45.
    #expect(first.count > 1750 && first.count < 2150, "\(first.count)")
  }

  @Test func `too many spikes and a stop end the run`() throws {
    var stimulation = Stimulation()
    (stimulation.neurons, stimulation.drive) = ([1], 100)
    let circuit = Circuit([], neurons: [1])
    let simulation = CircuitSimulation(of: MembraneModel(), mostSpikes: 3)
    #expect(throws: CircuitSimulation.Failure.self) {
      try simulation.spikes(of: circuit, under: stimulation, stepCount: 10_000)
    }
    #expect(throws: CircuitSimulation.Failure.stopped) {
      try simulation.spikes(of: circuit, under: stimulation, stepCount: 10) { true }
    }
  }

  @Test func `models that make no sense say why`() {
    #expect(MembraneModel().problem == nil)
    func problem(_ change: (inout MembraneModel) -> Void) -> String? {
      var model = MembraneModel()
      change(&model)
      return model.problem
    }
    #expect(problem { $0.resetPotential = -50 }?.contains("reset") == true)
    #expect(problem { $0.membraneTime = 0 }?.contains("time") == true)
    #expect(problem { $0.delay = -1 }?.contains("below 0") == true)
    #expect(problem { $0.threshold = .nan } != nil)
  }
}

@Suite struct ConnectionTableTests {
  @Test func `columns are found by name, whatever divides them`() throws {
    for separator in [",", "\t"] {
      let text = ["pre,post,count,weight,transmitter", "5,9,3,1.5,gaba", "9,5,1,2,", ""]
        .joined(separator: "\n").replacing(",", with: separator)
      let rows = try ConnectionTable.rows(parsing: Array(text.utf8), strength: "weight")
      #expect(rows.map { $0.source } == [5, 9])
      #expect(rows.map { $0.strength } == [1.5, 2])
      #expect(rows.map { $0.transmitter } == ["gaba", nil])
    }
  }

  @Test(
    arguments: [
      ("", 1), ("pre,post\n1,2\n", 1), ("pre,post,weight\n1,2\n", 2),
      ("pre,post,weight\n1,2,3\n1,x,3\n", 3), ("pre,post,weight\n-1,2,3\n", 2),
      ("pre,post,weight\n1,2,nan\n", 2), ("pre,post,weight\n1,2,-3\n", 2),
    ])
  func `a bad line is named`(_ text: String, _ line: Int) {
    #expect {
      try ConnectionTable.rows(parsing: Array(text.utf8), strength: "weight")
    } throws: { ($0 as? ConnectionTableError)?.line == line }
  }

  @Test func `a neuron has one transmitter`() throws {
    let good = "neuron,transmitter\n4,gaba\n4,gaba\n5,acetylcholine\n"
    #expect(
      try ConnectionTable.transmitters(parsing: Array(good.utf8)) == [
        4: "gaba", 5: "acetylcholine",
      ])
    #expect(throws: ConnectionTableError.self) {
      try ConnectionTable.transmitters(parsing: Array("neuron,transmitter\n4,a\n4,b\n".utf8))
    }
  }

  @Test func `connections of the same pair add up`() {
    let circuit = Circuit(
      [
        Circuit.Connection(from: 9, to: 2, weight: 1),
        Circuit.Connection(from: 9, to: 2, weight: 2),
        Circuit.Connection(from: 2, to: 9, weight: -1),
      ], neurons: [5])
    #expect(circuit.neurons == [2, 5, 9])
    #expect(circuit.connectionCount == 2)
    #expect(circuit.index(of: 5) == 1)
    #expect(circuit.index(of: 6) == nil)
  }
}
