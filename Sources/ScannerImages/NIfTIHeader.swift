package import VolumeStore
import Voxels

/// The header of a NIfTI-1 or NIfTI-2 file.
///
/// Source: NIfTI-1, <https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h>; NIfTI-2,
/// <https://nifti.nimh.nih.gov/pub/dist/doc/nifti2.h>.
public struct NIfTIHeader: Hashable, Sendable {
  /// 1 or 2.
  public var version: Int
  /// Whether the file's numbers start with the highest byte.
  public var isBigEndian: Bool
  /// Whether the values are in the header's own file, not in an `.img` beside it.
  public var isSingleFile: Bool
  /// The lengths of the axes x, y, z, t and on, fastest first.
  public var lengths: [Int]
  /// The number that stands for the type of a value.
  public var dataTypeCode: Int
  /// The distances between voxels along the axes, as many as lengths.
  public var distances: [Double]
  /// The sign of the third axis in the method of quaternions, 1 or −1.
  public var handedness: Double
  /// The offset of the first value in its file.
  public var valueOffset: Int
  /// What values are multiplied by; zero stands for no scaling.
  public var slope: Double
  /// What is then added.
  public var intercept: Double
  /// The numbers that stand for the units of space (bits 0 to 2) and time (bits 3 to 5).
  public var units: Int
  /// The text that describes the file.
  public var note: String
  /// The number that stands for the meaning of ``quaternionAffine``; zero where there is none.
  public var quaternionCode: Int
  /// The number that stands for the meaning of ``storedAffine``; zero where there is none.
  public var affineCode: Int
  /// The parameters b, c and d of the rotation.
  public var quaternion: [Double]
  /// Where the first voxel lies by the method of quaternions, x, y, z.
  public var quaternionOffset: [Double]
  /// The first three rows of the matrix of the affine method.
  public var affineRows: [[Double]]

  /// The affine transform from voxel indices (x, y, z) to world coordinates (x to the right, y to
  /// the front, z up): three rows of four.
  ///
  /// The affine method comes before that of quaternions; nil where the file has neither.
  public var affine: [[Double]]? { storedAffine ?? quaternionAffine }

  /// The transform of the affine method (`sform`), where there is one.
  public var storedAffine: [[Double]]? { affineCode > 0 ? affineRows : nil }

  /// The transform of the method of quaternions (`qform`), where there is one.
  public var quaternionAffine: [[Double]]? {
    guard quaternionCode > 0 else { return nil }
    let (b, c, d) = (quaternion[0], quaternion[1], quaternion[2])
    let rest = 1 - (b * b + c * c + d * d)
    let length = (b * b + c * c + d * d).squareRoot()
    // A rotation by half a turn has no real part; rounding may make it negative.
    let scale = rest < 1e-7 ? 1 / max(length, .leastNonzeroMagnitude) : 1
    let (x, y, z) = (b * scale, c * scale, d * scale)
    let w = rest < 1e-7 ? 0 : rest.squareRoot()
    let rotation = [
      [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
      [2 * (x * y + w * z), w * w + y * y - x * x - z * z, 2 * (y * z - w * x)],
      [2 * (x * z - w * y), 2 * (y * z + w * x), w * w + z * z - x * x - y * y],
    ]
    return rotation.enumerated().map { row, values in
      [
        values[0] * distance(0), values[1] * distance(1), values[2] * distance(2) * handedness,
        quaternionOffset[row],
      ]
    }
  }

  private func distance(_ axis: Int) -> Double {
    axis < distances.count ? abs(distances[axis]) : 1
  }
}

extension NIfTIHeader {
  /// The bytes that a header may take.
  package static let longest = 540
  /// The bytes of each version's header.
  package static func byteCount(version: Int) -> Int { version == 1 ? 348 : 540 }

  /// Which version a file's first bytes are of, and their byte order; nil where they are of none.
  package static func recognise(_ bytes: [UInt8]) -> (version: Int, isBigEndian: Bool)? {
    guard bytes.count >= 348 else { return nil }
    for isBigEndian in [false, true] {
      let size = HeaderBytes(bytes, isBigEndian: isBigEndian).integer(at: 0, Int32.self)
      if size == 348 { return (1, isBigEndian) }
      if size == 540 { return (2, isBigEndian) }
    }
    return nil
  }

