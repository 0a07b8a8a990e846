import Blockwise
import Synchronization
import VolumeStore
import Voxels

/// The labels of single places in a volume, each part of which is read once.
struct SegmentLookup {
  private let reader: any VolumeReader
  private let runner: StageRunner

  /// - Throws: ``VolumeError`` where the volume holds no labels.
  init(_ reader: any VolumeReader, _ runner: StageRunner) throws {
    try LabelAlignment.checkLabels(reader)
    self.reader = reader
    self.runner = runner
  }

  /// The voxel at a place given in nanometres.
  private func voxel(at place: PhysicalPosition, _ size: VoxelSize) -> VoxelPosition? {
    let (length, unit) = (size.converted(to: .nanometer), size.unit.nanometers)
    let offset = reader.metadata.offset
    func index(_ coordinate: Double, _ first: Double, _ length: Double, _ count: Int) -> Int? {
      let index = ((coordinate - first * unit) / length).rounded()
      return index >= 0 && index < Double(count) ? Int(index) : nil
    }
    let extent = reader.metadata.extent
    guard let z = index(place.z, offset.z, length.z, extent.z),
      let y = index(place.y, offset.y, length.y, extent.y),
      let x = index(place.x, offset.x, length.x, extent.x)
    else { return nil }
    return VoxelPosition(z: z, y: y, x: x)
  }

  /// The label of each place, in their order; nil outside the volume.
  ///
  /// - Parameter places: In nanometres.
  /// - Returns: As many labels as places.
  /// - Throws: ``VolumeError`` where the volume does not state its voxel size or cannot be read.
  func labels(at places: [PhysicalPosition]) throws -> [UInt64?] {
    guard let size = reader.metadata.voxelSize else {
      throw VolumeError(
        .malformedMetadata, path: reader.path, "the volume does not state its voxel size",
        expected: "one, to place coordinates in nanometres",
        remedy: "give it with --voxel-size")
    }
    // Read as it is stored, and as labels of 64 bits.
    let walk = VolumeWalk(reader: reader, runner: runner, label: "look up", bytesPerVoxel: 8)
    let grid = walk.grid
    let block = grid.blockExtent
    var members: [VoxelPosition: [(place: Int, voxel: VoxelPosition)]] = [:]
    for (index, place) in places.enumerated() {
      guard let voxel = voxel(at: place, size) else { continue }
      let origin = VoxelPosition(
        z: voxel.z / block.z * block.z, y: voxel.y / block.y * block.y,
        x: voxel.x / block.x * block.x)
      members[origin, default: []].append((index, voxel))
    }
    let wanted = members
    let found = try walk.results { box -> [(place: Int, label: UInt64)] in
      guard let inside = wanted[box.origin] else { return [] }
      let volume = try reader.readConverting(Self.bounds(inside.map(\.voxel)), to: UInt64.self)
      return inside.map { ($0.place, volume[$0.voxel]) }
    }
    var labels = [UInt64?](repeating: nil, count: places.count)
    for (place, label) in found.joined() { labels[place] = label }
    return labels
  }

  private static func bounds(_ voxels: [VoxelPosition]) -> VoxelBox {
    var (low, high) = (voxels[0], voxels[0])
    for voxel in voxels {
      low = VoxelPosition(
        z: min(low.z, voxel.z), y: min(low.y, voxel.y), x: min(low.x, voxel.x))
      high = VoxelPosition(
        z: max(high.z, voxel.z), y: max(high.y, voxel.y), x: max(high.x, voxel.x))
    }
    return VoxelBox(from: low, to: high + VoxelExtent(cube: 1))
  }

  /// The segments of which more than so many voxels lie where a mask is not 0.
  ///
  /// - Throws: `UsageError` for a volume that is no mask of this one; what reading throws.
  func segments(under mask: any VolumeReader, tolerance: Int) throws -> Set<UInt64> {
    let marks = try MaskVolume(mask, over: reader.metadata.extent)
    let memory = mask.readingMemory
    let walk = VolumeWalk(
      reader: reader, runner: runner, label: "mask", bytesPerVoxel: 8 + 2 + memory.perVoxel,
      bytesPerBlock: memory.perRead, sharedBytes: memory.held)
    let total = Mutex<[UInt64: Int]>([:])
    _ = try walk.results { box in
      let inside = try marks.fullMarks(over: box)
      let labels = try reader.readConverting(box, to: UInt64.self)
      var counts: [UInt64: Int] = [:]
      let (values, isInside) = (labels.span, inside.span)
      for index in values.indices where isInside[index] != 0 {
        counts[values[index], default: 0] += 1
      }
      let counted = counts
      total.withLock { $0.merge(counted) { $0 + $1 } }
    }
    return Set(total.withLock { $0 }.filter { $0.key != 0 && $0.value > tolerance }.keys)
  }
}
