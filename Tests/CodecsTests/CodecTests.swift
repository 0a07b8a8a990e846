import Codecs
import TestSupport
import Testing

@Suite struct `A codec` {
  /// The configuration examples of the codecs' own documentation, and the extremes.
  static let noticing: [(String, String)] = [
    ("crc32c", "{}"), ("gzip", #"{"level": 5}"#), ("gzip", #"{"level": 0}"#),
    ("gzip", #"{"level": 9}"#), ("numcodecs.zlib", #"{"level": 1}"#),
    ("numcodecs.zlib", #"{"level": 0}"#), ("zstd", #"{"level": 3, "checksum": true}"#),
    ("zstd", #"{"level": -5, "checksum": true}"#),
  ]
  static let passing: [(String, String)] = [
    ("zstd", #"{"level": 3}"#), ("zstd", #"{"level": 19, "checksum": false}"#),
    ("blosc", #"{"cname":"zstd","clevel":5,"shuffle":"bitshuffle","typesize":8,"blocksize":0}"#),
    ("blosc", #"{"cname":"lz4","clevel":9,"shuffle":"shuffle","typesize":4,"blocksize":0}"#),
    ("blosc", #"{"cname":"blosclz","clevel":1,"shuffle":"noshuffle"}"#),
    ("blosc", #"{"cname":"zlib","clevel":0,"shuffle":"shuffle","typesize":2}"#),
    ("blosc", #"{"cname":"lz4hc","clevel":3,"shuffle":"noshuffle","typesize":1}"#),
  ]

  @Test(arguments: noticing)
  func `with a checksum keeps its promises`(name: String, configuration: String) throws {
    try checkCodec(try codec(name, configuration), noticesDamage: true)
  }

  @Test(arguments: passing)
  func `without a checksum keeps its promises`(name: String, configuration: String) throws {
    try checkCodec(try codec(name, configuration), noticesDamage: false)
  }

  @Test(arguments: noticing + passing)
  func `is made again from its own configuration`(name: String, configuration: String) throws {
    let first = try codec(name, configuration)
    let again = try CodecRegistry.codec(named: name, configuration: first.configuration ?? [:])
    #expect(again.configuration == first.configuration)
    let bytes = Array("the same bytes".utf8)
    #expect(try again.encode(bytes.span.bytes) == first.encode(bytes.span.bytes))
  }

  @Test(arguments: [
    ("gzip", "{}"), ("gzip", #"{"level": 10}"#), ("gzip", #"{"level": 1.5}"#),
    ("gzip", #"{"level": 5, "window": 9}"#), ("zstd", #"{"level": 23}"#),
    ("zstd", #"{"level": 3, "checksum": 1}"#), ("crc32c", #"{"location": "end"}"#),
    ("blosc", #"{"cname":"rar","clevel":5,"shuffle":"noshuffle"}"#),
    ("blosc", #"{"cname":"lz4","clevel":5,"shuffle":"shuffle"}"#),
    ("blosc", #"{"cname":"lz4","clevel":10,"shuffle":"noshuffle"}"#),
    ("blosc", #"{"cname":"lz4","clevel":5,"shuffle":"shuffle","typesize":0}"#),
    ("blosc", #"{"cname":"lz4","clevel":5,"shuffle":"noshuffle","blocksize":-1}"#),
  ])
  func `refuses a wrong configuration`(name: String, configuration: String) throws {
    let error = #expect(throws: CodecError.self) { try codec(name, configuration) }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.codec == name)
  }

  @Test func `of an unknown name is refused with the known ones`() {
    let error = #expect(throws: CodecError.self) { try codec("lzma", "{}") }
    #expect(error?.code == .unknownCodec)
    #expect(error?.message == "no such codec; known are blosc, crc32c, gzip, numcodecs.zlib, zstd")
  }

  @Test func `reads gzip members one after another`() throws {
    let gzip = GzipCodec(level: 6)
    let one = try gzip.encode(([UInt8]([1, 2, 3])).span.bytes)
    let two = try gzip.encode(([UInt8]([4, 5])).span.bytes)
    #expect(try gzip.decode((one + two).span.bytes, limit: 5) == [1, 2, 3, 4, 5])
    #expect(throws: CodecError.self) { try gzip.decode((one + two).span.bytes, limit: 4) }
    #expect(throws: CodecError.self) { try gzip.decode((one + [0]).span.bytes, limit: 5) }
  }

  @Test func `refuses bytes behind a zlib stream`() throws {
    let zlib = ZlibCodec()
    let one = try zlib.encode(([UInt8]([1, 2, 3])).span.bytes)
    #expect(try zlib.decode(one.span.bytes, limit: 3) == [1, 2, 3])
    #expect(throws: CodecError.self) { try zlib.decode((one + one).span.bytes, limit: 9) }
    #expect(throws: CodecError.self) { try zlib.decode((one + [0]).span.bytes, limit: 9) }
  }

  @Test func `reads zstd frames one after another`() throws {
    let zstd = ZstdCodec()
    let one = try zstd.encode(([UInt8]([1, 2, 3])).span.bytes)
    let two = try zstd.encode(([UInt8]([4, 5])).span.bytes)
    #expect(try zstd.decode((one + two).span.bytes, limit: 9) == [1, 2, 3, 4, 5])
    #expect(throws: CodecError.self) { try zstd.decode((one + two).span.bytes, limit: 4) }
  }

  /// Bytes that repeat nowhere, ones that repeat close by, far apart, and some of each.
  static let kinds: [String: [UInt8]] = {
    var generator = SeededGenerator(seed: 5)
    let noise = (0..<1 << 18).map { _ in
      UInt8((0..<4).reduce(0) { sum, _ in sum + Int.random(in: 0..<50, using: &generator) })
    }
    let far = Array(noise.prefix(1 << 17)) + noise.prefix(1 << 17)
    let near = noise.indices.map { noise[$0 / 4] }
    let labels = noise.indices.map { $0 % 8 == 0 ? UInt8($0 >> 14) : 0 }
    return ["noise": noise, "far": far, "near": near, "labels": labels]
  }()

  @Test(arguments: ["noise", "far", "near", "labels"])
  func `zstd gives at level 3 hardly more bytes than its thorough search`(kind: String) throws {
    let bytes = try #require(Self.kinds[kind])
    let codec = ZstdCodec(level: 3)
    let encoded = try codec.encode(bytes.span.bytes)
    let decoded = try codec.decode(encoded.span.bytes, limit: bytes.count)
    let again = try codec.encode(bytes.span.bytes)
    #expect((decoded == bytes) && (again == encoded))
    let thorough = try ZstdCodec(level: 4).encode(bytes.span.bytes)
    #expect(encoded.count <= thorough.count + thorough.count / 50)
    // Whether the search was spared shows in the bytes: those of level 1.
    let quick = try ZstdCodec(level: 1).encode(bytes.span.bytes)
    if kind != "far" { #expect((encoded == quick) == (kind == "noise")) }
  }

  @Test(arguments: [("zstd", "{}"), ("gzip", #"{"level": 1}"#), ("crc32c", "{}")])
  func `decodes the first bytes alone`(name: String, configuration: String) throws {
    let codec = try codec(name, configuration)
    for bytes in Self.kinds.values {
      let encoded = try codec.encode(bytes.span.bytes)
      for count in [1, 4096, 1 << 17, (1 << 17) + 1, bytes.count] {
        func prefix(_ encoded: [UInt8]) throws -> [UInt8] {
          var decoded = [UInt8](repeating: 0, count: count)
          var span = decoded.mutableSpan
          var target = span.mutableBytes
          try codec.decodePrefix(encoded.span.bytes, of: bytes.count, into: &target)
          return decoded
        }
        let isEqual = try prefix(encoded) == Array(bytes.prefix(count))
        #expect(isEqual)
        #expect(throws: CodecError.self) { try prefix(Array(encoded.prefix(8))) }
      }
    }
  }

  private func codec(_ name: String, _ configuration: String) throws -> any BytesCodec {
    let json = try JSONValue(parsing: Array(configuration.utf8))
    return try CodecRegistry.codec(named: name, configuration: json.object ?? [:])
  }
}

@Suite struct `A checksum` {
  /// Source: RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  static let known: [([UInt8], UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
    (Array("123456789".utf8), 0xE306_9283), ([], 0),
  ]

  @Test(arguments: known)
  func `CRC-32C is that of the standard`(bytes: [UInt8], expected: UInt32) {
    #expect(crc32c(bytes.span.bytes) == expected)
    #expect(tableCRC32C(bytes.span.bytes) == expected)
  }

  @Test func `is the same by instruction and by tables, whole and in pieces`() {
    var generator = SeededGenerator(seed: 23)
    // From 3072 bytes on, three parts are worked on side by side.
    for count in Array(0..<70) + [3071, 3072, 3073, 6144, 10_000] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let whole = crc32c(bytes.span.bytes)
      #expect(tableCRC32C(bytes.span.bytes) == whole)
      let cut = Int.random(in: 0...count, using: &generator)
      let first = Array(bytes.prefix(cut))
      let second = Array(bytes.dropFirst(cut))
      #expect(
        crc32c(second.span.bytes, continuing: crc32c(first.span.bytes)) == whole)
      #expect(
        tableCRC32C(second.span.bytes, continuing: tableCRC32C(first.span.bytes)) == whole)
    }
  }

  /// Source: XXH3-128 with seed 0, as `xxhsum -H2` prints it.
  @Test func `XXH3-128 is that of xxhsum`() {
    #expect(ContentDigest(of: "").description == "99aa06d3014798d86001c324468d497f")
    #expect(ContentDigest(of: "a").description == "a96faf705af16834e6c632b61e964e1f")
  }

  @Test func `XXH3-128 is the same in pieces, and is read back from its digits`() throws {
    let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var hash = ContentHash()
    for start in stride(from: 0, to: 3000, by: 700) {
      let piece = Array(bytes[start..<min(start + 700, 3000)])
      hash.update(piece.span.bytes)
    }
    let digest = ContentDigest(of: bytes.span.bytes)
    #expect(hash.digest == digest)
    #expect(ContentDigest(digest.description) == digest)
    #expect(ContentDigest("12") == nil)
    #expect(ContentDigest(String(repeating: "g", count: 32)) == nil)
  }
}
