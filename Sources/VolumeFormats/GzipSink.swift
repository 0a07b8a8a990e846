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
  private let threads: Int
  private let nextSection = Mutex(0)

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
    threads = request.threads
    self.places = places ?? Array(0..<metadata.channels)
    let extent = metadata.extent
    unit = VoxelExtent(z: min(metadata.storageUnit.z, extent.z), y: extent.y, x: extent.x)
    guard metadata.channels <= GzipSink.mostChannels else {
      throw VolumeError(
        .unsupportedFeature, path: path, "too many channels for a compressed file",
        found: "\(metadata.channels)", expected: "at most \(GzipSink.mostChannels)",
        remedy: "write a file that is not compressed")
    }
    let first = try GzipPart(path, replacing: request.isReplacing)
    try first.append(plain + DeflateStream.memberHeader)
    try first.compress(packed.span.bytes, threads: 1)
    var parts = [first]
    for channel in 1..<max(1, metadata.channels) {
      parts.append(
        try GzipPart("\(path).channel-\(channel)", replacing: true))
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
          bytes.extracting(channel * count..<(channel + 1) * count), threads: threads)
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
///
/// Bytes are compressed in pieces that do not refer to one another, by several threads; how they
/// are cut does not depend on how many.
private final class GzipPart: Sendable {
  private struct Output: ~Copyable {
    var file: NewFile
    var byteCount = 0
    var trailer = DeflateStream.Trailer()

    mutating func append(_ bytes: RawSpan) throws(VolumeError) {
      try file.write(bytes, at: byteCount)
      byteCount += bytes.byteCount
    }
  }

  private struct Piece: Sendable {
    var bytes: [UInt8]
    var trailer: DeflateStream.Trailer
  }

  private let output: Mutex<Output>
  private let path: String

  private static let level = 4
  private static let pieceByteCount = 1 << 20

  init(_ path: String, replacing: Bool) throws(VolumeError) {
    self.path = path
    output = Mutex(Output(file: try NewFile(path: path, replacing: replacing)))
  }

  func append(_ bytes: [UInt8]) throws(VolumeError) {
    try output.withLock { output throws(VolumeError) in try output.append(bytes.span.bytes) }
  }

  func compress(_ bytes: RawSpan, threads: Int) throws(VolumeError) {
    let size = GzipPart.pieceByteCount
    let count = (bytes.byteCount + size - 1) / size
    // As many at once as threads, so that memory stays at a few pieces.
    for first in stride(from: 0, to: count, by: max(1, threads)) {
      let numbers = first..<min(count, first + max(1, threads))
      let pieces = Mutex([Int: Result<Piece, CodecError>]())
      concurrentForEach(numbers, threads: threads) { number in
        let part = bytes.extracting(number * size..<min(bytes.byteCount, (number + 1) * size))
        let piece = GzipPart.compressed(part, isLast: false)
        pieces.withLock { $0[number] = piece }
      }
      let done = pieces.withLock { $0 }
      for number in numbers {
        guard let piece = done[number] else { preconditionFailure("every piece was compressed") }
        try append(piece)
      }
    }
  }

  private static func compressed(_ bytes: RawSpan, isLast: Bool) -> Result<Piece, CodecError> {
    do throws(CodecError) {
      var stream = try DeflateStream(level: level)
      var packed: [UInt8] = []
      packed.reserveCapacity(bytes.byteCount / 2)
      stream.write(bytes) { packed.append(copying: $0) }
      stream.finish(isLast: isLast) { packed.append(copying: $0) }
      return .success(Piece(bytes: packed, trailer: stream.trailer))
    } catch {
      return .failure(error)
    }
  }

  private func append(_ piece: Result<Piece, CodecError>) throws(VolumeError) {
    let packed: Piece
    do throws(CodecError) {
      packed = try piece.get()
    } catch {
      throw VolumeError(.inputOutput, path: path, "cannot be compressed", cause: error)
    }
    try output.withLock { output throws(VolumeError) in
      try output.append(packed.bytes.span.bytes)
      output.trailer = output.trailer.followed(by: packed.trailer)
    }
  }

  /// Ends the member's blocks where this is their last part.
  func finish(isLast: Bool) throws(VolumeError) -> DeflateStream.Trailer {
    if isLast {
      let none: [UInt8] = []
      try append(GzipPart.compressed(none.span.bytes, isLast: true))
    }
    return output.withLock { $0.trailer }
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
