import VolumeStore
import Voxels

extension ScannerImageHeader {
  private static let mghHeaderByteCount = 284

  /// The description of a FreeSurfer image (`.mgh`, `.mgz`), and where its values are.
  ///
  /// Source: <https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat>.
  static func mgh(_ path: String) throws(VolumeError) -> (Self, StoredValues) {
    _ = try FileStatus.ofFile(path)
    let start =
      try SeekableGzip.recognises(path)
      ? SeekableGzip.prefix(of: path, count: mghHeaderByteCount)
      : bytes(ofFile: path, count: mghHeaderByteCount)
    func malformed(_ message: String, _ found: String, _ expected: String) -> VolumeError {
      VolumeError(
        .malformedMetadata, path: path, message, found: found, expected: expected,
        remedy: "check that the file was copied whole, or write it again")
    }
    guard start.count == mghHeaderByteCount else {
      throw malformed("the header is cut short", "\(start.count) bytes", "\(mghHeaderByteCount)")
    }
    let header = HeaderBytes(start, isBigEndian: true)
    func integer(_ index: Int) -> Int { Int(header.integer(at: 4 * index, Int32.self)) }
    func single(_ offset: Int) -> Double { Double(Float(header.float(at: offset))) }
    guard integer(0) == 1 else {
      throw malformed("is not an MGH image", "version \(integer(0))", "version 1")
    }
    let lengths = (1...4).map(integer)
    guard lengths.allSatisfy({ $0 > 0 }) else {
      throw malformed("an axis has no voxels", lengths.sizes, "lengths above zero")
    }
    let types: [Int: DataType] = [0: .uint8, 1: .int32, 3: .float32, 4: .int16, 10: .uint16]
    guard let type = types[integer(5)] else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the values are of a type that is not read",
        found: "type number \(integer(5))",
        expected: "0 (uint8), 1 (int32), 3 (float32), 4 (int16) or 10 (uint16)",
        remedy: "convert the image with mri_convert -odt")
    }
    var steps = [1.0, 1, 1]
    var axes = [[-1.0, 0, 0], [0, 0, -1], [0, 1, 0]]
    var centre = [0.0, 0, 0]
    var notes: [String] = []
    if header.integer(at: 28, Int16.self) == 1 {
      steps = (0..<3).map { single(30 + 4 * $0) }
      axes = (0..<3).map { axis in (0..<3).map { single(42 + 12 * axis + 4 * $0) } }
      centre = (0..<3).map { single(78 + 4 * $0) }
    } else {
      notes.append("the header does not say how the image lies; coronal sections are assumed")
    }
    let rows = (0..<3).map { row -> [Double] in
      let linear = (0..<3).map { axes[$0][row] * steps[$0] }
      let middle = (0..<3).reduce(0.0) { $0 + linear[$1] * Double(lengths[$1]) / 2 }
      return linear + [centre[row] - middle]
    }
    let transform = ScannerTransform(rows: rows)
    guard rows.joined().allSatisfy(\.isFinite), transform.inverse != nil else {
      throw malformed(
        "the transform to scanner coordinates is singular", "\(rows)", "three independent axes")
    }
    let axisLengths = lengths[3] == 1 ? Array(lengths.prefix(3)) : lengths
    let description = ScannerImageHeader(
      format: "MGH", extent: VoxelExtent(z: lengths[2], y: lengths[1], x: lengths[0]),
      furtherLengths: Array(axisLengths.dropFirst(3)), transform: transform,
      valueType: .number(type), scaling: nil, gradients: nil, properties: [], notes: notes,
      layout: ImageLayout(lengths: axisLengths))
    return (
      description,
      try StoredValues(
        path, from: mghHeaderByteCount, description: description, isBigEndian: true)
    )
  }
}
