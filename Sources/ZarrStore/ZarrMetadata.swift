import VolumeStore
import Codecs
import Voxels

/// The contents of an array's `zarr.json`, checked.
///
/// Source: Zarr v3 core specification, "Array metadata".
struct ZarrMetadata: Sendable {
  /// The voxels along each axis, slowest first.
  var shape: [Int]
  var dataType: DataType
  /// The shape of a stored object: a chunk, or a shard of a sharded array.
  var chunkShape: [Int]
  var keyEncoding = ChunkKeyEncoding()
  var fill: FillValue
  /// How a chunk is encoded; of a sharded array, see ``Sharding/chain``.
  var chain: CodecChain
  var sharding: Sharding?
  var dimensionNames: [String?]?
  var attributes: JSONObject = [:]

  var rank: Int { shape.count }
  /// The shape of what is decoded at once.
  var decodedShape: [Int] { sharding?.innerShape ?? chunkShape }
  /// How what is decoded at once is encoded.
  var decodedChain: CodecChain { sharding?.chain ?? chain }
  /// The chunks, or shards, along each axis.
  var grid: [Int] { zip(shape, chunkShape).map { ($0 - 1) / $1 + 1 } }

  init(
    shape: [Int], dataType: DataType, chunkShape: [Int], fill: FillValue, chain: CodecChain,
    sharding: Sharding?, dimensionNames: [String?]?, attributes: JSONObject
  ) {
    self.shape = shape
    self.dataType = dataType
    self.chunkShape = chunkShape
    self.fill = fill
    self.chain = chain
    self.sharding = sharding
    self.dimensionNames = dimensionNames
    self.attributes = attributes
  }

  init(parsing text: [UInt8], path: String, limits: Limits) throws(VolumeError) {
    let document = ZarrDocument(path: path, limits: limits)
    let root = try document.parseObject(text)
    try document.requireNode("array", root)
    try document.refuseStrangers(
      root,
      known: [
        "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding",
        "fill_value", "codecs", "attributes", "storage_transformers", "dimension_names",
      ])
    shape = try document.lengths(root["shape"], "shape")
    let (typeName, _) = try document.extensionPoint(root["data_type"], "data_type")
    guard let dataType = DataType(rawValue: typeName) else {
      throw document.unsupported(
        "the data type is not supported", found: typeName,
        expected: DataType.allCases.map { $0.rawValue }.joined(separator: ", "))
    }
    self.dataType = dataType
    guard let bytes = checkedProduct(shape + [dataType.byteCount]), bytes < 1 << 62 else {
      throw document.tooLarge(
        "the array has more voxels than can be counted", found: "\(shape)",
        expected: "at most 2^62 bytes")
    }
    let (gridName, grid) = try document.extensionPoint(root["chunk_grid"], "chunk_grid")
    guard gridName == "regular" else {
      throw document.unsupported(
        "the chunk grid is not supported", found: gridName, expected: "regular")
    }
    guard grid.keys.allSatisfy({ $0 == "chunk_shape" }) else {
      throw document.malformed("chunk_grid has an unknown member", found: .object(grid))
    }
    chunkShape = try document.lengths(grid["chunk_shape"], "chunk_shape", rank: shape.count)
    keyEncoding = try ChunkKeyEncoding(root["chunk_key_encoding"], in: document)
    fill = try FillValue(root["fill_value"], dataType: dataType, in: document)
    let parsed = try CodecChain.parse(
      root["codecs"], dataType: dataType, chunkShape: chunkShape, in: document)
    chain = parsed.chain
    sharding = parsed.sharding
    dimensionNames = try document.dimensionNames(root["dimension_names"], rank: shape.count)
    if let transformers = root["storage_transformers"], transformers.array?.isEmpty != true {
      throw document.unsupported(
        "storage transformers are not supported", found: document.describe(transformers))
    }
    if let member = root["attributes"] {
      guard let object = member.object else {
        throw document.malformed("attributes is no object", found: member)
      }
      attributes = object
    }
    let decoded = sharding?.innerShape ?? chunkShape
    guard let count = checkedProduct(decoded + [dataType.byteCount]),
      count <= limits.maximalChunkBytes
    else {
      throw document.tooLarge(
        "a chunk is too large to decode", found: "\(decoded) of \(dataType.rawValue)",
        expected: "at most \(limits.maximalChunkBytes) bytes")
    }
    // A shard is addressed, not held: its bytes need only be countable.
    guard let count = checkedProduct(chunkShape + [dataType.byteCount]), count < 1 << 62 else {
      throw document.tooLarge(
        "a shard has more voxels than can be counted", found: "\(chunkShape)",
        expected: "at most 2^62 bytes")
    }
  }

