import Codecs
import CommandLineInterface
import FoundationEssentials
import VolumeStore
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

/// A chunked format that multiscale images are written in.
enum ImageFormat: String, CaseIterable {
  /// OME-Zarr 0.5, Zarr v3.
  case omeZarr = "zarr"

  /// Files that mark the folder of a chunked volume, whoever wrote it.
  static let markers = ["zarr.json", ".zarray", ".zgroup", "attributes.json", "info"]

  /// Creates an image whose voxels are all zero.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists`, `inputOutput`, or `unsupportedFeature` where
  ///   the format cannot hold such an image.
  func create(
    _ specification: ImageSpecification, at path: String
  ) throws(VolumeError) -> any WritableImage {
    switch self {
    case .omeZarr: try OMEZarrImage.create(specification, at: path)
    }
  }

  /// Opens the image that an earlier run created whole; nil where there is none.
  func openIfPresent(at path: String) throws(VolumeError) -> (any WritableImage)? {
    switch self {
    case .omeZarr: try OMEZarrImage.openIfPresent(at: path)
    }
  }

  /// Opens the image of a specification, which is there, to go on writing.
  func resume(
    _ specification: ImageSpecification, at path: String
  ) throws(VolumeError) -> any WritableImage {
    switch self {
    case .omeZarr: try OMEZarrImage.resume(specification, at: path)
    }
  }
}
