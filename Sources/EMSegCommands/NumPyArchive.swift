import Codecs
import FoundationEssentials
import VolumeFormats
import VolumeStore
import Voxels

/// Arrays in a file of `numpy.savez` or `numpy.savez_compressed`: a ZIP archive of `.npy` files.
///
/// Source: NumPy Enhancement Proposal 1; PKWARE APPNOTE.TXT 6.3.
struct NumPyArchive {
  /// Where an entry of the archive lies.
  private struct Entry {
    var method: Int
    var checksum: [UInt8]
    var packedByteCount: Int
    var byteCount: Int
    var offset: Int
  }

  /// Files and arrays larger than this are refused.
  private static let maximalByteCount = 2 << 30

  private let path: String
  private let bytes: [UInt8]
  private let entries: [String: Entry]

  /// Reads the archive's directory.
  init(path: String) throws(VolumeError) {
    self.path = path
    let content: Data
    do {
      content = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw VolumeError(.inputOutput, path: path, "the file cannot be read", cause: error)
    }
    guard content.count <= Self.maximalByteCount else {
      throw VolumeError(
        .limitExceeded, path: path, "the file is too large", found: "\(content.count) bytes",
        expected: "at most \(Self.maximalByteCount)")
    }
    bytes = [UInt8](content)
    entries = try Self.directory(of: bytes, path: path)
  }

