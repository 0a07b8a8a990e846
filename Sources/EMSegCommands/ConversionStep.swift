import Blockwise
import CommandLineInterface
import VolumeStore
import ZarrStore
import Voxels

/// What the voxels of a volume mean.
enum VolumeKind: String, CaseIterable, ArgumentValue {
  case image, labels

  /// How coarser levels are computed.
  var downsampling: Downsampling { self == .labels ? .mode : .mean }

  /// The kind of a volume of which only the type is known: wide integers count as labels.
  static func assumed(for type: DataType) -> VolumeKind {
    type.isInteger && type.byteCount >= 4 ? .labels : .image
  }
}

/// Copies a volume into a multiscale image and builds its pyramid.
struct ConversionStep {
  let input: InputVolume
  let kind: VolumeKind
  let voxelSize: VoxelSize
  let output: OutputOptions
  var format = ImageFormat.omeZarr
  /// The command, as it stands in the provenance.
  var command = "import"

  /// Runs the conversion, or what is left of it.
  func run(_ runner: StageRunner, policy: OutputImage.Policy? = nil) throws {
    try checkKind()
    var metadata = input.reader.metadata
    metadata.voxelSize = voxelSize
    let image = try output.prepare(
      name: kind.rawValue, kind: kind, metadata: metadata, as: format, from: input,
      command: command, method: "copy 1", policy: policy, runner: runner)
    guard !image.isComplete else { return }
    try fill(image, with: runner)
    try image.complete()
  }

  /// Copies the volume into an image and computes its coarser levels, or what is left of both.
  func fill(_ image: OutputImage, with runner: StageRunner) throws {
    try copy(to: image, with: runner)
    try image.buildPyramid(kind.downsampling, with: runner)
  }

  private func copy(to image: OutputImage, with runner: StageRunner) throws {
    let metadata = input.reader.metadata
    let stage = CopyStage(
      name: command, source: input.reader, target: image.finest, sourceIdentity: input.identity)
    let ledger = image.ledger("level-0")
    let memory = input.reader.readingMemory
    let values = metadata.channels * metadata.dataType.byteCount
    // The volume read, the chunk gathered from it and the chunk encoded.
    let set = WorkingSet(
      bytesPerReadVoxel: memory.perVoxel, bytesPerWriteVoxel: 2 * values,
      bytesPerWorker: memory.perRead, sharedBytes: memory.held)
    func blocks(_ unit: VoxelExtent) throws -> StageRunner.Blocks {
      try runner.blocks(
        for: set, storageUnit: unit, volume: metadata.extent, ledgers: [ledger],
        block: runner.options.block?.extent)
    }
    let unit = image.finest.metadata.storageUnit
    let chosen: StageRunner.Blocks
    if metadata.storageUnit.z < unit.z {
      // Blocks of whole sections decode each once, if enough fit to keep every thread at work;
      // blocks of whole rows decode a strip once.
      let wide = VoxelExtent(
        z: unit.z, y: unit.y, x: metadata.extent.x.roundedUp(toMultipleOf: unit.x))
      let whole = VoxelExtent(
        z: unit.z, y: metadata.extent.y.roundedUp(toMultipleOf: unit.y), x: wide.x)
      if let found = try? blocks(whole), found.threads.workers >= runner.options.threads {
        chosen = found
      } else {
        do { chosen = try blocks(wide) } catch is MemoryBudgetError { chosen = try blocks(unit) }
      }
    } else {
      chosen = try blocks(unit)
    }
    try runner.run(stage, on: chosen, ledger: ledger)
  }

  private func checkKind() throws {
    guard kind == .labels else { return }
    let metadata = input.reader.metadata
    guard metadata.dataType.isInteger else {
      throw VolumeError(
        .dataTypeMismatch, path: input.reader.path, "labels are whole numbers",
        found: metadata.dataType.rawValue, remedy: "take it with --kind image")
    }
    guard !input.isLossy else {
      throw VolumeError(
        .unsupportedFeature, path: input.reader.path,
        "lossy compression has changed the labels", found: "JPEG", expected: "lossless values",
        remedy: "export the labels again without JPEG")
    }
  }
}

extension Int {
  /// The least multiple of a number that is not below this one.
  func roundedUp(toMultipleOf unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
