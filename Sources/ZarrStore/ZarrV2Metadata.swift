import Codecs
import VolumeStore
import Voxels

/// The contents of an array's `.zarray`, read and written.
///
/// Source: Zarr v2 specification, <https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html>
extension ZarrMetadata {
  /// The attribute in which xarray keeps the names of an array's axes.
  private static let dimensionsKey = "_ARRAY_DIMENSIONS"

  init(
    zarr2 root: JSONObject, attributes: JSONObject, in document: ZarrDocument
  ) throws(VolumeError) {
    guard root["zarr_format"]?.int == 2 else {
      throw document.malformed("zarr_format is wrong", found: root["zarr_format"], expected: "2")
    }
    let shape = try document.lengths(root["shape"], "shape")
    let chunks = try document.lengths(root["chunks"], "chunks", rank: shape.count)
    let (dataType, isBigEndian) = try Self.elementType(root["dtype"], in: document)
    if let filters = root["filters"], filters != .null, filters.array?.isEmpty != true {
      let names = (filters.array ?? []).map { $0.object?["id"]?.string ?? document.describe($0) }
      throw document.unsupported(
        "the array goes through filters that are not supported",
        found: names.isEmpty ? document.describe(filters) : names.joined(separator: ", "),
        expected: "no filters", remedy: "write the array again without filters")
    }
    var chain = CodecChain(codecs: [])
    chain.isBigEndian = isBigEndian
    chain.transpose =
      try Self.isFortranOrder(root["order"], in: document)
      ? Array(shape.indices.reversed()) : nil
    if shape.count == 1 { chain.transpose = nil }
    if let codec = try Self.compressor(root["compressor"], dataType: dataType, in: document) {
      chain.codecs = [codec]
    }
    let names = attributes[Self.dimensionsKey]?.array?.map { $0.string }
    self.init(
      shape: shape, dataType: dataType, chunkShape: chunks,
      fill: try Self.fill(root["fill_value"], dataType: dataType, in: document), chain: chain,
      sharding: nil, dimensionNames: names?.count == shape.count ? names : nil,
      attributes: attributes)
    format = .zarr2
    keyEncoding.hasPrefix = false
    keyEncoding.separator = "."
    if let separator = root["dimension_separator"] {
      guard let text = separator.string, text == "." || text == "/" else {
        throw document.malformed(
          "dimension_separator is wrong", found: separator, expected: "\".\" or \"/\"")
      }
      keyEncoding.separator = text
    }
    try checkSizes(in: document)
  }

  /// The text of `.zarray`; equal arrays give equal bytes.
  func encodedZarr2(path: String) throws(VolumeError) -> [UInt8] {
    precondition(chain.codecs.count <= 1 && sharding == nil, "Zarr v2 has one compressor")
    let order = dataType.byteCount == 1 ? "|" : chain.isBigEndian ? ">" : "<"
    let kind = dataType.isInteger ? dataType.rawValue.hasPrefix("u") ? "u" : "i" : "f"
    return try encodedMetadata(
      [
        "zarr_format": .integer(2),
        "shape": .array(shape.map { .integer(Int64($0)) }),
        "chunks": .array(chunkShape.map { .integer(Int64($0)) }),
        "dtype": .string("\(order)\(kind)\(dataType.byteCount)"),
        "compressor": chain.codecs.first.map { Self.json($0) } ?? .null,
        "fill_value": fill.json(dataType),
        "order": .string(chain.transpose == nil ? "C" : "F"),
        "filters": .null,
        "dimension_separator": .string(keyEncoding.separator),
      ], path: path)
  }

  /// The text of `.zattrs`: the attributes, and the names of the axes as xarray has them.
  func encodedZarr2Attributes(path: String) throws(VolumeError) -> [UInt8] {
    var attributes = attributes
    let names = (dimensionNames ?? []).compactMap { $0 }
    if names.count == rank {
      attributes[Self.dimensionsKey] = .array(names.map { .string($0) })
    }
    return try encodedMetadata(attributes, path: path)
  }

  // MARK: Members

