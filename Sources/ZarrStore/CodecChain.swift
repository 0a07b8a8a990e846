import VolumeStore
import Codecs
import Voxels

/// How the values of one chunk become bytes: an order of axes, an order of bytes, then codecs.
struct CodecChain: Sendable {
  /// The order of axes in the stored bytes, slowest first; nil where it is the array's own.
  var transpose: [Int]?
  var isBigEndian = false
  var codecs: [any BytesCodec]

  /// The codecs of new arrays: compressed, and no flipped bit passes them.
  ///
  /// Single bytes, which are grey values and affinities mostly, take the same room at level 1 as at
  /// level 3, within 0.3 %, in less than half the time; labels do not.
  static func standard(for type: DataType) -> [any BytesCodec] {
    [ZstdCodec(level: type.byteCount == 1 ? 1 : 3, checksum: true), CRC32CCodec()]
  }

  /// What belongs to each of the array's axes, in the order of axes in the stored bytes.
  func storedOrder<Element>(_ axes: [Element]) -> [Element] {
    transpose.map { $0.map { axes[$0] } } ?? axes
  }

  /// The order of axes after one more transposition; nil where it is the array's own.
  private func transposed(_ order: [Int]) -> [Int]? {
    let order = transpose.map { before in order.map { before[$0] } } ?? order
    return order == Array(order.indices) ? nil : order
  }

  /// The most bytes a chunk may be stored in, with room for another library's worse encoder.
  func limit(decodedCount: Int) -> Int {
    let count = codecs.reduce(decodedCount) { $1.maximalEncodedCount($0) }
    return count + count / 2 + 65536
  }

  var transposeJSON: [JSONValue] {
    guard let transpose else { return [] }
    let order = JSONValue.array(transpose.map { .integer(Int64($0)) })
    return [.object(["name": .string("transpose"), "configuration": .object(["order": order])])]
  }

  var json: [JSONValue] {
    var list = transposeJSON
    list.append(
      .object([
        "name": .string("bytes"),
        "configuration": .object(["endian": .string(isBigEndian ? "big" : "little")]),
      ]))
    for codec in codecs {
      var object: JSONObject = ["name": .string(type(of: codec).name)]
      if let configuration = codec.configuration {
        object["configuration"] = .object(configuration)
      }
      list.append(.object(object))
    }
    return list
  }

  // MARK: Values to bytes

  func encode<Scalar: VoxelScalar>(_ values: Span<Scalar>) throws(CodecError) -> [UInt8] {
    precondition(transpose == nil, "such chunks are read only")
    guard !isBigEndian || MemoryLayout<Scalar>.stride == 1 else { return try encodeSwapped(values) }
    guard let first = codecs.first else {
      return [UInt8](capacity: values.count * MemoryLayout<Scalar>.stride) {
        $0.append(copying: values.bytes)
      }
    }
    var bytes = try first.encode(values.bytes)
    for codec in codecs.dropFirst() {
      if let checksum = codec as? CRC32CCodec {
        checksum.encode(inPlace: &bytes)
      } else {
        bytes = try codec.encode(bytes.span.bytes)
      }
    }
    return bytes
  }

  private func encodeSwapped<Scalar: VoxelScalar>(
    _ values: Span<Scalar>
  ) throws(CodecError) -> [UInt8] {
    var bytes = [UInt8](capacity: values.count * MemoryLayout<Scalar>.stride) {
      $0.append(copying: values.bytes)
    }
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    raw.swapBytes(0..<raw.byteCount, valueByteCount: MemoryLayout<Scalar>.stride)
    return try CodecChain(codecs: codecs).encode(bytes.span)
  }

  // MARK: Bytes to values

  /// The checksums that a decoder compares.
  enum Checksums {
    /// The outermost, which tells whether the bytes are those that were written.
    case outermost
    /// All, which tells in addition whether the writer's encoder erred.
    case all
  }

  /// Decodes a chunk of `count` values, or the first of them, in the stored order of axes, in place
  /// of `values`.
  ///
  /// The codec nearest to the values writes straight into them; where there are as many already,
  /// no memory is asked for.
  func decode<Scalar: VoxelScalar>(
    _ stored: [UInt8], count: Int, first wantedCount: Int? = nil, to values: inout [Scalar],
    comparing checksums: Checksums = .all
  ) throws(CodecError) {
    let firstCount = wantedCount ?? count
    let width = MemoryLayout<Scalar>.stride
    var limits: [Int] = []
    var bound = count * width
    for codec in codecs {
      limits.append(bound)
      bound = limit(of: codec, decodedCount: bound)
    }
    var inner = codecs[...]
    var bytes = stored
    var payload = 0..<stored.count
    while inner.count > 1, let codec = inner.popLast() {
      if let checksum = codec as? CRC32CCodec {
        let count = try checksum.payloadCount(bytes.span.bytes.extracting(payload))
        payload = payload.lowerBound..<payload.lowerBound + count
      } else {
        bytes = try codec.decode(
          bytes.span.bytes.extracting(payload), limit: limits[inner.count])
        payload = 0..<bytes.count
      }
    }
    var last = inner.first
    if checksums == .outermost, codecs.count == 2, codecs[1] is CRC32CCodec,
      var zstd = last as? ZstdCodec
    {
      zstd.ignoresChecksum = true
      last = zstd
    }
    let encoded = bytes.span.bytes.extracting(payload)
    if values.count == firstCount {
      var span = values.mutableSpan
      var target = span.mutableBytes
      try decodeValues(encoded, by: last, of: count * width, into: &target)
    } else {
      values = try uninitializedValues(firstCount) { (target) throws(CodecError) in
        try self.decodeValues(encoded, by: last, of: count * width, into: &target)
      }
    }
    if isBigEndian {
      var span = values.mutableSpan
      var bytes = span.mutableBytes
      bytes.swapBytes(0..<firstCount * width, valueByteCount: width)
    }
  }

