import Codecs
import VolumeStore
import Voxels

/// The numbers of an image where they lie in its file.
struct StoredValues: Sendable {
  private let bytes: any ByteSource
  /// The offset of the first value.
  private let start: Int
  private let type: ScannerImageHeader.ValueType
  private let scaling: ScannerImageHeader.Scaling?
  private let isBigEndian: Bool
  private let layout: ImageLayout

  /// The most bytes that one read asks for, unless one row is longer.
  private static let readByteCount = 1 << 25

  /// Opens a file whose values start at an offset, packed by gzip or not.
  ///
  /// - Throws: ``VolumeError`` with `limitExceeded` where the values cannot be counted, or
  ///   `corruptChunk` where the file is too short for them.
  init(
    _ path: String, from start: Int, description: ScannerImageHeader, isBigEndian: Bool
  ) throws(VolumeError) {
    let end = try StoredValues.end(from: start, of: description, path: path)
    try self.init(
      try openBytes(path, expecting: end), from: start, description: description,
      isBigEndian: isBigEndian)
  }

  /// Uses values that start at an offset of some bytes.
  init(
    _ bytes: any ByteSource, from start: Int, description: ScannerImageHeader, isBigEndian: Bool
  ) throws(VolumeError) {
    let end = try StoredValues.end(from: start, of: description, path: bytes.path)
    try bytes.require(end)
    self.bytes = bytes
    self.start = start
    type = description.valueType
    scaling = description.scaling
    self.isBigEndian = isBigEndian
    layout = description.layout
  }

  private static func end(
    from start: Int, of description: ScannerImageHeader, path: String
  ) throws(VolumeError) -> Int {
    // Eight bytes a value stand for what is made of them in memory.
    guard let count = checkedProduct(description.layout.lengths),
      let wide = checkedProduct([count, 64]), wide < 1 << 60, start >= 0, start < 1 << 60
    else {
      throw VolumeError(
        .limitExceeded, path: path, "the image is too large",
        found: description.layout.lengths.sizes, remedy: "check that the file was copied whole")
    }
    return start + (count * description.valueType.bitCount + 7) / 8
  }

  /// Reads a region into (volume, z, y, x) order.
  ///
  /// - Parameters:
  ///   - ranges: A range of indices for each of the layout's axes; the result's order is theirs,
  ///     the first fastest.
  ///   - target: Where values go.
  ///   - targetStart: The place of the first.
  /// - Throws: ``VolumeError``.
  func read<Scalar: VoxelScalar & BinaryFloatingPoint>(
    _ ranges: [Range<Int>], into target: inout MutableSpan<Scalar>, at targetStart: Int
  ) throws(VolumeError) {
    var walk = RegionWalk(
      ranges, of: layout, mostValues: StoredValues.readByteCount * 8 / type.bitCount)
    repeat {
      let first = walk.firstStored
      let bits = first * type.bitCount
      let byte = bits / 8
      let byteCount = (bits + walk.run * type.bitCount + 7) / 8 - byte
      let stored = try bytes.read(at: start + byte, count: byteCount)
      decode(stored, firstBit: bits - 8 * byte, walk, into: &target, at: targetStart)
    } while walk.advance()
  }

  private func decode<Scalar: VoxelScalar & BinaryFloatingPoint>(
    _ stored: [UInt8], firstBit: Int, _ walk: RegionWalk,
    into target: inout MutableSpan<Scalar>, at start: Int
  ) {
    switch type {
    case .bit:
      let bits = (0..<walk.run).map { index -> UInt8 in
        let place = firstBit + index
        return stored[place >> 3] >> UInt8(7 - place & 7) & 1
      }
      convert(bits, walk, into: &target, at: start)
    case .number(.uint8): convert(stored, walk, into: &target, at: start)
    case .number(.int8): convert(numbers(stored, Int8.self), walk, into: &target, at: start)
    case .number(.uint16): convert(numbers(stored, UInt16.self), walk, into: &target, at: start)
    case .number(.int16): convert(numbers(stored, Int16.self), walk, into: &target, at: start)
    case .number(.uint32): convert(numbers(stored, UInt32.self), walk, into: &target, at: start)
    case .number(.int32): convert(numbers(stored, Int32.self), walk, into: &target, at: start)
    case .number(.uint64): convert(numbers(stored, UInt64.self), walk, into: &target, at: start)
    case .number(.int64): convert(numbers(stored, Int64.self), walk, into: &target, at: start)
    case .number(.float16): convert(numbers(stored, Float16.self), walk, into: &target, at: start)
    case .number(.float32): convert(numbers(stored, Float.self), walk, into: &target, at: start)
    case .number(.float64): convert(numbers(stored, Double.self), walk, into: &target, at: start)
    }
  }

