import CommandLineInterface
import Connectomes
import ScannerImages
import StreamlineFormats
import Synchronization
import Tractography
import VolumeStore

/// A run of `tracts filter`.
struct FilterRun {
  private let command: FilterCommand
  private let context: CommandContext

  init(_ command: FilterCommand, _ context: CommandContext) {
    self.command = command
    self.context = context
  }

  /// By streamline, the pieces that are kept.
  private typealias Kept = [[Range<Int>]]

  func run() throws {
    let reader = try TractogramFiles.open(command.source)
    for note in reader.header.notes { context.note("\(command.source): \(note)") }
    let selection = try selection(reader.header)
    let weights = try command.weights.map { try NumberFile(path: $0) }
    let output = try SelectedOutput(command, reader, context)
    let pass = StreamlinePass<Kept>(
      reader: reader, numberFiles: weights.map { [$0] } ?? [], threads: command.resources.threads,
      name: "filter")
    try pass.run(context) { load, range in
      let positions = load.batch.positions.span
      var pieces: [Range<Int>] = []
      return range.map { index in
        let weight = load.numbers.first.map { Float($0[index]) } ?? 1
        selection.pieces(
          of: positions, load.batch.bounds[index], weight: weight, into: &pieces)
        return pieces
      }
    } take: { load, results throws(VolumeError) in
      try output.take(load, results.flatMap { $0 })
    }
    let (read, kept, written) = try output.finish()
    for finding in reader.findings { context.warn("\(command.source): \(finding)") }
    context.note(
      "\(read) streamlines read, \(kept) kept"
        + (command.masks.isEmpty ? "" : " in \(written) pieces"))
    if let number = command.number, kept < number {
      context.warn("there are only \(kept) such streamlines, not \(number)")
    }
  }

  private func selection(_ header: TractogramHeader) throws -> StreamlineSelection {
    var selection = StreamlineSelection()
    selection.included = try command.included.map { try $0.selectionRegion() }
    selection.includedInOrder = try command.includedInOrder.map { try $0.selectionRegion() }
    selection.excluded = try command.excluded.map { try $0.selectionRegion() }
    selection.masks = try command.masks.map { try $0.selectionRegion() }
    selection.testsEndsOnly = command.testsEndsOnly
    selection.isInverse = command.isInverse
    // What rounding may do to a length.
    let step = header.stepSize
    let factor = header.properties.first { $0.name.lowercased() == "downsample_factor" }
    let share = factor.flatMap { Float($0.value) }.map { 0.5 / $0 } ?? 0.1
    let margin = step.map { $0 * share } ?? 0
    let least = command.leastLength.map { Float($0) - margin } ?? -margin
    let greatest = command.greatestLength.map { Float($0) + margin } ?? .infinity
    selection.lengths = try range(least, greatest, "--max-length")
    selection.weights = try range(
      command.leastWeight.map { Float($0) } ?? 0,
      command.greatestWeight.map { Float($0) } ?? .infinity, "--max-weight")
    let regions =
      selection.included + selection.includedInOrder + selection.excluded + selection.masks
    if let step, let least = regions.map(\.leastFeature).min(), least < Double(step) {
      context.warn(
        "a region's voxels or radius are smaller than a step of \(step) mm: streamlines may cross it "
          + "without a vertex inside")
    }
    return selection
  }

  private func range(
    _ least: Float, _ greatest: Float, _ option: String
  ) throws(UsageError) -> ClosedRange<Float> {
    guard least <= greatest else {
      throw UsageError(
        option, "the greatest value is below the least", found: "\(greatest)",
        expected: "at least \(least)")
    }
    return least...greatest
  }
}