  private func limit(of codec: any BytesCodec, decodedCount: Int) -> Int {
    let count = codec.maximalEncodedCount(decodedCount)
    return count + count / 2 + 65536
  }

  private func decodeValues(
    _ bytes: RawSpan, by codec: (any BytesCodec)?, of byteCount: Int,
    into target: inout MutableRawSpan
  ) throws(CodecError) {
    if let codec { return try codec.decodePrefix(bytes, of: byteCount, into: &target) }
    guard bytes.byteCount == byteCount else {
      throw CodecError(
        .corruptData, codec: "bytes",
        "there are \(bytes.byteCount) bytes where \(byteCount) are expected")
    }
    target.update(copying: bytes.extracting(0..<target.byteCount))
  }
}

extension CodecChain {
  /// What a `codecs` list describes: a chain, and for a sharded array the shard's inner layout.
  struct Parsed {
    var chain: CodecChain
    var sharding: Sharding?
  }

  static func parse(
    _ json: JSONValue?, dataType: DataType, chunkShape: [Int], isInner: Bool = false,
    in document: ZarrDocument
  ) throws(VolumeError) -> Parsed {
    guard let list = json?.array, !list.isEmpty else {
      throw document.malformed(
        "codecs is missing or empty", found: json, expected: "a list of codecs")
    }
    guard list.count <= 16 else {
      throw document.malformed(
        "there are too many codecs", found: .integer(Int64(list.count)), expected: "at most 16")
    }
    var chain = CodecChain(codecs: [])
    var sharding: Sharding?
    var hasArrayToBytes = false
    for item in list {
      let (name, configuration) = try document.extensionPoint(item, "a codec")
      switch name {
      case "transpose":
        guard !hasArrayToBytes else {
          throw document.malformed("a transpose codec comes too late", found: item)
        }
        let order = try transposition(configuration, rank: chunkShape.count, in: document)
        chain.transpose = chain.transposed(order)
      case "bytes":
        guard !hasArrayToBytes else {
          throw document.malformed("a second array → bytes codec", found: item)
        }
        hasArrayToBytes = true
        chain.isBigEndian = try isBigEndian(configuration, dataType: dataType, in: document)
      case "sharding_indexed":
        guard !hasArrayToBytes else {
          throw document.malformed("a second array → bytes codec", found: item)
        }
        guard !isInner else {
          throw document.unsupported("shards inside shards are not supported", found: name)
        }
        hasArrayToBytes = true
        sharding = try Sharding(
          configuration, dataType: dataType, shardShape: chain.storedOrder(chunkShape),
          in: document)
      default:
        let codec: any BytesCodec
        do throws(CodecError) {
          codec = try CodecRegistry.codec(named: name, configuration: configuration)
        } catch  where error.code == .unknownCodec {
          throw document.unsupported(
            "the codec is not supported", found: name,
            expected:
              "bytes, sharding_indexed, transpose, \(CodecRegistry.names.joined(separator: ", "))",
            cause: error)
        } catch {
          throw document.malformed("a codec's configuration is wrong", found: item, cause: error)
        }
        guard hasArrayToBytes else {
          throw document.malformed(
            "a bytes → bytes codec comes before the array → bytes codec", found: item,
            expected: "bytes or sharding_indexed first")
        }
        guard sharding == nil else {
          throw document.unsupported("codecs around whole shards are not supported", found: name)
        }
        chain.codecs.append(codec)
      }
    }
    guard hasArrayToBytes else {
      throw document.malformed(
        "there is no array → bytes codec", found: json, expected: "bytes or sharding_indexed")
    }
    return Parsed(chain: chain, sharding: sharding)
  }

  private static func transposition(
    _ configuration: JSONObject, rank: Int, in document: ZarrDocument
  ) throws(VolumeError) -> [Int] {
    let order = configuration["order"]?.array?.compactMap { $0.int } ?? []
    guard configuration.count == 1, order.sorted() == Array(0..<rank) else {
      throw document.malformed(
        "the transpose order is wrong", found: .object(configuration),
        expected: "each axis from 0 to \(rank - 1) once")
    }
    return order
  }

  private static func isBigEndian(
    _ configuration: JSONObject, dataType: DataType, in document: ZarrDocument
  ) throws(VolumeError) -> Bool {
    let endian = configuration["endian"]
    guard configuration.keys.allSatisfy({ $0 == "endian" }),
      endian?.string == "little" || endian?.string == "big"
        || (endian == nil && dataType.byteCount == 1)
    else {
      throw document.malformed(
        "the configuration of the bytes codec is wrong", found: .object(configuration),
        expected: "endian, little or big")
    }
    return endian?.string == "big"
  }
}