  private func numbers<Number: VoxelScalar>(_ bytes: [UInt8], _ type: Number.Type) -> [Number] {
    let width = MemoryLayout<Number>.size
    guard isBigEndian, width > 1 else {
      return bytes.column(Number.self, at: 0, count: bytes.count / width)
    }
    var swapped = bytes
    var span = swapped.mutableSpan
    var raw = span.mutableBytes
    raw.swapBytes(0..<bytes.count, valueByteCount: width)
    return swapped.column(Number.self, at: 0, count: bytes.count / width)
  }

  private func convert<Number: VoxelScalar, Scalar: VoxelScalar & BinaryFloatingPoint>(
    _ numbers: [Number], _ walk: RegionWalk, into target: inout MutableSpan<Scalar>, at start: Int
  ) {
    let source = numbers.span
    let (count, step) = (walk.rowCount, walk.rowStep)
    var odometer = walk.rows
    var first = 0
    repeat {
      var place = start + odometer.target
      let row = source.extracting(first..<first + count)
      if let scaling {
        for index in 0..<count {
          // As the peers: in double precision, then rounded once.
          target[place] = Scalar(row[index].doubleValue * scaling.slope + scaling.intercept)
          place &+= step
        }
      } else {
        for index in 0..<count {
          target[place] = Scalar(row[index].doubleValue)
          place &+= step
        }
      }
      first += count
    } while odometer.advance()
  }
}

/// Opens a file, or what a gzip file holds: unpacked whole where that is less than a gigabyte, and
/// otherwise at any offset with an index of its own.
func openBytes(_ path: String, expecting end: Int) throws(VolumeError) -> any ByteSource {
  guard try SeekableGzip.recognises(path) else { return try FileBytes(path) }
  if end <= 1 << 30, let whole = try MemoryBytes(gzip: path, expecting: end) { return whole }
  return try SeekableGzip(path, expecting: end)
}

/// Bytes in memory.
struct MemoryBytes: ByteSource {
  let path: String
  private let bytes: [UInt8]

  /// Uses bytes.
  init(_ bytes: [UInt8], path: String) {
    self.path = path
    self.bytes = bytes
  }

  /// Unpacks a gzip file of one member with exactly as many bytes; nil where it is another one.
  ///
  /// No byte packs more than 1,032, so that a short file is refused before room is taken.
  init?(gzip path: String, expecting count: Int) throws(VolumeError) {
    guard let file = try StoredFile(path: path), count / 1032 <= file.byteCount,
      file.byteCount <= 1 << 30
    else { return nil }
    let packed = try file.read(at: 0, count: file.byteCount)
    do throws(CodecError) {
      bytes = try uninitializedValues(count) { (target) throws(CodecError) in
        try WholeDeflate.decode(packed.rawSpan, into: &target, .gzip)
      }
    } catch {
      return nil
    }
    self.path = path
  }

  var byteCount: Int? { bytes.count }

  func require(_ count: Int) throws(VolumeError) { try requireKnown(count) }

  func read(
    at offset: Int, into target: inout MutableRawSpan, _ range: Range<Int>
  ) throws(VolumeError) {
    try requireKnown(offset + range.count)
    target.copy(bytes.rawSpan.extracting(offset..<offset + range.count), to: range.lowerBound)
  }
}
