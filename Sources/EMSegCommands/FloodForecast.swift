import Blockwise
import CommandLineInterface
import FloodFilling
import VolumeStore
import Voxels

/// How long flooding may take, from a network call that was timed.
struct FloodForecast {
  /// The network calls for each seed of the published run over FIB-25: 25,799 for 12,464.
  private static let callsPerSeed = 2.07

  /// The seconds of a network call.
  let seconds: Double

  /// Times a network.
  ///
  /// - Throws: ``ModelError`` where it does not run.
  init(_ network: ConvolutionalFloodNetwork) throws {
    let window = Volume<Float>(channels: 2, box: VoxelBox(extent: network.fieldOfView))
    var logits: [Float] = []
    try network.run(window, into: &logits)
    let duration = try ContinuousClock().measure { try network.run(window, into: &logits) }
    seconds = duration.inSeconds
  }

  /// What a call takes, in words.
  var text: String { "a network call takes \(fixed(seconds * 1e3, decimals: 0)) ms" }

  /// What so many seeds take, in words.
  func text(seeds: Int) -> String {
    guard seeds > 1 else { return "\(seeds) \(seeds == 1 ? "seed" : "seeds"); \(text)" }
    let calls = Double(seeds) * Self.callsPerSeed
    return "\(seeds) seeds; \(text), the whole about \(fixed(calls * seconds / 60, decimals: 1))"
      + " minutes (\(fixed(calls, decimals: 0)) calls, as many for a seed as FIB-25 took)"
  }
}

extension FloodStep {
  /// How long the floods may take: a network call is timed, the seeds of the first canvas are
  /// counted, and as many are expected everywhere.
  ///
  /// - Throws: What reading and the network throw.
  func forecast(_ network: ConvolutionalFloodNetwork) throws -> String {
    let volume = input.reader.metadata.extent
    let (grid, halo) = try cut()
    let box = grid.block(0, halo: halo).readBox
    let marks = try domain.marks(over: box)
    let seeds = try seeding.seeds(
      in: try recipe.image(input.reader, in: box), margin: network.margin, domain: marks)
    let share = Double(volume.voxelCount) / Double(box.extent.voxelCount)
    return try FloodForecast(network).text(seeds: Int((Double(seeds.count) * share).rounded()))
  }
}
