/// A number with a fixed count of significant digits, as C's `%.15g` prints it.
///
/// Source: ISO C, 7.21.6.1; MRtrix3 prints matrices with 15 digits.
public enum DecimalText {
  /// The text of a number: at most `digits` significant digits, correctly rounded, trailing zeros
  /// left out; `nan` and `inf` for what is no number.
  ///
  /// Numbers too small for full precision, below 2.3e-308, are printed by their shortest digits.
  ///
  /// - Precondition: `digits` is from 1 to 15.
  public static func text(_ value: Double, digits: Int = 15) -> String {
    precondition((1...15).contains(digits), "15 digits at most are exact")
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let limit = 1_000_000_000_000_000.0
    if digits == 15, abs(value) < limit, value == value.rounded(),
      !(value == 0 && value.sign == .minus)
    {
      return String(Int(value))
    }
    if value == 0 { return value.sign == .minus ? "-0" : "0" }
    var (number, exponent) = decimal(abs(value))
    if number.count > digits {
      let isUp = roundsUp(number, exponent, at: digits, of: abs(value))
      number.removeLast(number.count - digits)
      if isUp { exponent += increment(&number) }
    }
    while number.count > 1, number.last == 0 { number.removeLast() }
    let sign = value < 0 ? "-" : ""
    return sign
      + (exponent < -4 || exponent >= digits
        ? scientific(number, exponent) : positional(number, exponent))
  }

  /// The fewest digits that give the number back, whole ones without a point.
  public static func shortest(_ value: Double) -> String {
    // From 2⁵⁴ on, descriptions have no point either.
    value == value.rounded() && abs(value) < 18_014_398_509_481_984 ? "\(Int(value))" : "\(value)"
  }

  /// The shortest digits that give the number back, and the exponent of ten of the first one.
  private static func decimal(_ value: Double) -> (digits: [UInt8], exponent: Int) {
    var digits: [UInt8] = []
    var (exponent, point, isAfterPoint, hasExponent) = (0, 0, false, false)
    var (written, isNegative) = (0, false)
    for byte in value.description.utf8 {
      switch byte {
      case UInt8(ascii: "."): isAfterPoint = true
      case UInt8(ascii: "e"): hasExponent = true
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "+"): break
      default:
        let digit = byte - UInt8(ascii: "0")
        if hasExponent {
          written = 10 * written + Int(digit)
        } else {
          digits.append(digit)
          if !isAfterPoint { point += 1 }
        }
      }
    }
    exponent = point - 1 + (isNegative ? -written : written)
    let leading = digits.prefix { $0 == 0 }.count
    digits.removeFirst(leading)
    while digits.count > 1, digits.last == 0 { digits.removeLast() }
    return (digits, exponent - leading)
  }

  /// Whether the digits from a place on are more than half a unit of the place before.
  private static func roundsUp(
    _ digits: [UInt8], _ exponent: Int, at place: Int, of value: Double
  ) -> Bool {
    if digits[place] != 5 { return digits[place] > 5 }
    if digits.count > place + 1 { return true }
    // The shortest digits end in the middle; the number itself need not lie there.
    switch compare(value, with: digits, unit: exponent - digits.count + 1) {
    case 1: return true
    case -1: return false
    default: return digits[place - 1] % 2 == 1
    }
  }

  /// Whether a number is above (1), at (0) or below (-1) digits times a power of ten, exactly.
  private static func compare(_ value: Double, with digits: [UInt8], unit: Int) -> Int {
    let power = Int(value.exponent) - 52
    var number = BigNumber(value.significandBitPattern | (value.isNormal ? 1 << 52 : 0))
    var decimal = BigNumber(0)
    for digit in digits { decimal.multiply(by: 10, adding: UInt64(digit)) }
    let binary = value.isNormal ? power : -1074
    for _ in 0..<max(0, binary) { number.multiply(by: 2, adding: 0) }
    for _ in 0..<max(0, -binary) { decimal.multiply(by: 2, adding: 0) }
    for _ in 0..<max(0, unit) { decimal.multiply(by: 10, adding: 0) }
    for _ in 0..<max(0, -unit) { number.multiply(by: 10, adding: 0) }
    return number.compare(decimal)
  }

  /// Adds one unit of the last place; the number of places that the first one moves up.
  private static func increment(_ digits: inout [UInt8]) -> Int {
    for index in digits.indices.reversed() {
      if digits[index] < 9 {
        digits[index] += 1
        return 0
      }
      digits[index] = 0
    }
    digits[0] = 1
    return 1
  }

  private static func positional(_ digits: [UInt8], _ exponent: Int) -> String {
    var text: [UInt8] = []
    if exponent < 0 {
      text = [UInt8(ascii: "0"), UInt8(ascii: ".")]
      text += [UInt8](repeating: UInt8(ascii: "0"), count: -exponent - 1)
    }
    for (index, digit) in digits.enumerated() {
      if exponent >= 0, index == exponent + 1 { text.append(UInt8(ascii: ".")) }
      text.append(UInt8(ascii: "0") + digit)
    }
    if digits.count < exponent + 1 {
      text += [UInt8](repeating: UInt8(ascii: "0"), count: exponent + 1 - digits.count)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func scientific(_ digits: [UInt8], _ exponent: Int) -> String {
    var text = String(digits[0])
    if digits.count > 1 { text += "." + digits.dropFirst().map(String.init).joined() }
    let power = String(abs(exponent))
    return text + (exponent < 0 ? "e-" : "e+") + (power.count < 2 ? "0" : "") + power
  }
}

/// A whole number of any size, for comparing.
private struct BigNumber {
  private var words: [UInt64]

  init(_ value: UInt64) { words = value == 0 ? [] : [value] }

  mutating func multiply(by factor: UInt64, adding: UInt64) {
    var carry = adding
    for index in words.indices {
      let (high, low) = words[index].multipliedFullWidth(by: factor)
      let (sum, overflows) = low.addingReportingOverflow(carry)
      words[index] = sum
      carry = high + (overflows ? 1 : 0)
    }
    if carry > 0 { words.append(carry) }
  }

  func compare(_ other: BigNumber) -> Int {
    if words.count != other.words.count { return words.count < other.words.count ? -1 : 1 }
    for index in words.indices.reversed() where words[index] != other.words[index] {
      return words[index] < other.words[index] ? -1 : 1
    }
    return 0
  }
}
