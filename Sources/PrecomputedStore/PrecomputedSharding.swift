import Codecs
import VolumeStore

/// How the chunks of a level are put together into shard files.
///
/// Source: <https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/sharded.md>
package struct PrecomputedSharding: Hashable, Sendable {
  /// How a chunk's number becomes the number that says where it lies.
  package enum Hash: String, Hashable, Sendable {
    case identity
    case murmurhash3_x86_128
  }

  package var preshiftBits: Int
  package var hash: Hash
  package var minishardBits: Int
  package var shardBits: Int
  package var indexIsCompressed: Bool
  package var dataIsCompressed: Bool

  package static let typeName = "neuroglancer_uint64_sharded_v1"

  /// The bytes of the list of minishards that a shard starts with.
  package var indexByteCount: Int { 16 << minishardBits }

  package init(
    preshiftBits: Int, hash: Hash = .identity, minishardBits: Int, shardBits: Int,
    indexIsCompressed: Bool = true, dataIsCompressed: Bool
  ) {
    self.preshiftBits = preshiftBits
    self.hash = hash
    self.minishardBits = minishardBits
    self.shardBits = shardBits
    self.indexIsCompressed = indexIsCompressed
    self.dataIsCompressed = dataIsCompressed
  }

  init(_ json: JSONValue, in document: PrecomputedDocument) throws(VolumeError) {
    guard let object = json.object else {
      throw document.malformed("sharding is no object", found: json)
    }
    guard object["@type"] == .string(Self.typeName) else {
      throw document.unsupported(
        "the kind of sharding is not supported",
        found: document.describe(object["@type"] ?? .null), expected: Self.typeName,
        remedy: "write the volume again with it, for instance with tensorstore")
    }
    func bits(_ name: String, to most: Int) throws(VolumeError) -> Int {
      try document.integer(object[name], name, in: 0...most)
    }
    preshiftBits = try bits("preshift_bits", to: 64)
    // A list of 2^32 minishards would take 64 GiB of every shard.
    minishardBits = try bits("minishard_bits", to: 32)
    shardBits = try bits("shard_bits", to: 64)
    guard minishardBits + shardBits <= 64 else {
      throw document.malformed(
        "the sharding has more bits than a chunk's number", found: json,
        expected: "at most 64 of minishard_bits and shard_bits")
    }
    guard let hash = Hash(rawValue: object["hash"]?.string ?? "") else {
      throw document.malformed(
        "the hash is wrong", found: object["hash"], expected: "identity or murmurhash3_x86_128")
    }
    self.hash = hash
    func isCompressed(_ name: String) throws(VolumeError) -> Bool {
      switch object[name] {
      case nil, .string("raw"): return false
      case .string("gzip"): return true
      case let other:
        throw document.malformed("\(name) is wrong", found: other, expected: "raw or gzip")
      }
    }
    indexIsCompressed = try isCompressed("minishard_index_encoding")
    dataIsCompressed = try isCompressed("data_encoding")
  }

  var json: JSONValue {
    .object([
      "@type": .string(Self.typeName),
      "preshift_bits": .integer(Int64(preshiftBits)),
      "hash": .string(hash.rawValue),
      "minishard_bits": .integer(Int64(minishardBits)),
      "shard_bits": .integer(Int64(shardBits)),
      "minishard_index_encoding": .string(indexIsCompressed ? "gzip" : "raw"),
      "data_encoding": .string(dataIsCompressed ? "gzip" : "raw"),
    ])
  }

  /// Where a chunk lies: in which shard, and in which part of it.
  package func place(of chunk: UInt64) -> (shard: UInt64, minishard: Int) {
    let shifted = chunk >> UInt64(preshiftBits)
    let hashed = hash == .identity ? shifted : murmurHash3x86128(shifted)
    let mask: UInt64 = shardBits == 64 ? .max : 1 << UInt64(shardBits) - 1
    return (
      hashed >> UInt64(minishardBits) & mask, Int(hashed & (1 << UInt64(minishardBits) - 1))
    )
  }

  /// The name of a shard's file.
  package func key(ofShard shard: UInt64) -> String {
    let digits = String(shard, radix: 16)
    let width = (shardBits + 3) / 4
    return String(repeating: "0", count: max(0, width - digits.count)) + digits + ".shard"
  }

  /// The shard whose file has a name; nil where there is no such shard.
  package func shard(ofKey key: String) -> UInt64? {
    guard key.hasSuffix(".shard"), let shard = UInt64(key.dropLast(6), radix: 16),
      shardBits == 64 || shard >> UInt64(shardBits) == 0, self.key(ofShard: shard) == key
    else { return nil }
    return shard
  }
}
