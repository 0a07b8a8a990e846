import VolumeFormats
import VolumeStore
import Voxels

/// A file with several arrays of (sample, channel, z, y, x), of which leading axes may lack.
struct ReferenceFile {
  /// One array, as floats.
  struct Values {
    var volume: Volume<Float>
    /// Whether the values are whole grey values, not yet scaled for a network.
    var isGrey: Bool

    /// The shape as error messages say it.
    var text: String { "(\(volume.channels), \(volume.extent.text))" }

    mutating func scale(by factor: Float) {
      let scaled = volume.span.indices.map { volume.span[$0] * factor }
      volume = Volume(channels: volume.channels, box: volume.box, values: scaled)
    }
  }

  private let path: String
  private let archive: NumPyArchive?

  /// Opens a file.
  ///
  /// - Throws: `notFound`, or what is wrong with a NumPy archive.
  init(path: String) throws(VolumeError) {
    self.path = path
    guard try FileStatus(path) != nil else {
      throw VolumeError(.notFound, path: path, "there is no such file", remedy: "check the path")
    }
    archive = path.hasSuffix(".npz") ? try NumPyArchive(path: path) : nil
  }

  /// Reads an array.
  ///
  /// - Throws: ``VolumeError`` where there is no such array, or it is none of a network's.
  func array(named name: String) throws -> Values {
    if let archive { return try archive.array(named: name) }
    var reader: (any VolumeReader)?
    // Arrays of networks seldom say what their axes are.
    for axes in ["tczyx", "czyx", "zyx"] where reader == nil {
      var stated = StatedLayout()
      stated.axes = VolumeAxes(parsing: axes)
      reader = try? openVolume(path, dataset: name, stated: stated).reader
    }
    let volume = try reader ?? openVolume(path, dataset: name).reader
    return Values(
      volume: try volume.readConverting(volume.metadata.box, to: Float.self),
      isGrey: volume.metadata.dataType.isInteger)
  }
}
