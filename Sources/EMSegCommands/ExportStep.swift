import Blockwise
import CommandLineInterface
import Synchronization
import VolumeStore
import Voxels

/// Writes a volume into one file, from the first voxel to the last, reading ahead on another
/// thread.
struct ExportStep {
  let input: InputVolume
  let kind: VolumeKind
  let format: any VolumeExport.Type
  let path: String
  /// The path within a file that holds several volumes; nil takes the format's usual one.
  var dataset: String?
  var isReplacing = false

  /// Slabs grow to this many voxels where memory allows.
  private static let slabVoxelCount = 1 << 24

  /// Writes the file; it appears under its name once it is whole.
  func run(_ runner: StageRunner) throws {
    try ExistingOutput.createFolder(of: path)
    let (input, sink) = try open(runner)
    do {
      try write(input.reader, to: sink, runner)
      try sink.finish()
    } catch var error as VolumeError where error.code == .unsupportedFeature && kind == .labels {
      // A label that the file cannot hold came up on the way: the largest says what it takes.
      let found = try VolumeStatistics(of: input.reader, countsDistinct: false, runner: runner)
      error.found = found.maximum.map { "label \($0)" }
      throw error
    }
  }

  /// Creates the file; labels of a type that the format has not become narrower where they fit.
  private func open(_ runner: StageRunner) throws -> (InputVolume, any VolumeSink) {
    do {
      return (input, try create(for: input.reader.metadata, threads: runner.options.threads))
    } catch {
      let refusal = error
      let stored = input.reader.metadata.dataType
      guard refusal.code == .unsupportedFeature, kind == .labels, stored.byteCount > 1 else {
        throw refusal
      }
      for narrower in [DataType.uint32, .uint16, .uint8]
      where narrower.byteCount < stored.byteCount {
        var metadata = input.reader.metadata
        metadata.dataType = narrower
        guard let sink = try? create(for: metadata, threads: runner.options.threads) else {
          continue
        }
        return (try narrowed(to: narrower, runner), sink)
      }
      throw refusal
    }
  }

  private func narrowed(to type: DataType, _ runner: StageRunner) throws -> InputVolume {
    do {
      return try input.converted(to: type, kind: .labels, runner: runner)
    } catch let refusal as VolumeError where refusal.code == .dataTypeMismatch {
      throw VolumeError(
        .unsupportedFeature, path: path,
        "labels do not fit the \(type.byteCount * 8) bits of a \(format.name)",
        found: refusal.found, expected: refusal.expected,
        remedy: "export HDF5, or renumber with emseg components")
    }
  }

  private func create(
    for metadata: VolumeMetadata, threads: Int
  ) throws(VolumeError) -> any VolumeSink {
    let request = ExportRequest(
      path: path, metadata: metadata, isLabels: kind == .labels, dataset: dataset,
      isReplacing: isReplacing, threads: threads)
    return try ExistingOutput.creating { () throws(VolumeError) in try format.create(request) }
  }

  private func write(
    _ reader: any VolumeReader, to sink: any VolumeSink, _ runner: StageRunner
  ) throws {
    func copy<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      try write(reader, as: type, to: sink, runner)
    }
    try copy(reader.metadata.dataType.scalarType)
  }

  private func write<Scalar: VoxelScalar>(
    _ reader: any VolumeReader, as type: Scalar.Type, to sink: any VolumeSink,
    _ runner: StageRunner
  ) throws {
    let volume = reader.metadata.extent
    let cell = sink.unit.clipped(to: volume)
    let slabs = BlockGrid(
      volume: reader.metadata.box, blockExtent: try slab(of: cell, reader, runner))
    let line = runner.context.progress("export", total: volume.voxelCount, unit: .voxels)
    defer { _ = line.finish() }
    // What was read while the slab before was written.
    var next: Volume<Scalar>?
    for index in 0..<slabs.count {
      try runner.context.checkCancellation()
      let current = try next ?? reader.read(slabs.block(index).writeBox, as: type)
      next = nil
      let read = Mutex<Result<Volume<Scalar>, any Error>?>(nil)
      let wrote = Mutex<(any Error)?>(nil)
      let ahead = index + 1 < slabs.count && runner.options.threads > 1
      concurrentForEach(0..<(ahead ? 2 : 1), threads: 2) { part in
        if part == 0 {
          do {
            for block in BlockGrid(volume: current.box, blockExtent: cell).blocks() {
              try sink.write(current.cropped(to: block.writeBox))
            }
          } catch {
            wrote.withLock { $0 = error }
          }
        } else {
          let found = Result { try reader.read(slabs.block(index + 1).writeBox, as: type) }
          read.withLock { $0 = found }
        }
      }
      if let error = wrote.withLock({ $0 }) { throw error }
      next = try read.withLock { $0 }?.get()
      line.advance(by: current.box.extent.voxelCount)
    }
  }

  /// The region read at a time: whole cells of the file in their order, large enough that a chunk
  /// of the source is decoded once, as far as memory allows.
  private func slab(
    of cell: VoxelExtent, _ reader: any VolumeReader, _ runner: StageRunner
  ) throws(MemoryBudgetError) -> VoxelExtent {
    let metadata = reader.metadata
    let (volume, source) = (metadata.extent, metadata.storageUnit)
    let memory = reader.readingMemory
    let values = metadata.channels * metadata.dataType.byteCount
    let slabs = runner.options.threads > 1 ? 2 : 1
    func bytes(_ extent: VoxelExtent) -> Int {
      // Slabs read and written, and the cell handed over, once more for its encoding.
      MemoryBudget.programBytes + memory.held + memory.perRead
        + extent.voxelCount * (memory.perVoxel * slabs) + 2 * cell.voxelCount * values
    }
    let budget = runner.options.memory.bytes
    guard bytes(cell) <= budget else {
      throw MemoryBudgetError(budget: budget, least: bytes(cell))
    }
    // Raster order: x fills first, then y; only then z.
    var slab = cell
    for wanted in [
      VoxelExtent(z: cell.z, y: cell.y, x: source.x.roundedUp(toMultipleOf: cell.x)),
      VoxelExtent(z: cell.z, y: cell.y, x: volume.x),
      VoxelExtent(z: cell.z, y: source.y.roundedUp(toMultipleOf: cell.y), x: volume.x),
      VoxelExtent(z: cell.z, y: volume.y, x: volume.x),
    ] {
      let wanted = wanted.clipped(to: volume)
      guard bytes(wanted) <= budget else { return slab }
      slab = wanted
    }
    // Whole chunks of the source where they fit, else as many sections as do.
    let step = cell.z * max(1, source.z / cell.z)
    while slab.voxelCount < Self.slabVoxelCount || slab.z % source.z != 0, slab.z < volume.z {
      let coarse = VoxelExtent(z: (slab.z / step + 1) * step, y: slab.y, x: slab.x)
      let fine = VoxelExtent(z: slab.z + cell.z, y: slab.y, x: slab.x)
      let wanted = bytes(coarse.clipped(to: volume)) <= budget ? coarse : fine
      guard bytes(wanted.clipped(to: volume)) <= budget else { return slab }
      slab = wanted.clipped(to: volume)
    }
    return slab
  }
}
