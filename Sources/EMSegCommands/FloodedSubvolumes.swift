import Blockwise
import FloodFilling
import Synchronization
import VolumeStore
import Voxels

/// The objects of flooded subvolumes, read back.
struct FloodedSubvolumes: Sendable {
  let grid: BlockGrid
  let halo: VoxelExtent
  let files: BlockFiles
  private let held = Held()

  /// The subvolumes that were read last.
  private final class Held: Sendable {
    let volumes = Mutex<[(index: Int, objects: Volume<Int32>)]>([])
    static let limit = 2
  }

  init(grid: BlockGrid, halo: VoxelExtent, files: BlockFiles) {
    self.grid = grid
    self.halo = halo
    self.files = files
  }

  /// The bytes that reading takes for each voxel of a subvolume.
  static let bytesPerVoxel = 4 * (Held.limit + 2)

  /// The objects of a subvolume, overlaps included.
  func objects(_ index: Int) throws -> Volume<Int32> {
    let found = held.volumes.withLock { held in
      held.first { $0.index == index }?.objects
    }
    if let found { return found }
    let box = grid.block(index, halo: halo).readBox
    let values = try files.read(index).column(0, as: Int32.self)
    guard values.count == box.extent.voxelCount else {
      throw VolumeError(
        .corruptChunk, path: files.path, "the objects of subvolume \(index) are of another size",
        found: "\(values.count)", expected: "\(box.extent.voxelCount)",
        remedy: "use --force to start over")
    }
    let volume = Volume(box: box, values: values)
    held.volumes.withLock { held in
      if held.count >= Held.limit { held.removeFirst() }
      held.append((index, volume))
    }
    return volume
  }

  /// What became of the seeds of a subvolume.
  func records(_ index: Int) throws -> [SeedRecord] {
    var numbers = try files.read(index).column(1, as: Int64.self)[...]
    var records: [SeedRecord] = []
    while !numbers.isEmpty {
      guard let record = SeedRecord(takingFrom: &numbers) else {
        throw VolumeError(
          .corruptChunk, path: files.path, "the records of subvolume \(index) make no sense",
          remedy: "use --force to start over")
      }
      records.append(record)
    }
    return records
  }

  /// Joins the objects that agree where subvolumes overlap.
  func assembly(
    objectCounts counts: [Int], rule: AgreementRule, checking shouldStop: () throws -> Void
  ) throws -> SubvolumeAssembly {
    var assembly = SubvolumeAssembly(objectCounts: counts, rule: rule)
    for index in 0..<grid.count where counts[index] > 0 {
      try shouldStop()
      let own = grid.block(index, halo: halo).readBox
      for other in index + 1..<max(grid.count, index + 1) where counts[other] > 0 {
        let shared = own.intersection(grid.block(other, halo: halo).readBox)
        guard !shared.isEmpty else { continue }
        let first = try objects(index).cropped(to: shared)
        assembly.join((index, first), (other, try objects(other).cropped(to: shared)))
      }
    }
    return assembly
  }
}

/// Flooded subvolumes as one volume of labels to read from.
struct AssembledVolume: VolumeReader {
  let path: String
  let metadata: VolumeMetadata
  let subvolumes: FloodedSubvolumes
  /// The final number of every object, by subvolume.
  let numbers: [[UInt64]]

  var readingMemory: ReadingMemory {
    ReadingMemory(
      perVoxel: 8,
      perRead: subvolumes.grid.block(0, halo: subvolumes.halo).readBox.extent.voxelCount
        * FloodedSubvolumes.bytesPerVoxel)
  }

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    guard Scalar.dataType == .uint64 else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "objects are read as uint64",
        found: Scalar.dataType.rawValue)
    }
    do {
      return try labels(in: box).converted(to: Scalar.self)
    } catch let error as VolumeError {
      throw error
    } catch {
      throw VolumeError(.inputOutput, path: path, "the objects cannot be read", cause: error)
    }
  }

  private func labels(in box: VoxelBox) throws -> Volume<UInt64> {
    var labels = Volume<UInt64>(box: box)
    for block in subvolumes.grid.blocks() {
      let part = block.writeBox.intersection(box)
      guard !part.isEmpty else { continue }
      labels.copy(from: try renumbered(block.index, part))
    }
    return labels
  }

  private func renumbered(_ index: Int, _ part: VoxelBox) throws -> Volume<UInt64> {
    let objects = try subvolumes.objects(index).cropped(to: part)
    let ids = objects.span
    let names = numbers[index]
    return Volume(
      box: part,
      values: [UInt64](capacity: ids.count) { output in
        for place in ids.indices { output.append(names[Int(ids[place])]) }
      })
  }
}