extension RegionArgument {
  /// The region, as streamlines are selected by it.
  ///
  /// - Throws: ``VolumeError`` where the image cannot be read or is empty.
  func selectionRegion() throws -> SelectionRegion {
    if let sphere { return .sphere(centre: sphere.centre, radius: sphere.radius) }
    let image = try ScannerImage(text)
    let empty = VolumeError(
      .dataTypeMismatch, path: text, "no voxel of the region is set", remedy: "give another image")
    guard image.volumes == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: text, "a region has one volume",
        found: "\(image.volumes) volumes", remedy: "take one volume out of the image")
    }
    guard let voxels = SelectedVoxels(try image.setVoxels(), grid: try image.grid()) else {
      throw empty
    }
    return .voxels(voxels)
  }
}

/// Where the streamlines go that are kept.
private final class SelectedOutput: Sendable {
  private let state: Mutex<State>
  private let writer: any StreamlineWriter
  private let header: TractogramHeader
  private let most: Int
  private let skipped: Int
  private let weights: Mutex<NumberOutput?>

  private struct State {
    var (read, kept, written, skipped) = (0, 0, 0, 0)
    var groups: [String: [UInt32]] = [:]
    /// By group, how many members lie before the next streamline.
    var passed: [String: Int] = [:]
    var members: [String: [UInt32]] = [:]
  }

  init(
    _ command: FilterCommand, _ reader: any StreamlineReader, _ context: CommandContext
  ) throws {
    header = reader.header
    most = command.number ?? Int.max
    skipped = command.skipped
    if let path = command.weightsOutput {
      weights = Mutex(try NumberOutput(path, replacing: command.writing.replacing))
    } else {
      weights = Mutex(nil)
    }
    writer = try command.writing.create(
      command.output, like: reader, changing: [("total_count", nil)], context)
    var state = State()
    state.members = reader.header.groups.mapValues { $0.sorted() }
    state.groups = reader.header.groups.mapValues { _ in [] }
    self.state = Mutex(state)
  }

  /// Writes what is kept; false once there is enough.
  func take(_ load: StreamlineLoad, _ kept: [[Range<Int>]]) throws(VolumeError) -> Bool {
    try state.withLock { state throws(VolumeError) in
      var (bounds, sources): ([Range<Int>], [Int]) = ([], [])
      let first = state.read
      for (index, pieces) in kept.enumerated() where state.kept < most {
        state.read += 1
        guard !pieces.isEmpty else { continue }
        if state.skipped < skipped {
          state.skipped += 1
          continue
        }
        noteGroups(first + index, state.written + bounds.count, pieces.count, &state)
        bounds += pieces
        sources += pieces.map { _ in index }
        state.kept += 1
      }
      state.written += bounds.count
      let columns = zip(header.perStreamline, load.batch.perStreamline).map { column, values in
        sources.flatMap { values[$0 * column.components..<($0 + 1) * column.components] }
      }
      try writer.write(
        StreamlineBatch(
          positions: load.batch.positions, bounds: bounds, perStreamline: columns,
          perPoint: load.batch.perPoint))
      if let list = load.numbers.first {
        let lines = sources.map { DecimalText.text(list[$0]) }
        try weights.withLock { file throws(VolumeError) in try file?.append(lines) }
      }
      return state.kept < most
    }
  }

  /// Puts the pieces of a streamline into the groups that it belongs to.
  private func noteGroups(_ old: Int, _ new: Int, _ count: Int, _ state: inout State) {
    for (name, members) in state.members {
      var place = state.passed[name] ?? 0
      while place < members.count, members[place] < old { place += 1 }
      if place < members.count, members[place] == old {
        state.groups[name, default: []] += (new..<new + count).map { UInt32($0) }
      }
      state.passed[name] = place
    }
  }

  func finish() throws(VolumeError) -> (read: Int, kept: Int, written: Int) {
    try state.withLock { state throws(VolumeError) in
      writer.setGroups(state.groups)
      try writer.finish()
      try weights.withLock { file throws(VolumeError) in try file?.finish() }
      return (state.read, state.kept, state.written)
    }
  }
}
