import Codecs
import CommandLineInterface
import FoundationEssentials
import PrecomputedStore
import VolumeStore
import Voxels
import ZarrStore

/// A multiscale image that can be written in any order of chunks, in whichever format.
protocol WritableImage: Sendable {
  /// The image's folder.
  var path: String { get }
  /// The levels, finest first.
  var writers: [any VolumeWriter] { get }
  /// The project's own attributes: state, fingerprint, provenance.
  var attributes: JSONObject { get }
  /// The image with other attributes, all replaced at once.
  func storing(_ attributes: JSONObject) throws(VolumeError) -> any WritableImage
}

extension OMEZarrImage: WritableImage {
  var writers: [any VolumeWriter] { levels }

  func storing(_ attributes: JSONObject) throws(VolumeError) -> any WritableImage {
    try replacingAttributes(attributes)
  }
}

extension PrecomputedImage: WritableImage {
  var writers: [any VolumeWriter] { levels }

  func storing(_ attributes: JSONObject) throws(VolumeError) -> any WritableImage {
    try replacingAttributes(attributes)
  }
}

/// A chunked format that multiscale images are written in.
enum ImageFormat {
  /// A group of arrays: OME-Zarr 0.5 or 0.4, or N5.
  case group(MultiscaleFormat)
  /// Neuroglancer's precomputed format; without an encoding, the kind's usual one.
  case precomputed(PrecomputedEncoding?)

  /// The working store.
  static let omeZarr = ImageFormat.group(.omeZarr05)

  /// Files that mark the folder of a chunked volume, whoever wrote it.
  static let markers = ["zarr.json", ".zarray", ".zgroup", "attributes.json", "info"]

  /// What is part of a fingerprint.
  var text: String {
    switch self {
    case .group(let format): format.rawValue
    case .precomputed(let encoding?): "precomputed, \(encoding)"
    case .precomputed(nil): "precomputed"
    }
  }

  /// Whether chunks can be joined in shards.
  var hasShards: Bool {
    if case .group(let format) = self { format.hasShards } else { true }
  }

  /// Creates an image whose voxels are all zero.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists`, `inputOutput`, or `unsupportedFeature` where
  ///   the format cannot hold such an image.
  func create(
    _ specification: ImageSpecification, at path: String
  ) throws(VolumeError) -> any WritableImage {
    switch self {
    case .group(let format):
      try OMEZarrImage.create(specification.stored(as: format), at: path)
    case .precomputed(let encoding):
      try PrecomputedImage.create(specification.precomputed(encoding, path: path), at: path)
    }
  }

  /// Opens the image that an earlier run created whole; nil where there is none.
  func openIfPresent(at path: String) throws(VolumeError) -> (any WritableImage)? {
    switch self {
    case .group: return try OMEZarrImage.openIfPresent(at: path)
    case .precomputed:
      guard try FileStore(root: path).exists("info") else { return nil }
      return try PrecomputedImage.openForWriting(at: path)
    }
  }

  /// Opens the image of a specification, which is there, to go on writing.
  func resume(
    _ specification: ImageSpecification, at path: String
  ) throws(VolumeError) -> any WritableImage {
    switch self {
    case .group(let format):
      try OMEZarrImage.resume(specification.stored(as: format), at: path)
    case .precomputed(let encoding):
      try PrecomputedImage.resume(specification.precomputed(encoding, path: path), at: path)
    }
  }
}

extension ImageSpecification {
  fileprivate func stored(as format: MultiscaleFormat) -> ImageSpecification {
    var specification = self
    specification.format = format
    return specification
  }

  /// The same image as a precomputed volume: plain files, which any web server can serve, or where
  /// shards are asked for compressed shards of about that size.
  fileprivate func precomputed(
    _ encoding: PrecomputedEncoding?, path: String
  ) throws(VolumeError) -> PrecomputedSpecification {
    guard shape.timePoints == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "a precomputed volume holds one time point",
        found: "\(shape.timePoints)", remedy: "convert one after the other with --time")
    }
    let storage: PrecomputedStorage =
      layout.shard.map { shard in
        let bytes = shard.voxelCount * shape.channels * dataType.byteCount
        return .shards(byteLimit: bytes, .gzip(level: 4))
      } ?? .files(.none)
    return PrecomputedSpecification(
      kind: kind == .labels ? .segmentation : .image, levels: levels, channels: shape.channels,
      dataType: dataType, chunk: layout.chunk, encoding: encoding, storage: storage,
      attributes: attributes)
  }
}
