import CommandLineInterface
import Proofreading
import Voxels

/// A supervoxel, or the voxel that it lies at.
enum EditPlace: Hashable, Sendable, ArgumentValue {
  case supervoxel(UInt64)
  case voxel(VoxelPosition)

  init?(argument: String) {
    if let values = triple(argument, Int.init) {
      guard values.allSatisfy({ (0..<1 << 40).contains($0) }) else { return nil }
      self = .voxel(VoxelPosition(z: values[0], y: values[1], x: values[2]))
    } else if let id = UInt64(argument), id > 0 {
      self = .supervoxel(id)
    } else {
      return nil
    }
  }

  var argumentText: String? {
    switch self {
    case .supervoxel(let id): "\(id)"
    case .voxel(let voxel): "\(voxel.z),\(voxel.y),\(voxel.x)"
    }
  }
  static var expectation: String { "a supervoxel's number, or a voxel as z,y,x" }
  static var placeholder: String { "PLACE" }
}

/// Places divided by plus signs.
struct EditPlaces: Hashable, Sendable, ArgumentValue {
  var places: [EditPlace]

  init(_ places: [EditPlace]) { self.places = places }

  init?(argument: String) {
    let words = argument.split(separator: "+", omittingEmptySubsequences: false)
    places = words.compactMap { EditPlace(argument: String($0)) }
    guard !places.isEmpty, places.count == words.count else { return nil }
  }

  var argumentText: String? {
    places.isEmpty ? nil : places.compactMap(\.argumentText).joined(separator: "+")
  }
  static var expectation: String { "supervoxels, or voxels as z,y,x, divided by +" }
  static var placeholder: String { "PLACE+…" }
}

/// A moment: the number of an operation, or a time.
struct MomentArgument: Hashable, Sendable, ArgumentValue {
  var moment: EditMoment

  init?(argument: String) {
    if let operation = Int64(argument), operation >= 0 {
      moment = .operation(operation)
    } else if let time = UTCTime(argument) {
      moment = .time(time.milliseconds)
    } else {
      return nil
    }
  }

  var argumentText: String? {
    switch moment {
    case .latest: nil
    case .operation(let number): "\(number)"
    case .time(let time): UTCTime(milliseconds: time).text
    }
  }
  static var expectation: String {
    "an operation's number, or a time such as 2026-02-03T12:30:00Z"
  }
  static var placeholder: String { "OP|TIME" }
}

/// Who edits, and what they have to say.
struct EditSignature {
  var user = ""
  var note = ""

  static let arguments: [Argument<Self>] = [
    .option("--as", \.user, .required, placeholder: "NAME", "Who edits."),
    .option("--note", \.note, placeholder: "TEXT", "What to remember of the edit."),
  ]

  var signature: OperationLog.Signature { OperationLog.Signature(user: user, note: note) }
}

/// A time in UTC, to the millisecond.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// <https://howardhinnant.github.io/date_algorithms.html>
struct UTCTime: Hashable, Sendable {
  /// Since the beginning of 1970.
  var milliseconds: Int64

  init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Reads `2026-02-03`, `2026-02-03T12:30`, `…:00` or `…:00.250`, a Z behind it or not.
  init?(_ text: String) {
    var text = text[...]
    if text.hasSuffix("Z") { text.removeLast() }
    let halves = text.split(separator: "T", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count) else { return nil }
    func numbers(_ text: Substring, _ separator: Character, widths: [Int]) -> [Int64]? {
      let words = text.split(separator: separator, omittingEmptySubsequences: false)
      guard words.count <= widths.count,
        zip(words, widths).allSatisfy({ word, width in
          word.utf8.count == width && word.utf8.allSatisfy { (0x30...0x39).contains($0) }
        })
      else { return nil }
      return words.compactMap { Int64($0) }
    }
    guard let date = numbers(halves[0], "-", widths: [4, 2, 2]), date.count == 3,
      (1...12).contains(date[1]), (1...31).contains(date[2])
    else { return nil }
    var clock: [Int64] = [0, 0, 0]
    var fraction: Int64 = 0
    if halves.count == 2 {
      let parts = halves[1].split(
        separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      guard let read = numbers(parts[0], ":", widths: [2, 2, 2]), read.count >= 2 else {
        return nil
      }
      clock = read.count == 3 ? read : read + [0]
      if parts.count == 2 {
        guard read.count == 3, let read = numbers(parts[1], ".", widths: [3]) else { return nil }
        fraction = read[0]
      }
    }
    guard clock[0] < 24, clock[1] < 60, clock[2] < 60 else { return nil }
    let seconds = (clock[0] * 60 + clock[1]) * 60 + clock[2]
    let day = Self.day(year: date[0], month: date[1], day: date[2])
    milliseconds = (day * 86_400 + seconds) * 1000 + fraction
    // The 31st of a short month is no day.
    guard self.text.hasPrefix(String(halves[0])) else { return nil }
  }

  /// The time as `2026-02-03T12:30:00.250Z`.
  var text: String {
    var day = milliseconds / 86_400_000
    var rest = milliseconds % 86_400_000
    if rest < 0 { (day, rest) = (day - 1, rest + 86_400_000) }
    let (year, month, date) = Self.date(day)
    func digits(_ value: Int64, _ width: Int) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { digits($0, 2) }
    return "\(digits(year, 4))-\(digits(month, 2))-\(digits(date, 2))T"
      + "\(clock.joined(separator: ":")).\(digits(rest % 1000, 3))Z"
  }

  /// Days since the beginning of 1970, in years that begin in March.
  private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func date(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    )
  }
}
