public import VolumeStore

/// HDF5 files: CREMI, SNEMI3D, ilastik, FFN and others.
public enum HDF5Format: VolumeFormat {
  /// Shown to users.
  public static let name = "HDF5"

  /// The first bytes of an HDF5 file.
  ///
  /// Source: HDF5 File Format Specification 3.0, §II.A "Superblock".
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Whether the file has the signature at one of the places where the library looks for it.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard let status = try FileStatus(source.path), status.isRegularFile else { return false }
    var offset = 0
    while offset + signature.count <= status.byteCount, offset <= 1 << 16 {
      let bytes = try VolumeStore.bytes(
        ofFile: source.path, from: offset, count: signature.count)
      if bytes == signature { return true }
      offset = offset == 0 ? 512 : offset * 2
    }
    let name = source.path.lowercased()
    return [".h5", ".hdf", ".hdf5"].contains { name.hasSuffix($0) }
  }

  /// Opens the dataset named, or the one that is found.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let dataset = try HDF5Dataset(source.path, dataset: source.dataset)
    return OpenedVolume(reader: dataset, formatName: name, notes: dataset.notes)
  }
}
