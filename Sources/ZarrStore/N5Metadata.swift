import Codecs
import VolumeStore
import Voxels

/// The contents of an N5 array's `attributes.json`, read and written.
///
/// N5 lists axes fastest first. An array of ours lists them slowest first: lengths, block sizes and
/// names are turned round here, keys by ``ChunkKeyEncoding``, and nowhere else.
///
/// Source: <https://github.com/saalfeldlab/n5#file-system-specification>
extension ZarrMetadata {
  init(n5 root: JSONObject, in document: ZarrDocument) throws(VolumeError) {
    let dimensions = try document.lengths(root["dimensions"], "dimensions")
    let blockSize = try document.lengths(root["blockSize"], "blockSize", rank: dimensions.count)
    guard blockSize.allSatisfy({ $0 <= Int(UInt32.max) }) else {
      throw document.malformed(
        "blockSize holds a length that no block's header can", found: root["blockSize"],
        expected: "lengths below 2^32")
    }
    if root["isLabelMultiset"]?.bool == true {
      throw document.unsupported(
        "the array holds Paintera's label multisets, which are not supported",
        found: "isLabelMultiset", expected: "one label for each voxel",
        remedy: "convert it to plain labels, for instance with paintera-conversion-helper")
    }
    guard let name = root["dataType"]?.string else {
      throw document.malformed("dataType is missing", found: root["dataType"])
    }
    guard let dataType = DataType(rawValue: name) else {
      throw document.unsupported(
        "the data type is not supported", found: name,
        expected: DataType.allCases.map { $0.rawValue }.joined(separator: ", "))
    }
    var chain = CodecChain(codecs: [])
    chain.isBigEndian = dataType.byteCount > 1
    if let codec = try Self.compression(root, dataType: dataType, in: document) {
      chain.codecs = [codec]
    }
    let names = root["axes"]?.array?.map { $0.string }
    self.init(
      shape: dimensions.reversed(), dataType: dataType, chunkShape: blockSize.reversed(),
      fill: try FillValue(.integer(0), dataType: dataType, in: document), chain: chain,
      sharding: nil, dimensionNames: names?.count == dimensions.count ? names?.reversed() : nil,
      attributes: root)
    format = .n5
    keyEncoding.hasPrefix = false
    keyEncoding.isReversed = true
    try checkSizes(in: document)
  }

  /// The text of `attributes.json`; equal arrays give equal bytes.
  func encodedN5(path: String) throws(VolumeError) -> [UInt8] {
    precondition(chain.codecs.count <= 1 && sharding == nil, "N5 has one compression")
    var root = attributes
    root["dimensions"] = .array(shape.reversed().map { .integer(Int64($0)) })
    root["blockSize"] = .array(chunkShape.reversed().map { .integer(Int64($0)) })
    root["dataType"] = .string(dataType.rawValue)
    root["compression"] = Self.json(chain.codecs.first)
    if let dimensionNames {
      root["axes"] = .array(dimensionNames.reversed().map { $0.map { .string($0) } ?? .null })
    }
    return try encodedMetadata(root, path: path)
  }

  /// The codec; nil where the values are stored as they are.
  private static func compression(
    _ root: JSONObject, dataType: DataType, in document: ZarrDocument
  ) throws(VolumeError) -> (any BytesCodec)? {
    // N5 before 1.0 had a name only.
    let json = root["compression"] ?? root["compressionType"].map { .object(["type": $0]) }
    guard var members = json?.object, let type = members.removeValue(forKey: "type")?.string
    else {
      throw document.malformed(
        "compression is missing or wrong", found: json, expected: "an object with a type")
    }
    guard type != "raw" else { return nil }
    guard type == "gzip" else {
      return try document.compressor(
        named: type, members, valueByteCount: dataType.byteCount,
        known: ["raw", "gzip", "blosc", "zstd"])
    }
    let isZlib = members.removeValue(forKey: "useZlib")
    if members["level"] == nil { members["level"] = .integer(-1) }
    return try document.compressor(
      named: isZlib == .bool(true) ? "zlib" : type, members, valueByteCount: dataType.byteCount,
      known: ["gzip", "zlib"])
  }

  private static func json(_ codec: (any BytesCodec)?) -> JSONValue {
    switch codec {
    case nil: .object(["type": .string("raw")])
    case let gzip as GzipCodec:
      .object([
        "type": .string("gzip"), "level": .integer(Int64(gzip.level)), "useZlib": .bool(false),
      ])
    case let zlib as ZlibCodec:
      .object([
        "type": .string("gzip"), "level": .integer(Int64(zlib.level)), "useZlib": .bool(true),
      ])
    case let codec?:
      .object(
        (codec.configuration ?? [:]).merging(["type": .string(type(of: codec).name)]) { $1 })
    }
  }
}
