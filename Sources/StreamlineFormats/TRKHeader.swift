import Codecs
import VolumeStore
import Voxels

/// The header of a TrackVis file.
///
/// Source: TrackVis documentation, "Track File Format", versions 1 and 2.
struct TRKHeader {
  static let byteCount = 1000

  var isBigEndian = false
  var version = 2
  var extent = SIMD3<Int>()
  var voxelSize = SIMD3<Float>(repeating: 1)
  var scalars: [TractogramColumn] = []
  var properties: [TractogramColumn] = []
  var transform = ScannerTransform(rows: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
  var voxelOrder = ""
  var streamlineCount = 0
  var notes: [String] = []

  /// Places of the fields.
  private enum Field {
    static let extent = 6
    static let voxelSize = 12
    static let scalarCount = 36
    static let scalarNames = 38
    static let propertyCount = 238
    static let propertyNames = 240
    static let transform = 440
    static let voxelOrder = 948
    static let streamlineCount = 988
    static let version = 992
    static let byteCount = 996
  }

  init() {}

  /// Reads a header.
  init(path: String, _ bytes: [UInt8]) throws(VolumeError) {
    func fault(_ message: String, found: String? = nil, expected: String? = nil) -> VolumeError {
      VolumeError(.malformedMetadata, path: path, message, found: found, expected: expected)
    }
    guard bytes.count == Self.byteCount, bytes.starts(with: Array("TRACK".utf8)) else {
      throw fault("not a TrackVis file", expected: "TRACK, and a header of 1000 bytes")
    }
    let span = bytes.span.bytes
    if StoredNumbers(type: .int32).integer(span, Field.byteCount) != Self.byteCount {
      isBigEndian = true
      guard integer(span, .int32, Field.byteCount) == Self.byteCount else {
        throw fault(
          "the TrackVis header does not state its own size",
          found: "\(StoredNumbers(type: .int32).integer(span, Field.byteCount))", expected: "1000")
      }
    }
    version = integer(span, .int32, Field.version)
    guard (1...3).contains(version) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the TrackVis version is unknown", found: "\(version)",
        expected: "1 or 2")
    }
    for axis in 0..<3 {
      extent[axis] = max(0, integer(span, .int16, Field.extent + 2 * axis))
      voxelSize[axis] = float(span, Field.voxelSize + 4 * axis)
    }
    scalars = try columns(path, bytes, Field.scalarCount, Field.scalarNames)
    properties = try columns(path, bytes, Field.propertyCount, Field.propertyNames)
    streamlineCount = integer(span, .int32, Field.streamlineCount)
    guard streamlineCount >= 0 else {
      throw fault("the number of streamlines is negative", found: "\(streamlineCount)")
    }
    voxelOrder = Self.text(bytes[Field.voxelOrder..<Field.voxelOrder + 4])
    if !voxelSize.isFinitePositive {
      notes.append("the voxel size is not stated: 1 mm is assumed")
      voxelSize = SIMD3(repeating: 1)
    }
    readTransform(span)
  }

  private mutating func readTransform(_ span: RawSpan) {
    let rows = (0..<4).map { row in
      (0..<4).map { Double(float(span, Field.transform + 16 * row + 4 * $0)) }
    }
    let stated = ScannerTransform(rows: Array(rows[..<3]))
    guard version >= 2, rows[3][3] != 0, stated.inverse != nil else {
      notes.append("vox_to_ras is not stated: the identity is assumed")
      return
    }
    transform = stated
  }

  private func integer(_ bytes: RawSpan, _ type: StoredNumber, _ offset: Int) -> Int {
    StoredNumbers(type: type, isBigEndian: isBigEndian).integer(bytes, offset)
  }

  private func float(_ bytes: RawSpan, _ offset: Int) -> Float {
    let word = bytes.littleEndianUInt32(at: offset)
    return Float(bitPattern: isBigEndian ? word.byteSwapped : word)
  }

  /// The columns of which the header names ten at most; a name may be followed by how many values
  /// it stands for.
  private func columns(
    _ path: String, _ bytes: [UInt8], _ countOffset: Int, _ namesOffset: Int
  ) throws(VolumeError) -> [TractogramColumn] {
    let count = integer(bytes.span.bytes, .int16, countOffset)
    guard count >= 0 else {
      throw VolumeError(
        .malformedMetadata, path: path, "a number of scalars is negative", found: "\(count)")
    }
    var columns: [TractogramColumn] = []
    var rest = count
    for index in 0..<10 where rest > 0 {
      let field = bytes[namesOffset + 20 * index..<namesOffset + 20 * (index + 1)]
      let parts = field.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      let name = Self.text(field)
      let stated = parts.count > 1 ? Int(Self.text(parts[1])) ?? 1 : 1
      let components = min(max(1, stated), rest)
      columns.append(
        TractogramColumn(name: name.isEmpty ? "scalar\(index + 1)" : name, components: components))
      rest -= components
    }
    if rest > 0 { columns.append(TractogramColumn(name: "unnamed", components: rest)) }
    return columns
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    Substring(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).trimmed
  }

  /// From stored coordinates, mm from the corner of the first voxel, to the scanner.
  ///
  /// Where the axes that the file names are not those of its transform, the names are those of the
  /// stored ones.
  var toScanner: ScannerTransform {
    let size = SIMD3<Double>(voxelSize)
    var columns = [SIMD4<Double>(), SIMD4<Double>(), SIMD4<Double>()]
    var origin = SIMD4<Double>(0, 0, 0, 1)
    let image = [transform.x, transform.y, transform.z]
    let turned = turnedAxes()
    for axis in 0..<3 {
      let (target, isFlipped) = turned?[axis] ?? (axis, false)
      let sign: Double = isFlipped ? -1 : 1
      columns[axis] = image[target] * (sign / size[axis])
      // The voxel index is the coordinate less a half, or counts from the other side.
      origin += image[target] * (isFlipped ? Double(extent[axis] - 1) + 0.5 : -0.5)
    }
    origin += transform.origin - SIMD4(0, 0, 0, 1)
    return ScannerTransform(
      rows: (0..<3).map { [columns[0][$0], columns[1][$0], columns[2][$0], origin[$0]] })
  }

  /// For each stored axis that of the transform, and whether it counts the other way; nil where they
  /// are the same.
  private func turnedAxes() -> [(target: Int, isFlipped: Bool)]? {
    let letters = Array(voxelOrder.uppercased())
    let known: [Character: (axis: Int, isPositive: Bool)] = [
      "R": (0, true), "L": (0, false), "A": (1, true), "P": (1, false), "S": (2, true),
      "I": (2, false),
    ]
    let stated = letters.prefix(3).compactMap { known[$0] }
    guard stated.count == 3, Set(stated.map(\.axis)).count == 3 else { return nil }
    let actual = transform.nearestAxes
    let turned = stated.map { axis in
      let target = actual.firstIndex { $0.axis == axis.axis } ?? axis.axis
      return (target: target, isFlipped: actual[target].isPositive != axis.isPositive)
    }
    let isSame = turned.enumerated().allSatisfy {
      $0.offset == $0.element.target && !$0.element.isFlipped
    }
    return isSame ? nil : turned
  }

  /// The header's bytes, little-endian, version 2.
  var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    func put(_ value: some FixedWidthInteger, at offset: Int) {
      withBytes(of: value) { for (index, byte) in $0.enumerated() { bytes[offset + index] = byte } }
    }
    for (index, byte) in "TRACK".utf8.enumerated() { bytes[index] = byte }
    for axis in 0..<3 {
      put(Int16(clamping: extent[axis]), at: Field.extent + 2 * axis)
      put(voxelSize[axis].bitPattern, at: Field.voxelSize + 4 * axis)
    }
    let rows = transform.rows + [[0, 0, 0, 1]]
    for (row, values) in rows.enumerated() {
      for (column, value) in values.enumerated() {
        put(Float(value).bitPattern, at: Field.transform + 16 * row + 4 * column)
      }
    }
    for (columns, countOffset, namesOffset) in [
      (scalars, Field.scalarCount, Field.scalarNames),
      (properties, Field.propertyCount, Field.propertyNames),
    ] {
      put(Int16(clamping: columns.reduce(0) { $0 + $1.components }), at: countOffset)
      for (index, column) in columns.prefix(10).enumerated() {
        var name = Array(column.name.utf8.prefix(column.components > 1 ? 17 : 19))
        if column.components > 1 { name += [0] + Array(String(column.components).utf8.prefix(2)) }
        for (place, byte) in name.enumerated() { bytes[namesOffset + 20 * index + place] = byte }
      }
    }
    let order = String(transform.nearestAxes.map(\.letter))
    for (index, byte) in order.utf8.enumerated() { bytes[Field.voxelOrder + index] = byte }
    put(Int32(clamping: streamlineCount), at: Field.streamlineCount)
    put(Int32(2), at: Field.version)
    put(Int32(Self.byteCount), at: Field.byteCount)
    return bytes
  }

  private func withBytes(of value: some FixedWidthInteger, _ body: ([UInt8]) -> Void) {
    var (rest, bytes) = (value.littleEndian, [UInt8]())
    for _ in 0..<(type(of: value).bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    body(bytes)
  }
}

