public import VolumeStore
import Voxels

/// Values without a description, which the user gives: `--shape` and `--data-type`.
public enum RawFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "raw binary"

  /// Whether the user has described what is in the file.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard source.stated.shape != nil || source.stated.dataType != nil else { return false }
    return try FileStatus(source.path)?.isRegularFile == true
  }

  /// Opens a file that holds exactly what was stated.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let stated = source.stated
    guard let shape = stated.shape, let type = stated.dataType else {
      throw VolumeError(
        .unsupportedFeature, path: source.path,
        "raw binary needs the shape and the type of its values",
        found: stated.shape == nil ? "no shape" : "no type",
        remedy: "state both, such as --shape 100,512,512 --data-type uint8")
    }
    var notes: [String] = []
    let axes = try rawAxes(
      stated.axes, lengths: shape, path: source.path, notes: &notes)
    let layout = try DenseLayout(
      axes: axes, lengths: shape, dataType: type, isBigEndian: stated.isBigEndian,
      path: source.path)
    if type.byteCount > 1, !stated.isBigEndian {
      notes.append("the bytes of a value are taken lowest first")
    }
    let header = stated.headerByteCount
    let found = try FileStatus.ofFile(source.path).byteCount
    guard header >= 0, layout.byteCount <= Int.max - header, found == layout.byteCount + header
    else {
      throw VolumeError(
        .malformedMetadata, path: source.path, "the file has another length than was stated",
        found: "\(found) bytes",
        expected: "\(header) + \(shape.sizesText) × \(type.byteCount) bytes",
        remedy: "check --shape, --data-type and --header-bytes")
    }
    let volume = try DenseVolume(
      source.path, bytes: FileBytes(source.path, from: header), layout: layout,
      metadata: layout.metadata(voxelSize: nil))
    return OpenedVolume(reader: volume, formatName: name, notes: notes)
  }
}

/// The axes of an array that says no more than its lengths: those stated, or those that are usual.
///
/// - Throws: ``VolumeError`` with `unsupportedFeature` where they are no volume's.
func rawAxes(
  _ stated: VolumeAxes?, lengths: [Int], path: String, notes: inout [String]
) throws(VolumeError) -> VolumeAxes {
  if let stated { return try statedAxes(stated, lengths: lengths, path: path).0 }
  let usual: [VolumeAxis] = [.time, .channel, .z, .y, .x]
  guard (2...5).contains(lengths.count), let axes = VolumeAxes(usual.suffix(lengths.count)) else {
    throw VolumeError(
      .unsupportedFeature, path: path, "the array is not a volume",
      found: lengths.isEmpty ? "no axes" : lengths.sizesText, expected: "2 to 5 axes",
      remedy: "write an array with the axes z, y, x, or those of --axes")
  }
  notes.append("axes taken as \(axes) (\(lengths.sizesText))")
  return axes
}
