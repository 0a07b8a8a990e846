import CTIFF

/// The directory of one page, little-endian, followed by its values and then by its tiles.
///
/// Source: TIFF Revision 6.0, §2 "TIFF Structure"; BigTIFF as in libtiff.
struct TIFFDirectory {
  /// The type of a tag's values.
  enum FieldType: UInt16 {
    case text = 2
    case short = 3
    case long = 4
    case fraction = 5
    case long8 = 16

    var byteCount: Int {
      switch self {
      case .text: 1
      case .short: 2
      case .long: 4
      case .fraction, .long8: 8
      }
    }
  }

  private struct Entry {
    var tag: Int32
    var type: FieldType
    var count: Int
    /// The values; those of the tiles' offsets are known last.
    var bytes: [UInt8]
  }

  private let start: Int
  private let isLarge: Bool
  private var entries: [Entry] = []

  init(start: Int, isLarge: Bool) {
    (self.start, self.isLarge) = (start, isLarge)
  }

  /// Adds numbers; tags come in ascending order.
  mutating func add(_ tag: Int32, _ type: FieldType, _ values: [UInt64]) {
    var bytes: [UInt8] = []
    for value in values { TIFFDirectory.append(value, type.byteCount, to: &bytes) }
    entries.append(Entry(tag: tag, type: type, count: values.count, bytes: bytes))
  }

  mutating func add(_ tag: Int32, text: String) {
    let bytes = Array(text.utf8) + [0]
    entries.append(Entry(tag: tag, type: .text, count: bytes.count, bytes: bytes))
  }

  mutating func add(_ tag: Int32, fraction value: Double) {
    let (numerator, denominator) = TIFFDirectory.fraction(value)
    var bytes: [UInt8] = []
    TIFFDirectory.append(UInt64(numerator), 4, to: &bytes)
    TIFFDirectory.append(UInt64(denominator), 4, to: &bytes)
    entries.append(Entry(tag: tag, type: .fraction, count: 1, bytes: bytes))
  }

  /// Adds the tiles' positions, which are filled in later, and lengths.
  mutating func addTiles(_ counts: [Int]) {
    add(TIFFTAG_TILEOFFSETS, isLarge ? .long8 : .long, counts.map { _ in 0 })
    add(TIFFTAG_TILEBYTECOUNTS, .long, counts.map { UInt64($0) })
  }

  /// The directory and its values; the tiles follow at once, each after the other.
  func bytes(_ tileCounts: [Int], isLast: Bool) -> [UInt8] {
    let (entrySize, inline, countSize) = isLarge ? (20, 8, 8) : (12, 4, 2)
    let pointerSize = isLarge ? 8 : 4
    let directorySize = countSize + entries.count * entrySize + pointerSize
    // Values that do not fit their entry follow the directory, each at an even position.
    let outside = entries.map { $0.bytes.count > inline ? ($0.bytes.count + 1) / 2 * 2 : 0 }
    let tilesStart = start + directorySize + outside.reduce(0, +)
    var tiles: [UInt8] = []
    var end = tilesStart
    for count in tileCounts {
      TIFFDirectory.append(UInt64(end), pointerSize, to: &tiles)
      end += count
    }
    if !(end - start).isMultiple(of: 2) { end += 1 }
    var bytes: [UInt8] = []
    var values: [UInt8] = []
    TIFFDirectory.append(UInt64(entries.count), countSize, to: &bytes)
    for (entry, size) in zip(entries, outside) {
      let value = entry.tag == TIFFTAG_TILEOFFSETS ? tiles : entry.bytes
      TIFFDirectory.append(UInt64(entry.tag), 2, to: &bytes)
      TIFFDirectory.append(UInt64(entry.type.rawValue), 2, to: &bytes)
      TIFFDirectory.append(UInt64(entry.count), inline, to: &bytes)
      if size > 0 {
        TIFFDirectory.append(UInt64(start + directorySize + values.count), inline, to: &bytes)
        values += value + Array(repeating: 0, count: size - value.count)
      } else {
        bytes += value + Array(repeating: 0, count: inline - value.count)
      }
    }
    TIFFDirectory.append(isLast ? 0 : UInt64(end), pointerSize, to: &bytes)
    return bytes + values
  }

  private static func append(_ value: UInt64, _ byteCount: Int, to bytes: inout [UInt8]) {
    for index in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }

  /// The fraction of 32-bit numbers nearest to a number above zero, by continued fractions.
  static func fraction(_ value: Double) -> (numerator: UInt32, denominator: UInt32) {
    guard value.isFinite, value > 0, value < 4e9 else { return (value >= 4e9 ? .max : 0, 1) }
    var (n0, d0, n1, d1) = (0.0, 1.0, 1.0, 0.0)
    var rest = value
    while true {
      let whole = rest.rounded(.down)
      let (n, d) = (whole * n1 + n0, whole * d1 + d0)
      guard n <= 4e9, d <= 4e9 else { break }
      (n0, d0, n1, d1) = (n1, d1, n, d)
      guard abs(n / d - value) > value * 1e-15, rest > whole else { break }
      rest = 1 / (rest - whole)
    }
    return (UInt32(n1), UInt32(max(d1, 1)))
  }
}
