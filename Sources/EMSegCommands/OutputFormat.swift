import CommandLineInterface
import VolumeFormats
import VolumeStore
import ZarrStore

/// A format that volumes are converted to.
enum OutputFormat: String, CaseIterable, ArgumentValue {
  case zarr, zarr2, n5, precomputed, tiff, png, hdf5, nifti, nrrd, npy

  /// The endings of a name that tell the format; those of a file are its writer's.
  private var endings: [String] {
    switch self {
    case .zarr: [".zarr"]
    case .zarr2: [".zarr2"]
    case .n5: [".n5"]
    case .precomputed: [".precomputed"]
    case .tiff: [".tif", ".tiff"]
    case .png: [".png"]
    case .nifti: [".nii", ".nii.gz"]
    case .nrrd: [".nrrd"]
    case .npy: [".npy"]
    case .hdf5: [".h5", ".hdf", ".hdf5"]
    }
  }

  /// The chunked store that is written; nil for files.
  var image: ImageFormat? {
    switch self {
    case .zarr: .omeZarr
    case .zarr2: .group(.omeZarr04)
    case .n5: .group(.n5)
    case .precomputed: .precomputed(nil)
    case .tiff, .png, .hdf5, .nifti, .nrrd, .npy: nil
    }
  }

  /// The writer of such files; nil for chunked stores.
  var file: (any VolumeExport.Type)? {
    image == nil ? volumeExport(forName: "volume" + endings[0]) : nil
  }

  /// The format of an output: the one the user names, else the one its name tells.
  ///
  /// - Throws: `UsageError` where neither does.
  static func chosen(_ format: OutputFormat?, for path: String) throws(UsageError) -> OutputFormat {
    if let format { return format }
    let name = path.lowercased()
    for format in allCases where format.endings.contains(where: { name.hasSuffix($0) }) {
      return format
    }
    let endings = allCases.flatMap { $0.endings }
    throw UsageError(
      "--output", "the name of the output does not tell its format", found: path,
      expected: "a name ending in \(endings.joined(separator: ", "))",
      remedy: "choose such a name, or say --format")
  }
}
