import Codecs
import Synchronization
import VolumeStore
import Voxels

/// Writes a volume into a gzip file in one piece, x fastest, section after section.
///
/// Channels lie one after the other in the file but come side by side: each is compressed into a
/// file of its own, and they are put together at the end, as one member.
final class GzipSink: VolumeSink {
  let unit: VoxelExtent
  private let metadata: VolumeMetadata
  private let path: String
  private let places: [Int]
  /// The compressed channels, in the order in which they lie in the file.
  private let parts: [GzipPart]
  private let nextSection = Mutex(0)

  private static let level = 4
  private static let mostChannels = 256

  /// Creates the file.
  ///
  /// - Parameters:
  ///   - request: What it is to hold.
  ///   - plain: The bytes before the gzip member.
  ///   - packed: The bytes before the values in the member.
  ///   - places: Where each channel lies among the others; nil leaves them in order.
  /// - Throws: ``VolumeError`` with `alreadyExists`, `inputOutput`, or `unsupportedFeature` where
  ///   there are too many channels.
  init(
    _ request: ExportRequest, plain: [UInt8] = [], packed: [UInt8] = [], places: [Int]? = nil
  ) throws(VolumeError) {
    metadata = request.metadata
    path = request.path
    self.places = places ?? Array(0..<metadata.channels)
    let extent = metadata.extent
    unit = VoxelExtent(z: min(metadata.storageUnit.z, extent.z), y: extent.y, x: extent.x)
    guard metadata.channels <= GzipSink.mostChannels else {
      throw VolumeError(
        .unsupportedFeature, path: path, "too many channels for a compressed file",
        found: "\(metadata.channels)", expected: "at most \(GzipSink.mostChannels)",
        remedy: "write a file that is not compressed")
    }
    let first = try GzipPart(path, replacing: request.isReplacing, level: GzipSink.level)
    try first.append(plain + DeflateStream.memberHeader)
    try first.compress(packed.span.bytes)
    var parts = [first]
    for channel in 1..<max(1, metadata.channels) {
      parts.append(
        try GzipPart("\(path).channel-\(channel)", replacing: true, level: GzipSink.level))
    }
    self.parts = parts
  }

  func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError) {
    let (box, extent) = (volume.box, metadata.extent)
    try metadata.checkRead(box, as: Scalar.self, path: path)
    precondition(volume.channels == metadata.channels, "the region has other channels")
    let values = volume.span
    let bytes = values.bytes
    let count = box.extent.voxelCount * metadata.dataType.byteCount
    try nextSection.withLock { section throws(VolumeError) in
      guard box.origin == VoxelPosition(z: section, y: 0, x: 0), box.extent.y == extent.y,
        box.extent.x == extent.x
      else {
        throw VolumeError(
          .misalignedWrite, path: path, "sections are written whole and in order",
          found: box.rangesDescription, expected: "section \(section) next")
      }
      for channel in 0..<metadata.channels {
        try parts[places[channel]].compress(
          bytes.extracting(channel * count..<(channel + 1) * count))
      }
      section = box.end.z
    }
  }

  func finish() throws(VolumeError) {
    let sections = nextSection.withLock { $0 }
    guard sections == metadata.extent.z else {
      throw VolumeError(
        .misalignedWrite, path: path, "the volume is not complete", found: "\(sections) sections",
        expected: "\(metadata.extent.z)")
    }
    var trailer = DeflateStream.Trailer()
    for (number, part) in parts.enumerated() {
      let end = try part.finish(isLast: number == parts.count - 1)
      trailer = trailer.followed(by: end)
      if number > 0 { try part.copy(to: parts[0]) }
    }
    try parts[0].append(trailer.bytes)
    try parts[0].commit()
  }
}

/// A file that grows by what is compressed.
private final class GzipPart: Sendable {
  private struct Output: ~Copyable {
    var file: NewFile
    var byteCount = 0
  }

  private let output: Mutex<Output>
  private let stream: Mutex<DeflateStream>
  private let path: String

  init(_ path: String, replacing: Bool, level: Int) throws(VolumeError) {
    self.path = path
    do throws(CodecError) {
      stream = Mutex(try DeflateStream(level: level))
    } catch {
      throw VolumeError(.inputOutput, path: path, "cannot be compressed", cause: error)
    }
    output = Mutex(Output(file: try NewFile(path: path, replacing: replacing)))
  }

  func append(_ bytes: [UInt8]) throws(VolumeError) { try append(bytes.span.bytes) }

  private func append(_ bytes: RawSpan) throws(VolumeError) {
    try output.withLock { output throws(VolumeError) in
      try output.file.write(bytes, at: output.byteCount)
      output.byteCount += bytes.byteCount
    }
  }

  func compress(_ bytes: RawSpan) throws(VolumeError) {
    try stream.withLock { stream throws(VolumeError) in
      try stream.write(bytes) { (packed) throws(VolumeError) in try append(packed) }
    }
  }

  func finish(isLast: Bool) throws(VolumeError) -> DeflateStream.Trailer {
    try stream.withLock { stream throws(VolumeError) in
      try stream.finish(isLast: isLast) { (packed) throws(VolumeError) in try append(packed) }
      return stream.trailer
    }
  }

  func copy(to other: GzipPart) throws(VolumeError) {
    try output.withLock { output throws(VolumeError) in
      for offset in stride(from: 0, to: output.byteCount, by: 1 << 20) {
        try other.append(
          try output.file.read(at: offset, count: min(1 << 20, output.byteCount - offset)))
      }
    }
  }

  func commit() throws(VolumeError) {
    try output.withLock { output throws(VolumeError) in try output.file.commit() }
  }
}