  /// The text of `zarr.json`; equal arrays give equal bytes.
  func encoded(path: String) throws(VolumeError) -> [UInt8] {
    var root: JSONObject = [
      "zarr_format": .integer(3),
      "node_type": .string("array"),
      "shape": .array(shape.map { .integer(Int64($0)) }),
      "data_type": .string(dataType.rawValue),
      "chunk_grid": .object([
        "name": .string("regular"),
        "configuration": .object([
          "chunk_shape": .array(chunkShape.map { .integer(Int64($0)) })
        ]),
      ]),
      "chunk_key_encoding": keyEncoding.json,
      "fill_value": fill.json(dataType),
      "codecs": .array(sharding.map { chain.transposeJSON + [$0.json] } ?? chain.json),
      "attributes": .object(attributes),
    ]
    if let dimensionNames {
      root["dimension_names"] = .array(dimensionNames.map { $0.map { .string($0) } ?? .null })
    }
    return try encodedMetadata(root, path: path)
  }
}

/// The text of a `zarr.json`.
func encodedMetadata(_ root: JSONObject, path: String) throws(VolumeError) -> [UInt8] {
  do {
    return try JSONValue.object(root).encoded(pretty: true) + [UInt8(ascii: "\n")]
  } catch {
    throw VolumeError(
      .malformedMetadata, path: path, "the attributes hold a number that is not finite",
      cause: error)
  }
}

extension ZarrDocument {
  func parseObject(_ text: [UInt8]) throws(VolumeError) -> JSONObject {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: text)
    } catch {
      throw malformed("the file is no JSON text", cause: error)
    }
    guard let root = json.object else {
      throw malformed("the file holds no JSON object", found: json)
    }
    return root
  }

  func requireNode(_ kind: String, _ root: JSONObject) throws(VolumeError) {
    guard root["zarr_format"]?.int == 3 else {
      guard root["zarr_format"]?.int == 2 else {
        throw malformed("zarr_format is wrong", found: root["zarr_format"], expected: "3")
      }
      throw unsupported(
        "Zarr v2 is not supported", found: "zarr_format 2", expected: "zarr_format 3",
        remedy: "convert the store to Zarr v3, for instance with `zarr migrate v3`")
    }
    guard let found = root["node_type"]?.string, found == "array" || found == "group" else {
      throw malformed(
        "node_type is wrong", found: root["node_type"], expected: "\"array\" or \"group\"")
    }
    guard found == kind else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the store is no \(kind)", found: found, expected: kind,
        remedy: kind == "array"
          ? "name an array inside the group, such as its level 0"
          : "name the image group that holds the array")
    }
  }

  /// Refuses members that are not in the specification unless they say that they can be ignored.
  func refuseStrangers(_ root: JSONObject, known: Set<String>) throws(VolumeError) {
    for (key, value) in root.sorted(by: { $0.key < $1.key }) where !known.contains(key) {
      let canBeIgnored = value.object?["must_understand"] == .bool(false)
      guard canBeIgnored || (key == "consolidated_metadata" && value == .null) else {
        throw unsupported(
          "a member must be understood and is not", found: key,
          expected: known.sorted().joined(separator: ", "))
      }
    }
  }

  func dimensionNames(_ json: JSONValue?, rank: Int) throws(VolumeError) -> [String?]? {
    guard let json, json != .null else { return nil }
    guard let items = json.array, items.count == rank,
      items.allSatisfy({ $0 == .null || $0.string != nil })
    else {
      throw malformed(
        "dimension_names is wrong", found: json, expected: "\(rank) names or nulls")
    }
    return items.map { $0.string }
  }
}
