public import VolumeStore
public import Voxels

/// Reads gradient tables as rows (x, y, z in scanner axes, b in s/mm²), one a volume.
///
/// Directions keep their lengths; the row of a volume without diffusion weighting may be zero.
public enum GradientFile {
  /// The largest b-value in s/mm² at which a volume may go without a direction.
  public static let largestUnweighted = 50.0

  /// Reads FSL's pair of files and turns the directions into scanner axes.
  ///
  /// FSL's directions are along the image's axes as they are stored, with the first one reversed
  /// where those axes are right-handed.
  ///
  /// - Parameters:
  ///   - vectors: The file of directions: three rows, or three columns.
  ///   - values: The file of b-values.
  ///   - image: The header of the image that they belong to.
  /// - Returns: The rows, one a volume.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the counts differ, a number is none,
  ///   or a weighted volume has no direction.
  ///
  /// Source: <https://fsl.fmrib.ox.ac.uk/fsl/docs/#/diffusion/eddy/users_guide/index>.
  public static func fsl(
    vectors: String, values: String, of image: ScannerImageHeader
  ) throws(VolumeError) -> [SIMD4<Double>] {
    let bValues = try table(values).joined().map(\.self)
    let directions = try columns(vectors, count: bValues.count)
    try checkCount(bValues.count, of: image, path: values)
    let stored = image.storedTransform
    let axes = stored.nearestRotation
    let sign: Double = stored.determinant > 0 ? -1 : 1
    var rows: [SIMD4<Double>] = []
    for (direction, b) in zip(directions, bValues) {
      let turned = axes.apply(SIMD3(sign * direction.x, direction.y, direction.z))
      rows.append(SIMD4(turned, b))
    }
    return try checked(rows, vectors)
  }

  /// Reads MRtrix's table: a row x, y, z, b a volume.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - image: The header of the image that it belongs to.
  /// - Returns: The rows, one a volume.
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the counts differ, a number is none,
  ///   or a weighted volume has no direction.
  public static func mrtrix(
    _ path: String, of image: ScannerImageHeader
  ) throws(VolumeError) -> [SIMD4<Double>] {
    var rows: [SIMD4<Double>] = []
    for row in try table(path) {
      guard row.count >= 4 else {
        throw malformed(
          path, "row \(rows.count + 1) of the gradient table is too short", "\(row.count) numbers",
          "x, y, z and b")
      }
      rows.append(SIMD4(row[0], row[1], row[2], row[3]))
    }
    try checkCount(rows.count, of: image, path: path)
    return try checked(rows, path)
  }

  /// The table in an image's own header.
  ///
  /// - Parameters:
  ///   - image: The header.
  ///   - path: The image's file, for messages.
  /// - Returns: The rows, one a volume.
  /// - Throws: ``VolumeError`` with `notFound` where there is none, or `malformedMetadata` where it
  ///   is not sound.
  public static func header(
    of image: ScannerImageHeader, path: String
  ) throws(VolumeError) -> [SIMD4<Double>] {
    guard let rows = image.gradients else {
      throw VolumeError(
        .notFound, path: path, "the image's header holds no gradient table",
        remedy: "give --bvec and --bval, or --gradients")
    }
    try checkCount(rows.count, of: image, path: path)
    return try checked(rows, path)
  }
}

