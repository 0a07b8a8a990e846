import VolumeStore
import Codecs
import Voxels

/// How a shard is divided into inner chunks and where their places are written.
///
/// A shard file holds the encoded inner chunks and an index: for each inner chunk, in raster order,
/// its offset and byte count as two little-endian 64-bit numbers, both 2⁶⁴ − 1 where it is empty.
///
/// Source: <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html>
struct Sharding: Sendable {
  /// The shape of an inner chunk.
  var innerShape: [Int]
  /// How an inner chunk is encoded.
  var chain: CodecChain
  /// Whether the index carries a CRC-32C.
  var indexHasChecksum = true
  var indexIsAtEnd = true
  /// Inner chunks along each axis of a shard.
  var grid: [Int]

  /// The inner chunks of one shard.
  var count: Int { grid.reduce(1, *) }
  /// The bytes of the index.
  var indexByteCount: Int { count * 16 + (indexHasChecksum ? 4 : 0) }

  init(innerShape: [Int], shardShape: [Int], chain: CodecChain) {
    self.innerShape = innerShape
    self.chain = chain
    grid = zip(shardShape, innerShape).map { $0 / $1 }
  }

  init(
    _ configuration: JSONObject, dataType: DataType, shardShape: [Int], in document: ZarrDocument
  ) throws(VolumeError) {
    let known = ["chunk_shape", "codecs", "index_codecs", "index_location"]
    if let stranger = configuration.keys.sorted().first(where: { !known.contains($0) }) {
      throw document.malformed("sharding_indexed has an unknown member", found: .string(stranger))
    }
    innerShape = try document.lengths(
      configuration["chunk_shape"], "the inner chunk_shape", rank: shardShape.count)
    guard zip(shardShape, innerShape).allSatisfy({ $0 % $1 == 0 }) else {
      throw document.malformed(
        "the shard is no whole number of inner chunks", found: configuration["chunk_shape"],
        expected: "divisors of \(shardShape)")
    }
    grid = zip(shardShape, innerShape).map { $0 / $1 }
    guard let count = checkedProduct(grid), count <= document.limits.maximalInnerChunks else {
      throw document.tooLarge(
        "a shard has too many inner chunks", found: "\(grid)",
        expected: "at most \(document.limits.maximalInnerChunks)")
    }
    let parsed = try CodecChain.parse(
      configuration["codecs"], dataType: dataType, chunkShape: innerShape, isInner: true,
      in: document)
    chain = parsed.chain
    let index = try CodecChain.parse(
      configuration["index_codecs"], dataType: .uint64, chunkShape: grid + [2], isInner: true,
      in: document)
    let names = index.chain.codecs.map { type(of: $0).name }
    guard index.chain.transpose == nil, !index.chain.isBigEndian,
      names.isEmpty || names == [CRC32CCodec.name]
    else {
      throw document.unsupported(
        "the shard index is encoded in a way that is not supported",
        found: document.describe(configuration["index_codecs"] ?? .null),
        expected: "bytes (little) and at most crc32c")
    }
    indexHasChecksum = !names.isEmpty
    switch configuration["index_location"] {
    case nil, .string("end"): indexIsAtEnd = true
    case .string("start"): indexIsAtEnd = false
    default:
      throw document.malformed(
        "index_location is wrong", found: configuration["index_location"],
        expected: "\"start\" or \"end\"")
    }
  }

  var json: JSONValue {
    var indexCodecs: [JSONValue] = [
      .object([
        "name": .string("bytes"),
        "configuration": .object(["endian": .string("little")]),
      ])
    ]
    if indexHasChecksum { indexCodecs.append(.object(["name": .string(CRC32CCodec.name)])) }
    return .object([
      "name": .string("sharding_indexed"),
      "configuration": .object([
        "chunk_shape": .array(innerShape.map { .integer(Int64($0)) }),
        "codecs": .array(chain.json),
        "index_codecs": .array(indexCodecs),
        "index_location": .string(indexIsAtEnd ? "end" : "start"),
      ]),
    ])
  }

  /// Appends to encoded inner chunks where each of them lies, nil where all its voxels are the fill
  /// value.
  func appendIndex(of ranges: [Range<Int>?], to shard: inout [UInt8]) {
    precondition(indexIsAtEnd && ranges.count == count, "the shard's layout is read only")
    let index = ranges.flatMap { range -> [UInt64] in
      range.map { [UInt64($0.lowerBound), UInt64($0.count)] } ?? [.max, .max]
    }
    let start = shard.count
    shard.appendColumn(index)
    if indexHasChecksum {
      shard.appendColumn([crc32c(shard.span.bytes.extracting(start..<shard.count))])
    }
  }
}

/// Where a shard's inner chunks lie in its file.
struct ShardIndex: Sendable {
  /// The bytes of each inner chunk, nil where it is empty.
  let ranges: [Range<Int>?]

  /// Reads and checks the index: every place lies in the file, outside the index, and no two
  /// overlap.
  init(of file: borrowing StoredFile, _ sharding: Sharding) throws(VolumeError) {
    let path = file.path
    func corrupt(_ message: String, found: String, expected: String) -> VolumeError {
      VolumeError(
        .corruptChunk, path: path, message, found: found, expected: expected,
        remedy: "write the shard again from its source")
    }
    let count = sharding.indexByteCount
    guard file.byteCount >= count else {
      throw corrupt(
        "the shard is too short for its index", found: "\(file.byteCount) bytes",
        expected: "at least \(count)")
    }
    let start = sharding.indexIsAtEnd ? file.byteCount - count : 0
    let payload = sharding.indexIsAtEnd ? 0..<start : count..<file.byteCount
    let bytes = try file.read(at: start, count: count)
    let raw = bytes.span.bytes
    if sharding.indexHasChecksum {
      let stored = raw.littleEndianUInt32(at: count - 4)
      let actual = crc32c(raw.extracting(0..<count - 4))
      guard stored == actual else {
        throw corrupt(
          "the shard's index fails its checksum", found: "\(stored)", expected: "\(actual)")
      }
    }
    var ranges: [Range<Int>?] = []
    ranges.reserveCapacity(sharding.count)
    for entry in 0..<sharding.count {
      let offset = raw.littleEndianUInt64(at: entry * 16)
      let length = raw.littleEndianUInt64(at: entry * 16 + 8)
      if offset == .max, length == .max {
        ranges.append(nil)
        continue
      }
      let (end, overflows) = offset.addingReportingOverflow(length)
      guard !overflows, offset >= UInt64(payload.lowerBound), end <= UInt64(payload.upperBound)
      else {
        throw corrupt(
          "the shard's index points outside the shard",
          found: "\(length) bytes at \(offset) for inner chunk \(entry)",
          expected: "a place within \(payload.lowerBound)..<\(payload.upperBound)")
      }
      ranges.append(Int(offset)..<Int(end))
    }
    let sorted = ranges.compactMap { $0 }.sorted { $0.lowerBound < $1.lowerBound }
    for (before, after) in zip(sorted, sorted.dropFirst())
    where after.lowerBound < before.upperBound {
      throw corrupt(
        "two inner chunks of the shard overlap", found: "\(before) and \(after)",
        expected: "places that do not")
    }
    self.ranges = ranges
  }
}
