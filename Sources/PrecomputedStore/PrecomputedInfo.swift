import Codecs
import VolumeStore
import Voxels

/// The contents of a volume's `info`, checked.
///
/// Source: <https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/volume.md>
struct PrecomputedInfo: Sendable {
  var kind: PrecomputedKind
  var dataType: DataType
  var channels: Int
  /// The levels, finest first.
  var scales: [PrecomputedScale]
  /// How chunks are compressed that are written.
  var compression = PrecomputedCompression.none
  /// The project's own attributes.
  var attributes: JSONObject = [:]
  /// What was passed over and might matter to the user.
  var notes: [String] = []

  static let key = "info"
  static let typeName = "neuroglancer_multiscale_volume"
  /// The member of `info` that is the project's own; other readers pass over it.
  static let ownKey = "fascicle"
  static let attributesKey = "attributes"
  static let gzipLevelKey = "gzip_level"
  static let centresKey = "first_voxel_centres"

  init(kind: PrecomputedKind, dataType: DataType, channels: Int, scales: [PrecomputedScale]) {
    self.kind = kind
    self.dataType = dataType
    self.channels = channels
    self.scales = scales
  }

  init(parsing text: [UInt8], path: String, limits: Limits) throws(VolumeError) {
    let document = PrecomputedDocument(path: path, limits: limits)
    let root = try document.object(parsing: text)
    switch root["@type"] {
    case nil, .string(Self.typeName): break
    case let other:
      throw document.unsupported(
        "the folder holds no volume", found: document.describe(other ?? .null),
        expected: Self.typeName, remedy: "name the folder of the volume itself")
    }
    guard let kind = PrecomputedKind(rawValue: root["type"]?.string ?? "") else {
      throw document.malformed(
        "type is wrong", found: root["type"], expected: "image or segmentation")
    }
    self.kind = kind
    dataType = try Self.dataType(root["data_type"], in: document)
    channels = try document.integer(root["num_channels"], "num_channels", in: 1...65536)
    guard let list = root["scales"]?.array, !list.isEmpty, list.count <= 64 else {
      throw document.malformed(
        "scales is wrong", found: root["scales"], expected: "a list of 1 to 64 scales")
    }
    let own = root[Self.ownKey]?.object ?? [:]
    attributes = own[Self.attributesKey]?.object ?? [:]
    if let level = own[Self.gzipLevelKey]?.int, (0...9).contains(level) {
      compression = .gzip(level: level)
    }
    let centres = own[Self.centresKey]?.array ?? []
    scales = []
    for (index, item) in list.enumerated() {
      guard let members = item.object else {
        throw document.malformed("a scale is no object", found: item)
      }
      let scale = try PrecomputedScale(
        members, dataType: dataType, channels: channels,
        centre: index < centres.count ? centres[index] : nil, in: document)
      if scale.otherChunkSizes > 0 {
        notes.append(
          "scale \(scale.key) is stored in \(scale.otherChunkSizes + 1) chunk sizes; the first is read"
        )
      }
      scales.append(scale)
    }
    guard Set(scales.map { $0.key }).count == scales.count else {
      throw document.malformed("two scales have the same key", found: root["scales"])
    }
    try sortScales(document)
    if kind == .segmentation, scales[0].encoding.isLossy {
      notes.append("the labels are stored as jpeg, which does not keep them")
    }
  }

  /// Puts the finest scale first.
  private mutating func sortScales(_ document: PrecomputedDocument) throws(VolumeError) {
    let volumes = scales.map { $0.voxelSize.z * $0.voxelSize.y * $0.voxelSize.x }
    let order = scales.indices.sorted { (volumes[$0], $0) < (volumes[$1], $1) }
    if order != Array(scales.indices) {
      notes.append("the scales are not in order; they are read from fine to coarse")
      scales = order.map { scales[$0] }
    }
  }

  private static func dataType(
    _ json: JSONValue?, in document: PrecomputedDocument
  ) throws(VolumeError) -> DataType {
    // CloudVolume's info files may spell the type in capitals.
    let name = json?.string?.lowercased() ?? ""
    guard let type = DataType(rawValue: name), stored.contains(type) else {
      throw document.malformed(
        "data_type is wrong", found: json,
        expected: stored.map { $0.rawValue }.joined(separator: ", "))
    }
    return type
  }

  /// The types that the format has.
  static let stored: [DataType] = [
    .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .float32,
  ]

  /// The text of `info`; equal volumes give equal bytes.
  func encoded(path: String) throws(VolumeError) -> [UInt8] {
    var own: JSONObject = [:]
    if !attributes.isEmpty { own[Self.attributesKey] = .object(attributes) }
    if case .gzip(let level) = compression { own[Self.gzipLevelKey] = .integer(Int64(level)) }
    if scales.contains(where: { !$0.isOnGrid }) {
      own[Self.centresKey] = .array(
        scales.map { .array([$0.offset.x, $0.offset.y, $0.offset.z].map { .number($0) }) })
    }
    var root: JSONObject = [
      "@type": .string(Self.typeName),
      "type": .string(kind.rawValue),
      "data_type": .string(dataType.rawValue),
      "num_channels": .integer(Int64(channels)),
      "scales": .array(scales.map { .object($0.json) }),
    ]
    if !own.isEmpty { root[Self.ownKey] = .object(own) }
    return try Self.encoded(root, path: path)
  }

  static func encoded(_ root: JSONObject, path: String) throws(VolumeError) -> [UInt8] {
    do {
      return try JSONValue.object(root).encoded(pretty: true) + [UInt8(ascii: "\n")]
    } catch {
      throw VolumeError(
        .malformedMetadata, path: path, "the attributes hold a number that is not finite",
        cause: error)
    }
  }
}

/// What the voxels of a precomputed volume mean.
public enum PrecomputedKind: String, Hashable, Sendable {
  /// Measured or predicted values.
  case image
  /// Integer labels.
  case segmentation
}
