import VolumeStore
import Voxels

/// The description that lies beside a BigDataViewer file, of the same name with the ending `.xml`.
///
/// Source: BigDataViewer, "XML file format", <https://imagej.net/plugins/bdv/>.
enum BigDataViewerXML {
  /// The most bytes of a description.
  private static let limit = 16 << 20

  /// The voxel size of a setup, in nanometres; nil where no description states one.
  static func voxelSize(ofSetup setup: Int, beside path: String) -> VoxelSize? {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    let description = path[..<dot] + ".xml"
    guard let status = try? FileStatus(String(description)), status.isRegularFile,
      status.byteCount <= limit,
      let bytes = try? bytes(ofFile: String(description), from: 0, count: status.byteCount)
    else { return nil }
    var rest = Substring(String(decoding: bytes, as: UTF8.self))
    while let (setupText, after) = element("ViewSetup", of: rest) {
      rest = after
      guard let id = element("id", of: setupText)?.content, Int(trimmed(id)) == setup,
        let size = element("voxelSize", of: setupText)?.content,
        let numbers = element("size", of: size)?.content
      else { continue }
      let unit = element("unit", of: size).map { trimmed($0.content) } ?? ""
      let lengths = numbers.split { $0.isWhitespace }.compactMap { Double($0) }
      guard lengths.count == 3, let unit = HDF5Scale.unit([unit]) else { return nil }
      let voxel = VoxelSize(z: lengths[2], y: lengths[1], x: lengths[0], unit: unit)
      return voxel.isValid ? voxel.converted(to: .nanometer) : nil
    }
    return nil
  }

  /// The text of the first element of a name without attributes, and what follows it.
  private static func element(
    _ name: String, of text: Substring
  ) -> (content: Substring, rest: Substring)? {
    guard let start = text.firstRange(of: "<\(name)>"),
      let end = text[start.upperBound...].firstRange(of: "</\(name)>")
    else { return nil }
    return (text[start.upperBound..<end.lowerBound], text[end.upperBound...])
  }

  private static func trimmed(_ text: Substring) -> String {
    text.split { $0.isWhitespace }.joined(separator: " ")
  }
}
