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

  /// Opens the dataset named, or the one that is found, with its channels, time points and levels
  /// where they are datasets of their own.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let layout = try HDF5Layout.found(source.path, dataset: source.dataset)
    let isMATLAB = try isMATLABFile(source.path)
    var levels: [any VolumeReader] = []
    var notes = layout.notes
    for level in layout.levels {
      var parts: [HDF5Dataset] = []
      // The parts of a level share what one would have.
      let cacheLimit = cacheLimit / level.datasets.count
      for dataset in level.datasets {
        let part = try HDF5Dataset(
          HDF5Opening.Request(
            path: source.path, dataset: dataset, axes: source.stated.axes ?? layout.axes,
            isMATLAB: isMATLAB, isUnsigned: layout.isUnsigned, scale: level.scale,
            extent: level.extent, cacheLimit: cacheLimit),
          notes: [])
        for note in part.notes where !notes.contains(note) { notes.append(note) }
        parts.append(part)
      }
      if parts.count == 1 {
        levels.append(parts[0])
      } else {
        levels.append(try HDF5Series(parts, timePoints: layout.timePoints))
      }
    }
    return OpenedVolume(levels: levels, formatName: name, notes: notes)
  }

  /// The memory for decoded chunks of one level.
  private static let cacheLimit = 64 << 20
}
