public import VolumeStore
import Voxels

/// HDF5 files in CREMI's layout: `/volumes/labels/neuron_ids` or `/volumes/raw`, chunked, gzip.
///
/// Labels become 64-bit, as CREMI has them. Several channels or time points get axes of their own,
/// (t, c, z, y, x), named in `axistags`.
///
/// Source: CREMI file format 0.2, <https://cremi.org/data>.
public enum HDF5Export: VolumeExport {
  /// Shown to users.
  public static let name = "HDF5"
  /// The endings of HDF5 files.
  public static let fileEndings = [".h5", ".hdf", ".hdf5"]

  /// Creates the file, under a partial name until it is whole.
  public static func create(_ request: ExportRequest) throws(VolumeError) -> any VolumeSink {
    try HDF5Sink(request)
  }
}

/// An HDF5 file of one volume that is being written.
struct HDF5Sink: VolumeSink {
  let unit: VoxelExtent
  private let writer: HDF5Writer
  private let dataset: String
  private let dataType: DataType

  /// The bytes of one write that are aimed at: enough chunks for all threads.
  private static let unitBytes = 64 << 20

  init(_ request: ExportRequest) throws(VolumeError) {
    var metadata = request.metadata
    if request.isLabels, [.uint8, .uint16, .uint32].contains(metadata.dataType) {
      metadata.dataType = .uint64
    }
    dataType = metadata.dataType
    dataset =
      request.dataset ?? (request.isLabels ? "/volumes/labels/neuron_ids" : "/volumes/raw")
    unit = HDF5Sink.unit(metadata)
    writer = try HDF5Writer(
      request.path, replacing: request.isReplacing, threads: request.threads)
    try writer.addDataset(dataset, metadata: metadata)
  }

  /// Whole rows of chunks, then whole layers, as long as they are no more than ``unitBytes``.
  private static func unit(_ metadata: VolumeMetadata) -> VoxelExtent {
    let extent = metadata.extent
    let side = HDF5Writer.chunkSide
    var unit = VoxelExtent(
      z: min(side, extent.z), y: min(side, extent.y), x: min(side, extent.x))
    func grown(_ length: Int, to whole: Int, times others: Int) -> Int {
      let fitting = unitBytes / max(1, others * metadata.channels * metadata.dataType.byteCount)
      return min(whole, max(length, fitting / side * side))
    }
    unit.x = grown(unit.x, to: extent.x, times: unit.z * unit.y)
    if unit.x == extent.x { unit.y = grown(unit.y, to: extent.y, times: unit.z * unit.x) }
    return unit
  }

  func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError) {
    if dataType == .uint64, Scalar.dataType != .uint64 {
      try writer.write(volume.converted(to: UInt64.self), to: dataset)
    } else {
      try writer.write(volume, to: dataset)
    }
  }

  func finish() throws(VolumeError) { try writer.finish() }
}
