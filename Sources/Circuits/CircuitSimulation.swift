import Glibc

/// A spike of a neuron.
public struct Spike: Hashable, Sendable {
  /// The neuron's place in the circuit.
  public let neuron: Int
  /// The step it was sent in, from 0.
  public let step: Int

  /// Creates a spike.
  public init(neuron: Int, step: Int) {
    self.neuron = neuron
    self.step = step
  }
}

/// Runs a circuit in steps of time.
///
/// Between events the equations are solved exactly; spikes fall on the grid of steps. In each step
/// potentials move on, neurons above the threshold spike, spikes that were sent a delay ago arrive,
/// and those that spiked are reset: the order of Brian 2.
public struct CircuitSimulation: Sendable {
  /// What neurons are.
  public let model: MembraneModel
  /// The length of a step in milliseconds.
  public let step: Double
  /// The most spikes kept.
  public var mostSpikes: Int

  /// A simulation cannot go on.
  public enum Failure: Error, Hashable, Sendable {
    /// More spikes than are kept, by this step.
    case tooManySpikes(step: Int)
    /// Stopped by the caller.
    case stopped
  }

  /// Creates a simulation.
  ///
  /// - Parameters:
  ///   - model: A model without a ``MembraneModel/problem``.
  ///   - step: The length of a step in milliseconds, above 0.
  ///   - mostSpikes: The most spikes kept, 16 bytes each.
  public init(of model: MembraneModel, step: Double = 0.1, mostSpikes: Int = 1 << 26) {
    precondition(model.problem == nil, "the model can be simulated")
    precondition(step > 0 && step.isFinite, "a step takes some time")
    self.model = model
    self.step = step
    self.mostSpikes = mostSpikes
  }

  /// Runs a circuit from rest.
  ///
  /// - Parameters:
  ///   - circuit: The neurons.
  ///   - stimulation: What is done to them; neurons that are not in the circuit are passed over.
  ///   - stepCount: The number of steps.
  ///   - isStopped: Asked now and then whether to stop.
  /// - Returns: The spikes by step, then by neuron.
  /// - Throws: ``Failure``.
  /// - Complexity: O(*n* · *s* + *k*) in neurons, steps, and connections that spikes travel.
  public func spikes(
    of circuit: Circuit, under stimulation: Stimulation, stepCount: Int,
    isStopped: () -> Bool = { false }
  ) throws(Failure) -> [Spike] {
    var state = CircuitState(circuit, stimulation, model, step: step)
    var spikes: [Spike] = []
    for index in 0..<stepCount {
      if index % 64 == 0, isStopped() { throw .stopped }
      let fired = state.advance(to: index)
      guard spikes.count + fired.count <= mostSpikes else { throw .tooManySpikes(step: index) }
      for neuron in fired { spikes.append(Spike(neuron: neuron, step: index)) }
      state.deliver(at: index, of: circuit)
    }
    return spikes
  }

  /// The number of steps in a time, to the nearest.
  public func stepCount(in milliseconds: Double) -> Int { Int((milliseconds / step).rounded()) }
}

/// The potentials of a circuit's neurons at one time.
private struct CircuitState {
  private let model: MembraneModel
  private let membraneFactor: Double, synapticFactor: Double
  /// What a drive of 1 mV adds to the potential in a step.
  private let coupling: Double
  private let refractorySteps: Int, delaySteps: Int
  private let isSilent: [Bool]
  private let drives: [Double]
  private let kicks: RandomKicks

  private var potentials: [Double]
  private var synapticDrives: [Double]
  /// The first step at which a neuron's potential moves again.
  private var freeFrom: [Int]
  /// The neurons that spiked in each of the last steps, which wrap around.
  private var underway: [[Int]]

