import CHDF5
import VolumeStore
import Voxels

// Files of Imaris 5.5: a dataset for each level, time point and channel.

extension HDF5Layout {
  /// Finds the channels and time points of an Imaris file.
  ///
  /// Source: Imaris 5.5 file format, <https://imaris.oxinst.com/support/imaris-file-format>.
  init(
    imaris paths: [String], _ library: borrowing HDF5Library, _ file: hid_t, path: String
  ) throws(VolumeError) {
    let known = Set(paths)
    func dataset(_ level: Int, _ time: Int, _ channel: Int) -> String {
      "/DataSet/ResolutionLevel \(level)/TimePoint \(time)/Channel \(channel)/Data"
    }
    var (channels, times, count) = (0, 0, 0)
    while known.contains(dataset(0, 0, channels)) { channels += 1 }
    while known.contains(dataset(0, times, 0)) { times += 1 }
    while known.contains(dataset(count, 0, 0)), count < 64 { count += 1 }
    guard channels > 0, times > 0 else {
      throw VolumeError(
        .malformedMetadata, path: path, "the Imaris file has no first channel",
        found: HDF5Layout.list(paths), remedy: "name a dataset by --dataset")
    }
    let space = library.imarisSpace(file)
    var levels: [Level] = []
    for level in 0..<count {
      var datasets: [String] = []
      for time in 0..<times {
        for channel in 0..<channels { datasets.append(dataset(level, time, channel)) }
      }
      if let missing = datasets.first(where: { !known.contains($0) }) {
        throw VolumeError(
          .malformedMetadata, path: path, "the Imaris file lacks a channel", expected: missing,
          remedy: "name a dataset by --dataset")
      }
      let extent = library.imarisExtent(file, of: String(datasets[0].dropLast("/Data".count)))
      var scale = HDF5Scale(voxelSize: nil)
      if let space, let extent {
        let voxel = VoxelSize(
          z: space.size.z / Double(extent.z), y: space.size.y / Double(extent.y),
          x: space.size.x / Double(extent.x))
        if voxel.isValid { scale = HDF5Scale(voxelSize: voxel, offset: space.origin) }
      }
      levels.append(Level(datasets: datasets, extent: extent, scale: scale))
    }
    self.init(levels: levels)
    timePoints = times
    axes = .zyx
    notes.append("\(path): an Imaris file of \(channels) channels and \(times) time points")
    if levels[0].scale?.voxelSize == nil {
      notes.append("\(path): the file does not say the voxel size")
    }
    if levels[0].extent == nil {
      notes.append("\(path): the file does not say its size; padding is read too")
    }
  }
}

extension HDF5Library {
  /// The space that an Imaris file covers, in nanometres; micrometres where it states no unit.
  fileprivate func imarisSpace(
    _ file: hid_t
  ) -> (origin: PhysicalPosition, size: PhysicalPosition)? {
    withObject(file, "/DataSetInfo/Image") { image in
      let unit = texts(image, "Unit").flatMap { HDF5Scale.unit([$0.joined()]) } ?? .micrometer
      let low = (0..<3).compactMap { number(image, "ExtMin\($0)") }
      let high = (0..<3).compactMap { number(image, "ExtMax\($0)") }
      guard low.count == 3, high.count == 3, (low + high).allSatisfy(\.isFinite) else { return nil }
      let factor = unit.nanometers
      return (
        PhysicalPosition(z: low[2] * factor, y: low[1] * factor, x: low[0] * factor),
        PhysicalPosition(
          z: (high[2] - low[2]) * factor, y: (high[1] - low[1]) * factor,
          x: (high[0] - low[0]) * factor)
      )
    }
  }

  /// The size of a channel's image, without what fills its last chunks.
  fileprivate func imarisExtent(_ file: hid_t, of channel: String) -> VoxelExtent? {
    withObject(file, channel) { channel in
      let sizes = ["Z", "Y", "X"].compactMap { axis in
        number(channel, "ImageSize\(axis)").flatMap { Int(exactly: $0) }
      }
      guard sizes.count == 3, sizes.allSatisfy({ $0 > 0 }) else { return nil }
      return VoxelExtent(z: sizes[0], y: sizes[1], x: sizes[2])
    }
  }

  /// A number that Imaris writes as texts of one character each.
  private func number(_ object: hid_t, _ name: String) -> Double? {
    texts(object, name).flatMap { Double($0.joined()) }
  }
}
