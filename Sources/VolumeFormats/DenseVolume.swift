import Codecs
import VolumeStore
import Voxels

/// A volume that a file holds in one piece, read region by region.
///
/// Rows that lie close together are read at once, and gathered from memory.
struct DenseVolume: VolumeReader {
  /// What stored values are multiplied by, and what is then added.
  struct Scaling: Hashable, Sendable {
    var slope: Double
    var intercept: Double

    /// The type that holds scaled values: twice the bits of what is stored, at least 32.
    static func dataType(of stored: DataType) -> DataType {
      stored == .float32 || stored.byteCount <= 2 ? .float32 : .float64
    }
  }

  let path: String
  let metadata: VolumeMetadata
  private let layout: DenseLayout
  private let bytes: any ByteSource
  private let scaling: Scaling?

  /// The most bytes read at once into memory of their own.
  private static let scratchByteCount = 4 << 20
  /// The bytes that are read in the time that a further call takes.
  private static let callByteCount = 8 << 10

  /// Uses bytes.
  ///
  /// - Parameters:
  ///   - path: The path the volume was opened from.
  ///   - bytes: The first value at offset zero.
  ///   - layout: How the values lie.
  ///   - metadata: What the file says.
  ///   - scaling: What is done to the values.
  /// - Throws: ``VolumeError`` with `corruptChunk` where it is known that there are fewer bytes.
  init(
    _ path: String, bytes: any ByteSource, layout: DenseLayout, metadata: VolumeMetadata,
    scaling: Scaling? = nil
  ) throws(VolumeError) {
    try bytes.requireKnown(layout.byteCount)
    self.path = path
    self.bytes = bytes
    self.layout = layout
    self.metadata = metadata
    self.scaling = scaling
  }

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    try bytes.require(layout.byteCount)
    guard let scaling else { return try stored(box, as: type) }
    return try scaled(box, layout.dataType.scalarType, scaling)
  }

  private func scaled<Stored: VoxelScalar, Scalar: VoxelScalar>(
    _ box: VoxelBox, _ stored: Stored.Type, _ scaling: Scaling
  ) throws(VolumeError) -> Volume<Scalar> {
    scale(try self.stored(box, as: stored), scaling)
  }

  private func stored<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    let count = box.extent.voxelCount * metadata.channels
    let values: [Scalar] = try uninitializedValues(count) { (target) throws(VolumeError) in
      let (start, steps) = layout.steps(of: box)
      var scratch: [UInt8] = []
      try copy(steps[...], from: start, to: 0, into: &target, &scratch)
    }
    return Volume(channels: metadata.channels, box: box, values: values)
  }

  /// Copies the values of some axes, slowest first.
  private func copy(
    _ steps: ArraySlice<DenseStep>, from source: Int, to offset: Int,
    into target: inout MutableRawSpan, _ scratch: inout [UInt8]
  ) throws(VolumeError) {
    let width = layout.dataType.byteCount
    guard let first = steps.first else {
      return try copyRun(1, from: source, to: offset, into: &target)
    }
    if steps.count == 1, first.source == 1, first.target == 1 {
      return try copyRun(first.count, from: source, to: offset, into: &target)
    }
    let rest = steps.dropFirst()
    let inner = rest.reduce(1) { $0 + ($1.count - 1) * $1.source }
    let room = Self.scratchByteCount / width
    let atOnce = min(first.count, (room - inner) / first.source + 1)
    // What lies between the values costs time to read; so does each further call.
    let values = steps.reduce(1) { $0 * $1.count }
    let runs = steps.last?.source == 1 ? values / (steps.last?.count ?? 1) : values
    let unwanted = (inner + (first.count - 1) * first.source - values) * width
    guard inner <= room, unwanted / runs <= Self.callByteCount else {
      for index in 0..<first.count {
        try copy(
          rest, from: source + index * first.source, to: offset + index * first.target,
          into: &target, &scratch)
      }
      return
    }
    for index in stride(from: 0, to: first.count, by: atOnce) {
      let count = min(atOnce, first.count - index)
      let byteCount = (inner + (count - 1) * first.source) * width
      if scratch.count < byteCount { scratch = [UInt8](repeating: 0, count: byteCount) }
      var span = scratch.mutableSpan
      var room = span.mutableBytes
      try bytes.read(at: (source + index * first.source) * width, into: &room, 0..<byteCount)
      if layout.isSwapped { room.swapBytes(0..<byteCount, valueByteCount: width) }
      target.gather(
        room.bytes, [DenseStep(count: count, source: first.source, target: first.target)] + rest,
        to: offset + index * first.target, width: width)
    }
  }

  /// Reads values that lie in one piece on both sides.
  private func copyRun(
    _ count: Int, from source: Int, to offset: Int, into target: inout MutableRawSpan
  ) throws(VolumeError) {
    let width = layout.dataType.byteCount
    // Values that are turned round are so while they are in the processor's cache.
    let atOnce = layout.isSwapped ? (1 << 18) / width : count
    for index in stride(from: 0, to: count, by: atOnce) {
      let start = (offset + index) * width
      let range = start..<start + min(atOnce, count - index) * width
      try bytes.read(at: (source + index) * width, into: &target, range)
      if layout.isSwapped { target.swapBytes(range, valueByteCount: width) }
    }
  }
}

@specialized(where Stored == UInt8, Scalar == Float)
@specialized(where Stored == Int8, Scalar == Float)
@specialized(where Stored == UInt16, Scalar == Float)
@specialized(where Stored == Int16, Scalar == Float)
@specialized(where Stored == Float, Scalar == Float)
@specialized(where Stored == Int32, Scalar == Double)
@specialized(where Stored == UInt32, Scalar == Double)
@specialized(where Stored == Double, Scalar == Double)
private func scale<Stored: VoxelScalar, Scalar: VoxelScalar>(
  _ stored: Volume<Stored>, _ scaling: DenseVolume.Scaling
) -> Volume<Scalar> {
  let source = stored.span
  let values = [Scalar](capacity: source.count) { output in
    for index in source.indices {
      output.append(
        Scalar(nearest: source[index].doubleValue * scaling.slope + scaling.intercept))
    }
  }
  return Volume(channels: stored.channels, box: stored.box, values: values)
}
