import Blockwise
import Proofreading
import VolumeStore
import Voxels

/// The segments of a project as its agglomeration left them.
struct ProjectSegments {
  /// The segment of every supervoxel, by id; 0 for background.
  let segments: [UInt64]
  /// The voxels of every segment, by id.
  let voxelCounts: [UInt64]

  /// Reads the table that the agglomeration stored.
  ///
  /// - Throws: ``VolumeError`` where there is none.
  init(_ project: ProjectFolder) throws {
    let folder = "\(project.graph)/segments"
    guard ExistingOutput.exists("\(folder)/\(SegmentTable.marker)") else {
      throw VolumeError(
        .notFound, path: folder, "the project has no table of segments",
        remedy: "run emseg segment again to finish the project")
    }
    let table = try BlockFiles(path: "\(folder)/columns").read(0)
    segments = try table.column(0, as: UInt64.self)
    voxelCounts = try table.column(3, as: UInt64.self)
  }

  /// The segment of a supervoxel; 0 for background, or where there is no such supervoxel.
  func segment(of supervoxel: UInt64) -> UInt64 {
    supervoxel < UInt64(segments.count) ? segments[Int(supervoxel)] : 0
  }
}

/// A project as a session shows it: its image and its supervoxels, read in blocks that are kept.
final class ProjectReviewVolume: ReviewVolume {
  let box: VoxelBox
  let voxelSize: VoxelSize
  private let blocks: ReviewBlocks<UInt8>
  private let fragmentBlocks: ReviewBlocks<UInt64>
  private let edits: SessionEdits

  /// Opens a project.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - edits: what supervoxels are joined to.
  ///   - bytes: how much of both volumes is kept in memory.
  /// - Throws: ``VolumeError`` where a volume is missing.
  init(_ project: ProjectFolder, edits: SessionEdits, bytes: Int) throws {
    let image = try InputVolume.stored(project.raw).reader
    let fragments = try InputVolume.stored(project.fragments).reader
    box = fragments.metadata.box
    guard image.metadata.extent == box.extent else {
      throw VolumeError(
        .malformedMetadata, path: project.path, "image and supervoxels do not go together",
        found: "\(image.metadata.extent.text) voxels of image",
        expected: "\(box.extent.text), as the supervoxels")
    }
    voxelSize = fragments.metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    self.edits = edits
    blocks = ReviewBlocks(
      of: box, block: Self.block(of: image), bytes: bytes / 4
    ) { part throws(VolumeError) in try Self.grey(image, part) }
    fragmentBlocks = ReviewBlocks(
      of: box, block: Self.block(of: fragments), bytes: bytes / 4 * 3
    ) { part throws(VolumeError) in try fragments.readConverting(part, to: UInt64.self) }
  }

  var edition: Int { edits.edition }
  func refresh() throws(VolumeError) { try edits.refresh() }
  func image(_ box: VoxelBox) throws(VolumeError) -> Volume<UInt8> { try blocks.volume(box) }
  func supervoxels(_ box: VoxelBox) throws(VolumeError) -> Volume<UInt64> {
    var volume = try fragmentBlocks.volume(box)
    edits.lay(over: &volume)
    return volume
  }
  func segment(of supervoxel: UInt64) -> UInt64 { edits.segment(of: supervoxel) }
  func voxelCount(of segment: UInt64) -> UInt64? { edits.voxelCount(of: segment) }

  /// The stored chunk, as long as it is not too large to read for one picture.
  private static func block(of reader: any VolumeReader) -> VoxelExtent {
    let (chunk, extent) = (reader.metadata.storageUnit, reader.metadata.extent)
    return VoxelExtent(
      z: max(1, min(chunk.z, 64, extent.z)), y: max(1, min(chunk.y, 128, extent.y)),
      x: max(1, min(chunk.x, 128, extent.x)))
  }

  /// The image in 256 levels; of 16 bits, the upper eight.
  private static func grey(
    _ reader: any VolumeReader, _ part: VoxelBox
  ) throws(VolumeError) -> Volume<UInt8> {
    guard reader.metadata.dataType == .uint16 else {
      return try reader.readConverting(part, to: UInt8.self)
    }
    let wide = try reader.read(part, as: UInt16.self)
    let values = wide.span
    return Volume(
      box: part, values: values.indices.map { UInt8(truncatingIfNeeded: values[$0] >> 8) })
  }
}
