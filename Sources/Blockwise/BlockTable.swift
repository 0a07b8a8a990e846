import Codecs
public import VolumeStore
public import Voxels

/// Columns of numbers that one block hands to other blocks or to the join of all blocks.
///
/// Faces, edge lists, sizes: columns may differ in type and length.
public struct BlockTable: Hashable, Sendable {
  private struct Column: Hashable {
    var dataType: DataType
    var start: Int
    var count: Int
  }

  /// The types by the number that stands for them in a file; append only.
  private static let typeCodes: [DataType] = [
    .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .float32, .float64,
    .float16,
  ]

  private static let magic = Array("FSCTABL1".utf8)

  private var columns: [Column] = []
  private var bytes: [UInt8] = []

  /// Creates a table without columns.
  public init() {}

  /// The number of columns.
  public var columnCount: Int { columns.count }

  /// Adds a column after the others.
  public mutating func append<Scalar: VoxelScalar>(_ values: [Scalar]) {
    columns.append(Column(dataType: Scalar.dataType, start: bytes.count, count: values.count))
    bytes.appendColumn(values)
  }

  /// The values of a column.
  ///
  /// - Throws: ``VolumeError`` with `dataTypeMismatch` where there is no such column of that type.
  public func column<Scalar: VoxelScalar>(
    _ number: Int, as type: Scalar.Type = Scalar.self
  ) throws(VolumeError) -> [Scalar] {
    guard columns.indices.contains(number), columns[number].dataType == Scalar.dataType else {
      let found = columns.indices.contains(number) ? columns[number].dataType.rawValue : "none"
      throw VolumeError(
        .dataTypeMismatch, path: "column \(number)", "the table has no such column",
        found: found, expected: Scalar.dataType.rawValue)
    }
    return bytes.column(type, at: columns[number].start, count: columns[number].count)
  }

  /// The table as the bytes of a file.
  ///
  /// The layout: `FSCTABL1`; the number of columns; for each its type's number and its count (all
  /// 64-bit, little-endian); the values, column after column, as one zstd frame; the CRC-32C of
  /// everything before. Equal tables give equal bytes.
  func encoded() throws(CodecError) -> [UInt8] {
    var result = Self.magic
    var header = [UInt64(columns.count)]
    for column in columns {
      header.append(UInt64(Self.typeCodes.firstIndex(of: column.dataType) ?? 0))
      header.append(UInt64(column.count))
    }
    result.appendColumn(header)
    result += try ZstdCodec(level: 3, checksum: false).encode(bytes.rawSpan)
    result.appendColumn([crc32c(result.rawSpan)])
    return result
  }

  /// Reads the bytes of a file, believing nothing before its checksum and its sizes hold.
  init(decoding file: [UInt8], path: String) throws(VolumeError) {
    func damaged(_ message: String, cause: (any Error)? = nil) -> VolumeError {
      VolumeError(
        .corruptChunk, path: path, message, remedy: "run again to compute it anew", cause: cause)
    }
    let payloadEnd = file.count - 4
    let start = Self.magic.count
    guard payloadEnd >= start + 8, Array(file.prefix(start)) == Self.magic else {
      throw damaged("not a table of block columns")
    }
    let stored = file.column(UInt32.self, at: payloadEnd, count: 1)[0]
    guard crc32c(Array(file[..<payloadEnd]).rawSpan) == stored else {
      throw damaged("the bytes do not match their checksum")
    }
    let columnCount = file.column(UInt64.self, at: start, count: 1)[0]
    guard columnCount <= UInt64((payloadEnd - start - 8) / 16) else {
      throw damaged("the table names more columns than it has room for")
    }
    let header = file.column(UInt64.self, at: start + 8, count: 2 * Int(columnCount))
    var byteCount = 0
    for number in 0..<Int(columnCount) {
      let (code, count) = (header[2 * number], header[2 * number + 1])
      guard code < Self.typeCodes.count, count < 1 << 40 else {
        throw damaged("column \(number) has an impossible type or length")
      }
      let type = Self.typeCodes[Int(code)]
      columns.append(Column(dataType: type, start: byteCount, count: Int(count)))
      byteCount += Int(count) * type.byteCount
      guard byteCount < 1 << 44 else { throw damaged("the table is impossibly large") }
    }
    let frame = Array(file[(start + 8 + 16 * Int(columnCount))..<payloadEnd])
    do {
      bytes = try ZstdCodec().decode(frame.rawSpan, limit: byteCount)
    } catch {
      throw damaged("the columns do not decode", cause: error)
    }
    guard bytes.count == byteCount else {
      throw damaged("the columns are shorter than the table says")
    }
  }
}
