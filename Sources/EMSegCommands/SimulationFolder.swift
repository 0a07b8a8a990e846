import Circuits
import Codecs
import CommandLineInterface
import Drawing
import FoundationEssentials
import VolumeStore

/// What a simulation gave.
struct SimulationResult {
  /// The most neurons in the picture.
  private static let mostRows = 200

  let circuit: Circuit
  let spikes: [Spike]
  /// The length of a step, and of the whole, in milliseconds.
  let step: Double, duration: Double
  let stimulated: Set<UInt64>
  let facts: JSONObject

  /// A line for each spike.
  var spikeTable: String {
    var text = "time_ms,neuron\n"
    // Steps of a tenth or a thousandth are written as such, without what doubles add.
    for spike in spikes {
      let time = (Double(spike.step) * step * 1e6).rounded() / 1e6
      text += "\(shortText(time)),\(circuit.neurons[spike.neuron])\n"
    }
    return text
  }

  /// The number of spikes of each neuron.
  var counts: [Int] {
    var counts = [Int](repeating: 0, count: circuit.neurons.count)
    for spike in spikes { counts[spike.neuron] += 1 }
    return counts
  }

  /// A line for each neuron.
  var rateTable: CommaSeparatedTable {
    var table = CommaSeparatedTable(columns: ["neuron", "spikes", "rate_hz"])
    for (neuron, count) in zip(circuit.neurons, counts) {
      table.append(["\(neuron)", "\(count)", shortText(Double(count) / duration * 1000)])
    }
    return table
  }

  /// The neurons that spike most, in the order of their numbers.
  func raster() throws(DrawingError) -> [UInt8] {
    let counts = counts
    let active = counts.indices.filter { counts[$0] > 0 }
    let shown = active.sorted { (counts[$1], $0) < (counts[$0], $1) }.prefix(Self.mostRows).sorted()
    var places = [Int?](repeating: nil, count: counts.count)
    for (row, neuron) in shown.enumerated() { places[neuron] = row }
    var rows = shown.map { neuron in
      let name = circuit.neurons[neuron]
      return SpikeRaster.Row("\(name)", times: [], isMarked: stimulated.contains(name))
    }
    for spike in spikes {
      if let row = places[spike.neuron] { rows[row].times.append(Double(spike.step) * step) }
    }
    let part = shown.count < active.count ? " of \(active.count)" : ""
    return try SpikeRaster(
      title: "Spikes of \(shown.count)\(part) neurons; stimulated ones coloured", rows: rows,
      duration: duration
    ).drawn(as: .svg)
  }
}

/// A folder of a simulation, made beside its place.
struct SimulationFolder {
  /// The file that marks such a folder.
  private static let marker = "simulation.json"

  let path: String

  /// - Throws: ``VolumeError`` with `alreadyExists`.
  func checkFree(replacing: Bool) throws {
    guard ExistingOutput.exists(path) else { return }
    guard replacing else { throw ExistingOutput.error(path, "it is there already") }
    guard try FileStore(root: path).exists(Self.marker) else {
      throw VolumeError(
        .alreadyExists, path: path, "something else than a simulation is not replaced",
        remedy: "choose another output, or remove it yourself")
    }
  }

  /// Writes everything, then gives the folder its name.
  func write(_ result: SimulationResult, replacing: Bool) throws {
    let unfinished = OutputImage.unfinishedPath(of: FileStore(root: path).root)
    let store = FileStore(root: unfinished)
    if ExistingOutput.exists(unfinished) {
      guard try store.exists(Self.marker) else {
        throw VolumeError(
          .alreadyExists, path: unfinished, "is not what an interrupted run of this command left",
          remedy: "choose another output, or remove it yourself")
      }
      try FileStore.removeAtOnce(unfinished)
    }
    var facts = result.facts
    facts["neurons"] = .integer(Int64(result.circuit.neurons.count))
    facts["spikes"] = .integer(Int64(result.spikes.count))
    let json = try JSONValue.object(facts).encoded(pretty: true)
    try store.write(json.rawSpan, to: Self.marker)
    let spikes = Array(result.spikeTable.utf8)
    try store.write(spikes.rawSpan, to: "spikes.csv")
    let rates = Array(result.rateTable.text.utf8)
    try store.write(rates.rawSpan, to: "rates.csv")
    let raster = try result.raster()
    try store.write(raster.rawSpan, to: "raster.svg")
    if replacing, ExistingOutput.exists(path) { try FileStore.removeAtOnce(path) }
    try store.move(to: path)
  }
}
