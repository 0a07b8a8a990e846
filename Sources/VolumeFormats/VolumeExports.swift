import HDF5Formats
import SectionFormats
public import VolumeStore

/// The formats of files that volumes are written to, first voxel to last.
///
/// One line for each format, as in ``volumeFormats``.
public let volumeExports: [any VolumeExport.Type] = [
  HDF5Export.self,
  TIFFExport.self,
  PNGExport.self,
  NIfTIExport.self,
  NRRDExport.self,
  NumPyExport.self,
]

/// The format whose file ending a name has; the longest ending that fits decides.
///
/// - Parameter path: The name of a file, such as `labels.nii.gz`.
/// - Returns: The format, or nil where no ending fits.
public func volumeExport(forName path: String) -> (any VolumeExport.Type)? {
  let name = path.lowercased()
  var found: (format: any VolumeExport.Type, ending: String)?
  for format in volumeExports {
    for ending in format.fileEndings where name.hasSuffix(ending) {
      if ending.count > found?.ending.count ?? 0 { found = (format, ending) }
    }
  }
  return found?.format
}
