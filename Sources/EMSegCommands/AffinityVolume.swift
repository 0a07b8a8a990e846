import Codecs
import VolumeStore
import ZarrStore
import Voxels

/// A stored affinity volume, checked to mean what the segmentation takes it to mean.
struct AffinityVolume {
  let reader: any VolumeReader
  let identity: String

  /// What the attributes of an affinity volume say: links towards the origin along z, y and x.
  static let attributes: JSONObject = [
    "offsets": .array(
      [[-1, 0, 0], [0, -1, 0], [0, 0, -1]].map { .array($0.map { .integer($0) }) }),
    "affinity_polarity": .string("same"),
  ]

  /// Opens an affinity volume.
  ///
  /// - Throws: ``VolumeError`` where channels, type, offsets or polarity are others than expected.
  static func open(_ path: String) throws -> AffinityVolume {
    let input = try InputVolume.stored(path)
    let metadata = input.reader.metadata
    guard metadata.hasChannelAxis, metadata.channels >= 3 else {
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
    if let found = try OMEZarrImage.openIfPresent(at: path)?.attributes {
      for (name, expected) in attributes {
        guard let value = found[name], value != expected else { continue }
        throw VolumeError(
          .unsupportedFeature, path: path, "the affinities have another \(name)",
          found: String(decoding: (try? value.encoded()) ?? [], as: UTF8.self),
          expected: String(decoding: (try? expected.encoded()) ?? [], as: UTF8.self),
          remedy: "order and flip the channels accordingly, and correct the attribute")
      }
    }
    return AffinityVolume(reader: input.reader, identity: input.identity)
  }
}
