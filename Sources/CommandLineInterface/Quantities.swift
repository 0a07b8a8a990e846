/// A number of bytes, written as `512MiB`, `1GiB`, `2G` or plain digits.
public struct ByteCount: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The number of bytes, not negative.
  public var bytes: Int

  /// Creates a count.
  public init(_ bytes: Int) {
    precondition(bytes >= 0, "a count of bytes is not negative")
    self.bytes = bytes
  }

  /// A whole number of mebibytes.
  public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count << 20) }
  /// A whole number of gibibytes.
  public static func gibibytes(_ count: Int) -> ByteCount { ByteCount(count << 30) }

  /// The count nearest to a number.
  package init(clamping number: Double) {
    self.init(number > 0 ? Int(exactly: number.rounded()) ?? Int.max : 0)
  }

  /// The count with a binary prefix and three digits, such as `1.46 GiB`.
  public var description: String {
    let prefixes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var value = Double(bytes)
    var step = 0
    while value >= 999.5, step < prefixes.count - 1 {
      value /= 1024
      step += 1
    }
    return step == 0 ? "\(bytes) B" : "\(threeDigits(value)) \(prefixes[step])"
  }

  /// Whether one count is smaller.
  public static func < (first: ByteCount, second: ByteCount) -> Bool {
    first.bytes < second.bytes
  }
}

extension ByteCount: ArgumentValue {
  /// Reads digits, perhaps with a fraction, and a unit: `K`, `M`, `G`, `T`, each also as `KiB` or
  /// `KB`; all are powers of 1024 but `KB`, `MB`, `GB`, `TB`, which are powers of 1000.
  public init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = argument.dropFirst(digits.count).drop { $0 == " " }.lowercased()
    let scale: Int? =
      switch unit {
      case "", "b": 1
      case "k", "kib": 1 << 10
      case "m", "mib": 1 << 20
      case "g", "gib": 1 << 30
      case "t", "tib": 1 << 40
      case "kb": 1000
      case "mb": 1_000_000
      case "gb": 1_000_000_000
      case "tb": 1_000_000_000_000
      default: nil
      }
    guard let scale else { return nil }
    if let whole = Int(digits) {
      let (bytes, overflows) = whole.multipliedReportingOverflow(by: scale)
      guard !overflows else { return nil }
      self.init(bytes)
    } else {
      guard scale > 1, let number = Double(digits), number.isFinite,
        let bytes = Int(exactly: (number * Double(scale)).rounded())
      else { return nil }
      self.init(bytes)
    }
  }
  /// The count in the largest unit that divides it, such as `512MiB`.
  public var argumentText: String? {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")]
    where bytes > 0 && bytes % (1 << shift) == 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return String(bytes)
  }
  /// A size such as 512MiB.
  public static var expectation: String { "a size such as 512MiB, 1.5GiB or 1000000" }
  /// `SIZE`.
  public static var placeholder: String { "SIZE" }
}

extension Duration {
  /// The duration in seconds.
  public var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }

  /// The duration as a person would say it: `35 ms`, `4.2 s`, `3 min 05 s`, `2 h 03 min`.
  public var readableText: String {
    let seconds = inSeconds
    if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
    if seconds < 59.95 { return "\(fixed(seconds, decimals: 1)) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(zeroPadded(whole % 60)) s" }
    let minutes = Int((seconds / 60).rounded())
    return "\(minutes / 60) h \(zeroPadded(minutes % 60)) min"
  }

  /// The duration as a clock shows it: `0:35`, `12:05`, `2:03:10`.
  public var clockText: String {
    let whole = Int(max(0, inSeconds.rounded(.down)))
    let tail = zeroPadded(whole % 60)
    return whole < 3600
      ? "\(whole / 60):\(tail)" : "\(whole / 3600):\(zeroPadded(whole / 60 % 60)):\(tail)"
  }
}

/// A number with a fixed number of decimals, such as `0.250`.
///
/// - Parameters:
///   - value: The number.
///   - decimals: How many digits stand behind the point, in 0...9.
/// - Returns: The number with exactly that many decimals.
public func fixed(_ value: Double, decimals: Int) -> String {
  precondition((0...9).contains(decimals), "between 0 and 9 decimals are written")
  guard value.isFinite, value.magnitude < 1e9 else { return "\(value)" }
  var scale = 1
  for _ in 0..<decimals { scale *= 10 }
  let scaled = Int((value.magnitude * Double(scale)).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard decimals > 0 else { return "\(sign)\(scaled)" }
  let fraction = String(scaled % scale)
  let zeros = String(repeating: "0", count: decimals - fraction.count)
  return "\(sign)\(scaled / scale).\(zeros)\(fraction)"
}

/// A whole number with its digits in groups of three, such as `1 234 567`.
public func grouped(_ value: Int) -> String {
  let digits = Array(String(value.magnitude))
  var text = value < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index).isMultiple(of: 3) { text += " " }
    text.append(digit)
  }
  return text
}

/// A number with three digits and a decimal prefix, such as `12.3 M`, ready for a unit.
package func decimalPrefixed(_ value: Double) -> String {
  let prefixes = ["", "k", "M", "G", "T", "P"]
  var value = value
  var step = 0
  while value >= 999.5, step < prefixes.count - 1 {
    value /= 1000
    step += 1
  }
  return "\(threeDigits(value)) \(prefixes[step])"
}

private func threeDigits(_ value: Double) -> String {
  if value < 9.995 { return fixed(value, decimals: 2) }
  return fixed(value, decimals: value < 99.95 ? 1 : 0)
}

private func zeroPadded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

/// The text with spaces in front, up to a width in characters.
package func leftPadded(_ text: String, to width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// The text with spaces behind, up to a width in characters.
package func rightPadded(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