  /// Reads a header.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where it is none, or not sound.
  package init(_ bytes: [UInt8], path: String) throws(VolumeError) {
    func malformed(_ message: String, _ found: String, _ expected: String) -> VolumeError {
      VolumeError(
        .malformedMetadata, path: path, message, found: found, expected: expected,
        remedy: "check that the file was copied whole, or write it again")
    }
    guard let (version, isBigEndian) = NIfTIHeader.recognise(bytes),
      bytes.count >= NIfTIHeader.byteCount(version: version)
    else {
      throw malformed(
        "is not a NIfTI file", "\(bytes.count) bytes of another kind",
        "a header of 348 or 540 bytes")
    }
    let header = HeaderBytes(bytes, isBigEndian: isBigEndian)
    let isFirst = version == 1
    let magic = isFirst ? Array(bytes[344..<348]) : Array(bytes[4..<12])
    let singles: [[UInt8]] = [Array("n+1\0".utf8), Array("n+2\0".utf8) + [13, 10, 26, 10]]
    let pairs: [[UInt8]] = [Array("ni1\0".utf8), Array("ni2\0".utf8) + [13, 10, 26, 10]]
    guard singles.contains(magic) || pairs.contains(magic) else {
      let isAnalyze = isFirst && magic == [0, 0, 0, 0]
      throw malformed(
        isAnalyze
          ? "is an ANALYZE 7.5 file, which does not say how it lies"
          : "is not a NIfTI file",
        "the mark \(magic.map { String($0, radix: 16) }.joined(separator: " "))",
        "n+1, ni1, n+2 or ni2")
    }
    let rank =
      isFirst ? Int(header.integer(at: 40, Int16.self)) : Int(header.integer(at: 16, Int64.self))
    guard (1...7).contains(rank) else {
      throw malformed("has a wrong number of axes", "\(rank)", "1 to 7")
    }
    func number(_ index: Int, _ first: Int, _ second: Int) -> Double {
      isFirst ? header.float(at: first + 4 * index) : header.double(at: second + 8 * index)
    }
    self.version = version
    self.isBigEndian = isBigEndian
    isSingleFile = singles.contains(magic)
    lengths = (1...rank).map {
      isFirst
        ? Int(header.integer(at: 40 + 2 * $0, Int16.self))
        : Int(header.integer(at: 16 + 8 * $0, Int64.self))
    }
    dataTypeCode = Int(header.integer(at: isFirst ? 70 : 12, Int16.self))
    distances = (1...rank).map { number($0, 76, 104) }
    handedness = number(0, 76, 104) < 0 ? -1 : 1
    slope = number(0, 112, 176)
    intercept = number(0, 116, 184)
    note = header.text(at: isFirst ? 148 : 240, count: 80)
    units =
      isFirst ? Int(bytes[123]) : Int(header.integer(at: 500, Int32.self))
    quaternionCode =
      isFirst ? Int(header.integer(at: 252, Int16.self)) : Int(header.integer(at: 344, Int32.self))
    affineCode =
      isFirst ? Int(header.integer(at: 254, Int16.self)) : Int(header.integer(at: 348, Int32.self))
    quaternion = (0..<3).map { number($0, 256, 352) }
    quaternionOffset = (0..<3).map { number($0, 268, 376) }
    affineRows = (0..<3).map { row in (0..<4).map { number(row * 4 + $0, 280, 400) } }
    let offset = isFirst ? header.float(at: 108) : Double(header.integer(at: 168, Int64.self))
    guard offset.isFinite, offset >= 0, offset < 1e15, offset == offset.rounded() else {
      throw malformed("the values have no place", "offset \(offset)", "a number of bytes")
    }
    // The header and the four bytes that say whether extensions follow.
    let least = isSingleFile ? NIfTIHeader.byteCount(version: version) + 4 : 0
    guard Int(offset) >= least || offset == 0 else {
      throw malformed("the values lie within the header", "offset \(Int(offset))", "\(least)")
    }
    valueOffset = max(Int(offset), least)
    guard distances.prefix(3).allSatisfy(\.isFinite) else {
      throw malformed(
        "the distances between voxels are no numbers", "\(distances)", "finite numbers")
    }
    guard slope == 0 || !slope.isFinite || intercept.isFinite else {
      throw malformed(
        "the scaling is no number", "scl_slope \(slope), scl_inter \(intercept)",
        "finite numbers")
    }
  }

  /// Writes a header with both transforms, for values that follow it at once.
  package func encoded() -> [UInt8] {
    var header = HeaderBytes(count: valueOffset)
    let isFirst = version == 1
    func set(_ value: Double, _ first: Int, _ second: Int) {
      if isFirst {
        header.set(single: value, at: first)
      } else {
        header.set(double: value, at: second)
      }
    }
    func set(_ value: Int, _ first: Int, _ second: Int) {
      if isFirst {
        header.set(Int16(truncatingIfNeeded: value), at: first)
      } else {
        header.set(Int32(truncatingIfNeeded: value), at: second)
      }
    }
    header.set(Int32(NIfTIHeader.byteCount(version: version)), at: 0)
    header.set(isFirst ? "n+1\0" : "n+2\0\r\n\u{1A}\n", at: isFirst ? 344 : 4)
    for (index, length) in ([lengths.count] + lengths).enumerated() {
      if isFirst {
        header.set(Int16(truncatingIfNeeded: length), at: 40 + 2 * index)
      } else {
        header.set(Int64(length), at: 16 + 8 * index)
      }
    }
    for index in lengths.count + 1..<8 {
      if isFirst {
        header.set(Int16(1), at: 40 + 2 * index)
      } else {
        header.set(Int64(1), at: 16 + 8 * index)
      }
    }
    header.set(Int16(dataTypeCode), at: isFirst ? 70 : 12)
    let bits = NIfTIHeader.dataTypes.first { $0.code == dataTypeCode }?.type.byteCount ?? 0
    header.set(Int16(8 * bits), at: isFirst ? 72 : 14)
    for (index, distance) in ([handedness] + distances).enumerated() {
      set(distance, 76 + 4 * index, 104 + 8 * index)
    }
    if isFirst {
      header.set(single: Double(valueOffset), at: 108)
    } else {
      header.set(Int64(valueOffset), at: 168)
    }
    set(slope, 112, 176)
    set(intercept, 116, 184)
    if isFirst { header.bytes[123] = UInt8(units) } else { header.set(Int32(units), at: 500) }
    header.set(String(note.prefix(79)), at: isFirst ? 148 : 240)
    set(quaternionCode, 252, 344)
    set(affineCode, 254, 348)
    for index in 0..<3 {
      set(quaternion[index], 256 + 4 * index, 352 + 8 * index)
      set(quaternionOffset[index], 268 + 4 * index, 376 + 8 * index)
      for column in 0..<4 {
        let place = index * 4 + column
        set(affineRows[index][column], 280 + 4 * place, 400 + 8 * place)
      }
    }
    return header.bytes
  }
}
