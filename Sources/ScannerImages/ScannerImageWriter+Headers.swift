import Voxels

extension NIfTIHeader {
  /// The header of an image: lengths in mm, and the transform in both forms where its axes are at
  /// right angles.
  init(of description: ScannerImageWriter.Description) {
    let (extent, transform) = (description.extent, description.transform)
    let lengths = [extent.x, extent.y, extent.z] + (description.volumes.map { [$0] } ?? [])
    let spacing = transform.spacing
    let turn = transform.quaternion
    self.init(
      lengths: lengths,
      dataTypeCode: NIfTIHeader.dataTypes.first { $0.type == description.dataType }?.code ?? 0,
      distances: [spacing.x, spacing.y, spacing.z]
        + [Double](repeating: 1, count: lengths.count - 3),
      // Millimetres and seconds.
      units: 2 | 8, handedness: transform.determinant < 0 ? -1 : 1,
      quaternionCode: turn == nil ? 0 : 1, quaternion: turn ?? [0, 0, 0],
      quaternionOffset: [transform.origin.x, transform.origin.y, transform.origin.z],
      affineRows: transform.rows, note: description.note)
  }
}

extension ScannerTransform {
  /// The parameters b, c and d of the rotation that NIfTI's method of quaternions stores; nil where
  /// the axes are not at right angles.
  ///
  /// Source: NIfTI-1, `nifti_mat44_to_quatern`.
  var quaternion: [Double]? {
    let spacing = spacing
    let columns = [x / spacing.x, y / spacing.y, z / spacing.z * (determinant < 0 ? -1 : 1)]
    for (one, other) in [(0, 1), (0, 2), (1, 2)]
    where abs((columns[one] * columns[other]).sum()) > 1e-5 {
      return nil
    }
    func r(_ row: Int, _ column: Int) -> Double { columns[column][row] }
    // The largest of the four squares is divided by, so that rounding does little.
    let squares = [
      1 + r(0, 0) + r(1, 1) + r(2, 2), 1 + r(0, 0) - r(1, 1) - r(2, 2),
      1 - r(0, 0) + r(1, 1) - r(2, 2), 1 - r(0, 0) - r(1, 1) + r(2, 2),
    ]
    let largest = squares.indices.max { squares[$0] < squares[$1] } ?? 0
    let twice = 2 * squares[largest].squareRoot()
    let (p, q, s) = (r(2, 1) - r(1, 2), r(0, 2) - r(2, 0), r(1, 0) - r(0, 1))
    let (u, v, w) = (r(1, 0) + r(0, 1), r(0, 2) + r(2, 0), r(2, 1) + r(1, 2))
    let numbers: [Double] =
      switch largest {
      case 0: [twice * twice / 4, p, q, s]
      case 1: [p, twice * twice / 4, u, v]
      case 2: [q, u, twice * twice / 4, w]
      default: [s, v, w, twice * twice / 4]
      }
    let quaternion = numbers.map { $0 / twice }
    // The real part is not stored, and taken as positive.
    return quaternion.dropFirst().map { quaternion[0] < 0 ? -$0 : $0 }
  }
}

extension ScannerImageWriter.Description {
  /// The text ahead of the values of a MIF file.
  var mifHeader: [UInt8] {
    let spacing = transform.spacing
    let lengths = [extent.x, extent.y, extent.z] + (volumes.map { [$0] } ?? [])
    func joined(_ numbers: [Double]) -> String {
      numbers.map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : "\($0)" }
        .joined(separator: ",")
    }
    var lines = ["mrtrix image"]
    lines.append("dim: \(lengths.map(String.init).joined(separator: ","))")
    lines.append(
      "vox: "
        + joined([spacing.x, spacing.y, spacing.z] + (volumes == nil ? [] : [1])))
    lines.append("layout: \(lengths.indices.map { "+\($0)" }.joined(separator: ","))")
    let type = MIFHeader.types.first { $0.type == dataType }?.name ?? ""
    lines.append("datatype: \(type)\(dataType.byteCount > 1 ? "LE" : "")")
    for row in transform.rows {
      lines.append(
        "transform: "
          + joined([row[0] / spacing.x, row[1] / spacing.y, row[2] / spacing.z, row[3]]))
    }
    for row in gradients ?? [] {
      lines.append("dw_scheme: \(joined([row.x, row.y, row.z, row.w]))")
    }
    if !note.isEmpty {
      lines.append("comments: \(note.split(separator: "\n").joined(separator: " "))")
    }
    let text = lines.joined(separator: "\n")
    // The offset's own digits are part of what it counts.
    var offset = 0
    var whole = ""
    repeat {
      offset = (whole.utf8.count + 15) / 16 * 16
      let start = "\(text)\nfile: . \(offset)\nEND\n"
      whole = start + String(repeating: "\n", count: max(0, offset - start.utf8.count))
    } while whole.utf8.count != offset
    return Array(whole.utf8)
  }
}