  private static func damaged(_ path: String, _ message: String) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, "this is not a sound NumPy archive: \(message)",
      remedy: "write it with numpy.savez")
  }

  /// A little-endian number; nil past the end.
  private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - count else { return nil }
    return (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  private static func directory(
    of bytes: [UInt8], path: String
  ) throws(VolumeError) -> [String: Entry] {
    // The end record is the last thing in the file but for a comment of at most 64 KiB.
    var end = bytes.count - 22
    let least = max(end - 65_535, 0)
    while end >= least, number(bytes, end, 4) != 0x0605_4b50 { end -= 1 }
    guard end >= least, let count = number(bytes, end + 10, 2),
      var position = number(bytes, end + 16, 4)
    else { throw damaged(path, "it has no directory") }
    var entries: [String: Entry] = [:]
    for _ in 0..<count {
      guard number(bytes, position, 4) == 0x0201_4b50, let method = number(bytes, position + 10, 2),
        let packed = number(bytes, position + 20, 4), let size = number(bytes, position + 24, 4),
        let nameLength = number(bytes, position + 28, 2),
        let extraLength = number(bytes, position + 30, 2),
        let commentLength = number(bytes, position + 32, 2),
        let offset = number(bytes, position + 42, 4),
        position + 46 + nameLength <= bytes.count
      else { throw damaged(path, "its directory is cut off") }
      let name = bytes[position + 46..<position + 46 + nameLength]
      entries[String(decoding: name, as: UTF8.self)] = Entry(
        method: method, checksum: Array(bytes[position + 16..<position + 20]),
        packedByteCount: packed, byteCount: size, offset: offset)
      position += 46 + nameLength + extraLength + commentLength
    }
    return entries
  }

  /// An entry's content.
  private func content(_ entry: Entry) throws(VolumeError) -> [UInt8] {
    guard entry.byteCount <= Self.maximalByteCount else {
      throw Self.damaged(path, "an array is larger than 2 GiB")
    }
    guard Self.number(bytes, entry.offset, 4) == 0x0403_4b50,
      let nameLength = Self.number(bytes, entry.offset + 26, 2),
      let extraLength = Self.number(bytes, entry.offset + 28, 2),
      case let start = entry.offset + 30 + nameLength + extraLength,
      start <= bytes.count - entry.packedByteCount
    else { throw Self.damaged(path, "an entry lies outside the file") }
    let packed = bytes[start..<start + entry.packedByteCount]
    switch entry.method {
    case 0:
      guard entry.packedByteCount == entry.byteCount else {
        throw Self.damaged(path, "an entry has two sizes")
      }
      return Array(packed)
    case 8:
      // A gzip member is the same compressed bytes between a header and the same checksum.
      let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
      let size = (0..<4).map { UInt8(truncatingIfNeeded: entry.byteCount >> (8 * $0)) }
      let member = header + packed + entry.checksum + size
      do {
        return try GzipCodec().decode(member.rawSpan, limit: entry.byteCount)
      } catch {
        throw VolumeError(
          .corruptChunk, path: path, "an array cannot be decompressed", cause: error)
      }
    default:
      throw VolumeError(
        .unsupportedFeature, path: path, "the archive's compression is not known",
        found: "method \(entry.method)", expected: "none, or deflate",
        remedy: "write it with numpy.savez")
    }
  }

  /// Reads an array.
  ///
  /// - Throws: `notFound` naming the arrays there are, or what is wrong with the array.
  func array(named name: String) throws(VolumeError) -> ReferenceFile.Values {
    guard let entry = entries["\(name).npy"] else {
      let names = entries.keys.sorted().map { $0.hasSuffix(".npy") ? String($0.dropLast(4)) : $0 }
      throw VolumeError(
        .notFound, path: path, "there is no array \"\(name)\"",
        expected: "one of \(names.joined(separator: ", "))", remedy: "name it in an option")
    }
    let content = try content(entry)
    guard content.starts(with: [0x93] + Array("NUMPY".utf8)), content.count > 12 else {
      throw Self.damaged(path, "\"\(name)\" is no array")
    }
    let start = content[6] == 1 ? 10 : 12
    guard let length = Self.number(content, 8, start - 8), length <= content.count - start else {
      throw Self.damaged(path, "the header of \"\(name)\" is cut off")
    }
    guard let header = NumPyHeader(Array(content[start..<start + length])) else {
      throw Self.damaged(path, "the header of \"\(name)\" cannot be understood")
    }
    guard let type = NumberType(rawValue: header.type), !header.isFortranOrder,
      (3...5).contains(header.shape.count)
    else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the array \"\(name)\" is no network's input or output",
        found: "\(header.type) of \(header.shape)\(header.isFortranOrder ? ", Fortran order" : "")",
        expected: "float32, float64 or uint8 of (sample, channel, z, y, x) in C order",
        remedy: "store it with numpy.ascontiguousarray(a, numpy.float32)")
    }
    let data = Array(content[(start + length)...])
    let lengths = Array(repeating: 1, count: 5 - header.shape.count) + header.shape
    guard lengths[0] == 1, let count = Self.checkedCount(lengths, byteCount: data.count),
      data.count == count * type.byteCount
    else {
      throw Self.damaged(path, "\"\(name)\" has another size than it states, or several samples")
    }
    let values = (0..<count).map { type.value(data, $0 * type.byteCount) }
    return ReferenceFile.Values(
      volume: Volume(
        channels: lengths[1],
        box: VoxelBox(extent: VoxelExtent(z: lengths[2], y: lengths[3], x: lengths[4])),
        values: values),
      isGrey: type == .uint8)
  }

  private static func checkedCount(_ lengths: [Int], byteCount: Int) -> Int? {
    var count = 1
    for length in lengths {
      let (product, overflows) = count.multipliedReportingOverflow(by: length)
      guard !overflows, length > 0, product <= byteCount else { return nil }
      count = product
    }
    return count
  }

  /// A type of the values, by NumPy's description.
  private enum NumberType: String {
    case float32 = "<f4"
    case float64 = "<f8"
    case uint8 = "|u1"

    var byteCount: Int {
      switch self {
      case .float32: 4
      case .float64: 8
      case .uint8: 1
      }
    }

    func value(_ bytes: [UInt8], _ offset: Int) -> Float {
      switch self {
      case .float32:
        Float(
          bitPattern: (0..<4).reduce(UInt32(0)) {
            $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1)
          })
      case .float64:
        Float(
          Double(
            bitPattern: (0..<8).reduce(UInt64(0)) {
              $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1)
            }))
      case .uint8: Float(bytes[offset])
      }
    }
  }
}
