import VolumeStore
import Codecs
import Voxels

/// The description of an array, checked: the contents of its `zarr.json`, or what its description as
/// Zarr v2 or N5 comes to.
///
/// Source: Zarr v3 core specification, "Array metadata".
struct ZarrMetadata: Sendable {
  /// How the description is written and chunks are framed.
  var format = StoreFormat.zarr3
  /// The voxels along each axis, slowest first.
  var shape: [Int]
  var dataType: DataType
  /// Whether the array is of `bool`, whose bytes are read as 0 and 1 of `uint8`.
  var isBoolean = false
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

  /// Reads the description of an array in any format.
  init(_ node: StoreNode) throws(VolumeError) {
    try node.require(.array)
    switch node.format {
    case .zarr3: try self.init(zarr3: node.root, in: node.document)
    case .zarr2:
      try self.init(zarr2: node.root, attributes: node.attributes, in: node.document)
    case .n5: try self.init(n5: node.root, in: node.document)
    }
  }

  init(zarr3 root: JSONObject, in document: ZarrDocument) throws(VolumeError) {
    try document.refuseStrangers(
      root,
      known: [
        "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding",
        "fill_value", "codecs", "attributes", "storage_transformers", "dimension_names",
      ])
    shape = try document.lengths(root["shape"], "shape")
    let (typeName, _) = try document.extensionPoint(root["data_type"], "data_type")
    isBoolean = typeName == "bool"
    guard let dataType = isBoolean ? .uint8 : DataType(rawValue: typeName) else {
      throw document.unsupported(
        "the data type is not supported", found: typeName,
        expected: (["bool"] + DataType.allCases.map { $0.rawValue }).joined(separator: ", "))
    }
    self.dataType = dataType
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
    if isBoolean, let isSet = root["fill_value"]?.bool {
      fill = FillValue(UInt8(isSet ? 1 : 0))
    } else {
      fill = try FillValue(
        isBoolean ? .null : root["fill_value"], dataType: dataType, in: document)
    }
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
    try checkSizes(in: document)
  }

  /// Checks that the array and its chunks are not larger than can be counted and decoded.
  func checkSizes(in document: ZarrDocument) throws(VolumeError) {
    let limits = document.limits
    guard let bytes = checkedProduct(shape + [dataType.byteCount]), bytes < 1 << 62 else {
      throw document.tooLarge(
        "the array has more voxels than can be counted", found: "\(shape)",
        expected: "at most 2^62 bytes")
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

  /// The text of the file that describes the array; equal arrays give equal bytes.
  func encoded(path: String) throws(VolumeError) -> [UInt8] {
    switch format {
    case .zarr3: try encodedZarr3(path: path)
    case .zarr2: try encodedZarr2(path: path)
    case .n5: try encodedN5(path: path)
    }
  }

  private func encodedZarr3(path: String) throws(VolumeError) -> [UInt8] {
    var root: JSONObject = [
      "zarr_format": .integer(3),
      "node_type": .string("array"),
      "shape": .array(shape.map { .integer(Int64($0)) }),
      "data_type": .string(isBoolean ? "bool" : dataType.rawValue),
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

/// The text of a file of metadata.
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
