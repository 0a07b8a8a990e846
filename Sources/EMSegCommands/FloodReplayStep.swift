import CommandLineInterface
import FloodFilling
import VolumeStore
import Voxels

/// An object of a table of records, flooded once more.
struct FloodReplayStep {
  let input: InputVolume
  let weights: String
  let table: String
  let object: UInt64
  let domain: FloodDomain
  let voxelSize: VoxelSize
  let output: OutputOptions

  /// Floods the object, compares it with its record and stores it.
  ///
  /// - Throws: ``VolumeError`` with `corruptChunk` where it comes out otherwise than recorded;
  ///   with `limitExceeded` where its canvas does not fit the memory.
  func run(_ runner: StageRunner) throws {
    let context = runner.context
    let reader = input.reader
    let parts = try FloodRecords.read(object, in: table, extent: reader.metadata.extent)
    var found: [Volume<UInt8>] = []
    var (calls, voxels) = (0, 0)
    for part in parts {
      let recipe = try FloodRecipe(weights: weights, recorded: part.settings, table: table)
      guard let seen = part.flood.seen else { continue }
      let needed = seen.extent.voxelCount * 20
      guard needed <= runner.options.memory.bytes else {
        throw VolumeError(
          .limitExceeded, path: reader.path, "the object's canvas does not fit the memory",
          found: "\(ByteCount(needed)) needed for \(seen.extent.text) voxels",
          expected: "at most \(runner.options.memory)", remedy: "raise --memory")
      }
      var flood = try recipe.flood(threads: runner.options.threads)
      var canvas = FloodCanvas(
        image: try recipe.image(reader, in: seen), domain: try domain.marks(over: seen))
      let replay = try canvas.replay(
        part.flood, by: &flood, recipe.settings, checking: { try context.checkCancellation() })
      guard replay.repeats(part.flood), replay.voxelCount == part.voxelCount else {
        throw VolumeError(
          .corruptChunk, path: table, "object \(object) comes out otherwise than recorded",
          found: "\(replay.flood.callCount) calls, \(replay.voxelCount) voxels",
          expected: "\(part.flood.callCount) calls, \(part.voxelCount) voxels",
          remedy: "check that image, region and mask are those of then")
      }
      calls += replay.flood.callCount
      voxels += replay.voxelCount
      if let object = replay.object { found.append(object) }
    }
    var metadata = reader.metadata
    metadata.dataType = .uint64
    metadata.axes = .zyx
    try ConversionStep(
      input: InputVolume(
        reader: MaskedObject(
          path: "object \(object) of \(table)", metadata: metadata, label: object, parts: found),
        formatName: "flood filling",
        identity: "\(input.identity) \(try ContentIdentity.ofContent(at: table)) \(object)"),
      kind: .labels, voxelSize: voxelSize, output: output, command: "floodfill"
    ).run(runner)
    for (name, value) in [
      ("parts", found.count), ("network_calls", calls), ("voxels", voxels),
    ] { try context.print("\(name)\t\(value)") }
  }
}

/// An object as a volume to read from: its label where it is, 0 elsewhere.
private struct MaskedObject: VolumeReader {
  let path: String
  let metadata: VolumeMetadata
  let label: UInt64
  /// 1 in the object, each over a box of its own.
  let parts: [Volume<UInt8>]

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    guard Scalar.dataType == .uint64 else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "objects are read as uint64",
        found: Scalar.dataType.rawValue)
    }
    var labels = Volume<UInt64>(box: box)
    for part in parts {
      let shared = box.intersection(part.box)
      guard !shared.isEmpty else { continue }
      let (from, to) = (shared.origin - part.box.origin, shared.origin - box.origin)
      for z in 0..<shared.extent.z {
        for y in 0..<shared.extent.y {
          let marks = part.row(z: from.z + z, y: from.y + y)
          var row = labels.mutableRow(z: to.z + z, y: to.y + y)
          for x in 0..<shared.extent.x where marks[from.x + x] != 0 { row[to.x + x] = label }
        }
      }
    }
    return labels.converted(to: Scalar.self)
  }
}