/// An axis of the scanner and a way along it.
struct ScannerDirection: Hashable {
  var axis: Int
  var isPositive: Bool

  /// The letter of the side it leads to.
  var letter: Character {
    [["L", "R"], ["P", "A"], ["I", "S"]][axis][isPositive ? 1 : 0]
  }
}

extension ScannerTransform {
  /// For each voxel axis the scanner's nearest to it, each only once.
  var nearestAxes: [ScannerDirection] {
    let columns = [x, y, z].map { column in
      let length = (column * column).sum().squareRoot()
      return length > 0 ? column / length : column
    }
    var directions = [ScannerDirection](
      repeating: ScannerDirection(axis: 0, isPositive: true), count: 3)
    var free: Set<Int> = [0, 1, 2]
    // The axes that are least in doubt choose first.
    let order = (0..<3).sorted { first, second in
      (0..<3).map { abs(columns[first][$0]) }.reduce(0, max)
        > (0..<3).map { abs(columns[second][$0]) }.reduce(0, max)
    }
    for column in order {
      let axis = free.min { abs(columns[column][$0]) > abs(columns[column][$1]) } ?? column
      free.remove(axis)
      directions[column] = ScannerDirection(axis: axis, isPositive: columns[column][axis] >= 0)
    }
    return directions
  }
}

extension SIMD3<Float> {
  var isFinitePositive: Bool { (0..<3).allSatisfy { self[$0].isFinite && self[$0] > 0 } }
}