  private static func elementType(
    _ json: JSONValue?, in document: ZarrDocument
  ) throws(VolumeError) -> (type: DataType, isBigEndian: Bool) {
    guard let json else { throw document.malformed("dtype is missing") }
    let text = json.string ?? ""
    let order = text.first.flatMap { "<>|".contains($0) ? $0 : nil }
    let name = text.dropFirst(order == nil ? 0 : 1)
    let kinds: [Character: String] = ["u": "uint", "i": "int", "f": "float"]
    let type: DataType? =
      if name == "b1" {
        .uint8
      } else if let kind = name.first.flatMap({ kinds[$0] }), let bytes = Int(name.dropFirst()),
        (1...8).contains(bytes)
      {
        DataType(rawValue: "\(kind)\(bytes * 8)")
      } else {
        nil
      }
    guard let type, type.byteCount == 1 || order == "<" || order == ">" else {
      throw document.unsupported(
        "the data type is not supported", found: document.describe(json),
        expected: "|b1, |u1, |i1, or u, i or f of 2 to 8 bytes behind < or >")
    }
    return (type, order == ">")
  }

  private static func isFortranOrder(
    _ json: JSONValue?, in document: ZarrDocument
  ) throws(VolumeError) -> Bool {
    guard let order = json?.string, order == "C" || order == "F" else {
      throw document.malformed("order is wrong", found: json, expected: "\"C\" or \"F\"")
    }
    return order == "F"
  }

  /// The fill value; null, which leaves it open, counts as zero.
  private static func fill(
    _ json: JSONValue?, dataType: DataType, in document: ZarrDocument
  ) throws(VolumeError) -> FillValue {
    switch json {
    case .null: try FillValue(.integer(0), dataType: dataType, in: document)
    case .bool(let value): try FillValue(.integer(value ? 1 : 0), dataType: dataType, in: document)
    default: try FillValue(json, dataType: dataType, in: document)
    }
  }

  // MARK: Compressors

  private static func compressor(
    _ json: JSONValue?, dataType: DataType, in document: ZarrDocument
  ) throws(VolumeError) -> (any BytesCodec)? {
    guard let json, json != .null else { return nil }
    guard var members = json.object, let id = members.removeValue(forKey: "id")?.string else {
      throw document.malformed("compressor is wrong", found: json, expected: "null or an id")
    }
    return try document.compressor(
      named: id, members, valueByteCount: dataType.byteCount,
      known: ["blosc", "gzip", "zlib", "zstd"])
  }

  private static func json(_ codec: any BytesCodec) -> JSONValue {
    let name = type(of: codec).name
    var members = codec.configuration ?? [:]
    members["id"] = .string(name == ZlibCodec.name ? "zlib" : name)
    if let blosc = codec as? BloscCodec {
      members["typesize"] = nil
      members["shuffle"] = .integer(
        Int64(BloscCodec.Shuffle.allCases.firstIndex(of: blosc.shuffle) ?? 0))
    }
    return .object(members)
  }
}

extension ZarrDocument {
  /// A compressor as Zarr v2 and N5 describe it; both leave out what Zarr v3 insists on.
  func compressor(
    named name: String, _ configuration: JSONObject, valueByteCount: Int, known: [String]
  ) throws(VolumeError) -> any BytesCodec {
    guard known.contains(name) else {
      throw unsupported(
        "the compressor is not supported", found: name, expected: known.joined(separator: ", "),
        remedy: "write the array again with one of these, for instance with zarr-python")
    }
    var members = configuration
    // −1 is the library's own level, for reading any.
    if members["level"]?.int == -1, name != "zstd" { members["level"] = .integer(6) }
    switch name {
    case "blosc":
      members["nthreads"] = nil
      let shuffles: [JSONValue] = ["noshuffle", "shuffle", "bitshuffle"].map { .string($0) }
      // −1 lets numcodecs choose; a chunk says itself which it is.
      if let shuffle = members["shuffle"]?.int, (-1...2).contains(shuffle) {
        members["shuffle"] = shuffles[shuffle < 0 ? (valueByteCount == 1 ? 2 : 1) : shuffle]
      }
      if members["typesize"] == nil || members["typesize"] == .null {
        members["typesize"] = .integer(Int64(valueByteCount))
      }
    case "zstd":
      members["nbWorkers"] = nil
    default: break
    }
    do throws(CodecError) {
      return try CodecRegistry.codec(
        named: name == "zlib" ? ZlibCodec.name : name, configuration: members)
    } catch {
      throw malformed(
        "the compressor's configuration is wrong", found: .object(configuration), cause: error)
    }
  }
}