  init(_ circuit: Circuit, _ stimulation: Stimulation, _ model: MembraneModel, step: Double) {
    self.model = model
    let count = circuit.neurons.count
    let (membrane, synaptic) = (-step / model.membraneTime, -step / model.synapticTime)
    membraneFactor = exp(membrane)
    synapticFactor = exp(synaptic)
    // (e^a − e^b) / (a − b) · b' is the same smooth function where both times are equal.
    let difference = synaptic - membrane
    let ratio =
      abs(difference) < 1e-9
      ? 1 + difference / 2 : (exp(difference) - 1) / difference
    coupling = -membrane * membraneFactor * ratio
    refractorySteps = Int((model.refractoryTime / step).rounded())
    delaySteps = Int((model.delay / step).rounded())
    isSilent = circuit.neurons.map { stimulation.silenced.contains($0) }
    let isDriven = circuit.neurons.map { stimulation.neurons.contains($0) }
    drives = circuit.neurons.map { neuron in
      (stimulation.steadyDrives[neuron] ?? 0)
        + (stimulation.neurons.contains(neuron) ? stimulation.drive : 0)
    }
    kicks = RandomKicks(stimulation, circuit.neurons.indices.filter { isDriven[$0] }, circuit, step)
    potentials = Array(repeating: model.restingPotential, count: count)
    synapticDrives = Array(repeating: 0, count: count)
    freeFrom = Array(repeating: 0, count: count)
    underway = Array(repeating: [], count: delaySteps + 1)
  }

  /// Moves every potential on by a step, and tells which neurons spike.
  mutating func advance(to step: Int) -> [Int] {
    var fired: [Int] = []
    for neuron in potentials.indices {
      let drive = synapticDrives[neuron]
      synapticDrives[neuron] = drive * synapticFactor
      guard step >= freeFrom[neuron] else { continue }
      let rest = model.restingPotential + drives[neuron]
      potentials[neuron] =
        rest + (potentials[neuron] - rest) * membraneFactor + drive * coupling
    }
    kicks.forEach(at: step) { neuron, size in
      if step >= freeFrom[neuron] { potentials[neuron] += size }
    }
    for neuron in potentials.indices where potentials[neuron] > model.threshold {
      guard step >= freeFrom[neuron], !isSilent[neuron] else { continue }
      fired.append(neuron)
      freeFrom[neuron] = step + max(refractorySteps, 1)
    }
    underway[step % underway.count] = fired
    return fired
  }

  /// Hands over the spikes that arrive in a step, and resets the neurons that sent one in it.
  mutating func deliver(at step: Int, of circuit: Circuit) {
    if step >= delaySteps {
      for neuron in underway[(step - delaySteps) % underway.count] {
        for place in circuit.starts[neuron]..<circuit.starts[neuron + 1] {
          synapticDrives[circuit.targets[place]] += circuit.weights[place]
        }
      }
    }
    for neuron in underway[step % underway.count] { potentials[neuron] = model.resetPotential }
  }
}

/// Random times at which neurons are kicked: each follows from seed, neuron and step alone.
private struct RandomKicks {
  private let members: [(place: Int, key: UInt64)]
  private let size: Double
  /// A kick falls where random bits lie below.
  private let limit: UInt64

  init(_ stimulation: Stimulation, _ places: [Int], _ circuit: Circuit, _ step: Double) {
    size = stimulation.kick
    let chance = min(1, stimulation.rate * step / 1000)
    limit = chance >= 1 ? .max : UInt64(max(0, chance) * 0x1p64)
    members =
      limit == 0
      ? [] : places.map { ($0, Self.mixed(stimulation.seed ^ Self.mixed(circuit.neurons[$0]))) }
  }

  func forEach(at step: Int, _ body: (Int, Double) -> Void) {
    for member in members
    where Self.mixed(member.key &+ UInt64(step) &* 0x9E37_79B9_7F4A_7C15) < limit {
      body(member.place, size)
    }
  }

  /// Source: Steele, Lea & Flood 2014, the finalizer of SplitMix64.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var word = value &+ 0x9E37_79B9_7F4A_7C15
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
