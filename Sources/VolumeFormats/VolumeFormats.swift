import HDF5Formats
public import VolumeStore
import PrecomputedStore
import SectionFormats
import ZarrStore

/// The formats that volumes are read from; the first that recognises a source opens it.
public let volumeFormats: [any VolumeFormat.Type] = [
  RawFormat.self,
  ZarrFormat.self,
  PrecomputedFormat.self,
  N5Format.self,
  HDF5Format.self,
  TIFFFormat.self,
  PNGFormat.self,
  NIfTIFormat.self,
  NRRDFormat.self,
  NumPyFormat.self,
]

/// Opens a volume of any known format.
///
/// - Parameters:
///   - path: A file, a folder of sections, or a pattern of their names; `file.h5:/dataset` names
///     a dataset too.
///   - dataset: The path within a file that holds several volumes.
///   - stated: What the user states above what the files say.
/// - Returns: The volume, and what was assumed.
/// - Throws: ``VolumeError`` with `notFound` where nothing is there, `unsupportedFeature` where no
///   format recognises it, or what the format finds wrong.
public func openVolume(
  _ path: String, dataset: String? = nil, stated: StatedLayout = .none
) throws(VolumeError) -> OpenedVolume {
  var source = VolumeSource(path, dataset: dataset, stated: stated)
  if dataset == nil, try FileStatus(path) == nil, let colon = path.lastIndex(of: ":"),
    try FileStatus(String(path[..<colon])) != nil
  {
    source = VolumeSource(
      String(path[..<colon]), dataset: String(path[path.index(after: colon)...]), stated: stated)
  }
  for format in volumeFormats where try format.recognises(source) {
    return try format.open(source)
  }
  guard try FileStatus(source.path) != nil else {
    throw VolumeError(
      .notFound, path: path, "nothing is there", remedy: "check the path")
  }
  var names: [String] = []
  for format in volumeFormats { names.append(format.name) }
  throw VolumeError(
    .unsupportedFeature, path: path, "is of no known format",
    expected: names.joined(separator: ", "),
    remedy: "name a folder of sections, or a file of one of these formats; for raw binary state "
      + "--shape and --data-type")
}