extension GradientFile {
  private static func malformed(
    _ path: String, _ message: String, _ found: String, _ expected: String,
    remedy: String = "check that the file belongs to the image and was copied whole"
  ) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message, found: found, expected: expected, remedy: remedy)
  }

  private static func checkCount(
    _ count: Int, of image: ScannerImageHeader, path: String
  ) throws(VolumeError) {
    guard count == image.volumes else {
      throw malformed(
        path, "the gradient table has another number of rows than the image has volumes",
        "\(count)", "\(image.volumes)")
    }
  }

  private static func checked(
    _ rows: [SIMD4<Double>], _ path: String
  ) throws(VolumeError) -> [SIMD4<Double>] {
    var sound = rows
    for (index, row) in rows.enumerated() {
      guard row.w.isFinite, row.w >= 0 else {
        throw malformed(
          path, "the b-value of volume \(index) is no b-value", "\(row.w)",
          "a number from 0 on, in s/mm²")
      }
      let direction = SIMD3(row.x, row.y, row.z)
      let length = (direction * direction).sum()
      if length.isFinite, length > 0 || row.w <= largestUnweighted { continue }
      guard row.w <= largestUnweighted else {
        throw malformed(
          path, "volume \(index) with b = \(row.w) has no direction",
          "(\(row.x), \(row.y), \(row.z))", "a direction, as b is above \(largestUnweighted)",
          remedy: "correct the table, or take the volume out of the image and the table")
      }
      sound[index] = SIMD4(0, 0, 0, row.w)
    }
    return sound
  }

  /// Three rows or three columns, as directions.
  private static func columns(
    _ path: String, count: Int
  ) throws(VolumeError) -> [SIMD3<Double>] {
    let rows = try table(path)
    if rows.count == 3, rows.allSatisfy({ $0.count == count }) {
      return (0..<count).map { SIMD3(rows[0][$0], rows[1][$0], rows[2][$0]) }
    }
    if rows.count == count, rows.allSatisfy({ $0.count == 3 }) {
      return rows.map { SIMD3($0[0], $0[1], $0[2]) }
    }
    throw malformed(
      path, "the directions are not as many as the b-values",
      "\(rows.count) rows of \(rows.map(\.count).max() ?? 0) numbers",
      "3 rows of \(count) numbers, or \(count) rows of 3")
  }

  /// The numbers of a text file by line; lines that start with # are not read.
  private static func table(_ path: String) throws(VolumeError) -> [[Double]] {
    let status = try FileStatus.ofFile(path)
    guard status.byteCount <= 64 << 20 else {
      throw VolumeError(
        .limitExceeded, path: path, "the file is too long for a gradient table",
        found: "\(status.byteCount) bytes", remedy: "check the file's name")
    }
    let text = String(decoding: try bytes(ofFile: path, count: status.byteCount), as: UTF8.self)
    var rows: [[Double]] = []
    for line in text.split(whereSeparator: \.isNewline) where !line.trimmed.hasPrefix("#") {
      var row: [Double] = []
      for word in line.split(whereSeparator: { $0.isWhitespace || $0 == "," || $0 == ";" }) {
        guard let number = Double(word) else {
          throw malformed(
            path, "line \(rows.count + 1) holds something else than numbers",
            String(word.prefix(40)), "numbers")
        }
        row.append(number)
      }
      if !row.isEmpty { rows.append(row) }
    }
    return rows
  }
}

extension ScannerTransform {
  /// The rotation, or rotation with reflection, nearest to the linear part; no translation.
  ///
  /// Source: Higham 1986, "Computing the polar decomposition with applications", §3.
  public var nearestRotation: ScannerTransform {
    let lengths = spacing
    var result = self
    (result.x, result.y, result.z) = (x / lengths.x, y / lengths.y, z / lengths.z)
    result.origin = SIMD4(0, 0, 0, 1)
    for _ in 0..<32 {
      guard let inverse = result.inverse else { return result }
      let rows = inverse.rows
      var next = result
      next.x = (result.x + SIMD4(rows[0][0], rows[0][1], rows[0][2], 0)) / 2
      next.y = (result.y + SIMD4(rows[1][0], rows[1][1], rows[1][2], 0)) / 2
      next.z = (result.z + SIMD4(rows[2][0], rows[2][1], rows[2][2], 0)) / 2
      let change =
        (next.x - result.x) * (next.x - result.x) + (next.y - result.y) * (next.y - result.y)
        + (next.z - result.z) * (next.z - result.z)
      // Axes that are at right angles to the last digits stay as they are.
      if change.sum() < 1e-28 { return result }
      result = next
    }
    return result
  }
}
