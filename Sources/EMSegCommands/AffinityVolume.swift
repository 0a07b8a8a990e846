import Codecs
import VolumeStore
import ZarrStore
import Voxels

/// A stored affinity volume, checked to mean what the segmentation takes it to mean.
struct AffinityVolume {
  let reader: any VolumeReader
  let identity: String
  /// The step from a voxel to the one that each channel relates it to: −1 along z, y and x, then
  /// any others.
  let offsets: [VoxelExtent]

  /// The steps that the first three channels must have.
  static let nearest = [
    VoxelExtent(z: -1, y: 0, x: 0), VoxelExtent(z: 0, y: -1, x: 0), VoxelExtent(z: 0, y: 0, x: -1),
  ]
  private static let polarity = "same"

  /// What the attributes of an affinity volume say of its channels.
  static func attributes(offsets: [VoxelExtent]) -> JSONObject {
    [
      "offsets": .array(
        offsets.map { step in .array([step.z, step.y, step.x].map { .integer(Int64($0)) }) }),
      "affinity_polarity": .string(polarity),
    ]
  }

  /// The bytes of a voxel's affinities, all channels.
  var bytesPerVoxel: Int { reader.metadata.channels * reader.metadata.dataType.byteCount }

  /// Opens an affinity volume.
  ///
  /// - Parameters:
  ///   - path: Where it lies.
  ///   - leading: The steps that the first channels must have.
  /// - Returns: The volume.
  /// - Throws: ``VolumeError`` where channels, type, offsets or polarity are others than expected.
  static func open(
    _ path: String, startingWith leading: [VoxelExtent] = nearest
  ) throws -> AffinityVolume {
    let input = try InputVolume.stored(path)
    let metadata = input.reader.metadata
    guard metadata.hasChannelAxis, metadata.channels >= leading.count else {
      throw VolumeError(
        .unsupportedFeature, path: path, "not an affinity volume",
        found: metadata.hasChannelAxis ? "\(metadata.channels) channels" : "no channel axis",
        expected: "(c, z, y, x) with links along z, y and x",
        remedy: "make one with emseg predict")
    }
    guard metadata.dataType == .uint8 || metadata.dataType == .float32 else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "affinities of this type are not known",
        found: metadata.dataType.rawValue, expected: "uint8 in 0...255 or float32 in 0...1")
    }
    let offsets = try OMEZarrImage.openIfPresent(at: path).map { image in
      try self.offsets(
        in: image.attributes, channels: metadata.channels, startingWith: leading, path: path)
    }
    return AffinityVolume(
      reader: input.reader, identity: input.identity, offsets: offsets ?? nearest)
  }

  /// The steps that an image's attributes state; the nearest neighbours' where they state none.
  private static func offsets(
    in attributes: JSONObject, channels: Int, startingWith leading: [VoxelExtent], path: String
  ) throws(VolumeError) -> [VoxelExtent] {
    func mismatch(_ name: String, _ value: JSONValue, _ expected: String) -> VolumeError {
      VolumeError(
        .unsupportedFeature, path: path, "the affinities have another \(name)",
        found: String(decoding: (try? value.encoded()) ?? [], as: UTF8.self), expected: expected,
        remedy: "order and flip the channels accordingly, and correct the attribute")
    }
    if let value = attributes["affinity_polarity"], value != .string(polarity) {
      throw mismatch("affinity_polarity", value, "\"\(polarity)\"")
    }
    guard let value = attributes["offsets"] else { return nearest }
    let steps = value.array?.map { $0.array?.map(\.int) ?? [] } ?? []
    let offsets = steps.compactMap { step -> VoxelExtent? in
      guard step.count == 3, let z = step[0], let y = step[1], let x = step[2] else { return nil }
      return VoxelExtent(z: z, y: y, x: x)
    }
    guard offsets.count == steps.count, offsets.count == channels,
      Array(offsets.prefix(leading.count)) == leading
    else {
      throw mismatch(
        "offsets", value,
        "\(channels) steps"
          + (leading.isEmpty ? "" : ", the first [[-1,0,0],[0,-1,0],[0,0,-1]]"))
    }
    return offsets
  }
}
