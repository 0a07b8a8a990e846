import Glibc

/// Whether it pays to search bytes for repeats thoroughly.
///
/// Electron micrographs are mostly noise: all that a compressor gains on them is that grey values
/// are not equally frequent, which costs little to use. Such bytes are told by the entropy of
/// single bytes, and by what a quick and a thorough search make of a sample.
struct RepeatSearch {
  /// The level whose search is spared.
  static let level = 3
  /// The level that searches least.
  static let quickLevel = 1
  private static let sampleCount = 1 << 15

  /// The part of the bytes to try both levels on.
  let sample: Range<Int>
  /// The bytes that all would take if no byte told of another.
  private let entropyCount: Double

  /// Looks at bytes; nil where they are few, or so uneven that repeats are likely.
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 4 * Self.sampleCount else { return nil }
    let bits = Self.entropy(bytes)
    guard bits > 4 else { return nil }
    entropyCount = bits / 8 * Double(bytes.byteCount)
    let start = (bytes.byteCount - Self.sampleCount) / 2
    sample = start..<start + Self.sampleCount
  }

  /// Whether the thorough search saves less than a hundredth of the sample.
  func isQuickEnough(_ quickCount: Int, thorough thoroughCount: Int) -> Bool {
    quickCount - thoroughCount < thoroughCount / 100
  }

  /// Whether the quick search has found next to nothing in all the bytes: repeats farther apart
  /// than the sample is long show here.
  func hasNoRepeats(encodedCount: Int) -> Bool { Double(encodedCount) > 0.9 * entropyCount }

  /// The entropy of single bytes, in bits, from every 61st: a stride that no row is a multiple of.
  private static func entropy(_ bytes: RawSpan) -> Double {
    let stride = bytes.byteCount < 1 << 20 ? 13 : 61
    var counts = [Int32](repeating: 0, count: 256)
    var total = 0
    var index = 0
    while index < bytes.byteCount {
      // Sound: the index is within the bytes, and a byte has no alignment and no invalid value.
      counts[Int(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))] += 1
      total += 1
      index += stride
    }
    return counts.reduce(0.0) { bits, count in
      let share = Double(count) / Double(total)
      return count == 0 ? bits : bits - share * log2(share)
    }
  }
}
