import Synchronization
import VolumeStore
import Voxels

/// Writes a volume into a file in one piece, x fastest, box after box in any order.
final class DenseSink: VolumeSink {
  let unit: VoxelExtent
  private let metadata: VolumeMetadata
  private let path: String
  /// Where each channel lies among the others.
  private let places: [Int]
  private let valueOffset: Int
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var file: NewFile
    var writtenVoxels = 0
  }

  /// The most voxels of a block that is as wide as the volume.
  private static let widestBlock = 1 << 26

  /// Creates the file and writes what comes before the values.
  ///
  /// - Parameters:
  ///   - request: What it is to hold.
  ///   - header: The bytes before the values.
  ///   - places: Where each channel lies among the others; nil leaves them in order.
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  init(
    _ request: ExportRequest, header: [UInt8], places: [Int]? = nil
  ) throws(VolumeError) {
    metadata = request.metadata
    path = request.path
    valueOffset = header.count
    self.places = places ?? Array(0..<metadata.channels)
    var unit = metadata.storageUnit
    if unit.z * unit.y * metadata.extent.x <= DenseSink.widestBlock { unit.x = metadata.extent.x }
    self.unit = unit
    let file = try NewFile(path: request.path, replacing: request.isReplacing)
    try file.write(header.span.bytes, at: 0)
    state = Mutex(State(file: file))
  }

  func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError) {
    let box = volume.box
    try metadata.checkRead(box, as: Scalar.self, path: path)
    precondition(volume.channels == metadata.channels, "the region has other channels")
    let values = volume.span
    let bytes = values.bytes
    let (extent, part) = (metadata.extent, box.extent)
    let width = metadata.dataType.byteCount
    // Rows that follow one another in the file are written at once.
    let isWide = part.x == extent.x
    let isWhole = isWide && part.y == extent.y
    let runCount = isWhole ? 1 : isWide ? part.z : part.z * part.y
    let runLength = part.voxelCount / runCount
    try state.withLock { state throws(VolumeError) in
      for channel in 0..<metadata.channels {
        for run in 0..<runCount {
          let z = isWhole ? 0 : isWide ? run : run / part.y
          let y = isWide ? 0 : run % part.y
          let plane = places[channel] * extent.z + box.origin.z + z
          let place = (plane * extent.y + box.origin.y + y) * extent.x + box.origin.x
          let start = (channel * part.voxelCount + run * runLength) * width
          try state.file.write(
            bytes.extracting(start..<start + runLength * width), at: valueOffset + place * width)
        }
      }
      state.writtenVoxels += part.voxelCount
    }
  }

  func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      guard state.writtenVoxels == metadata.extent.voxelCount else {
        throw VolumeError(
          .misalignedWrite, path: path, "the volume is not complete",
          found: "\(state.writtenVoxels) voxels", expected: "\(metadata.extent.voxelCount)")
      }
      try state.file.commit()
    }
  }
}
