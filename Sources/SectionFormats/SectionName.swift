/// The name of a section's file, taken apart into text and numbers: `img_007.tif` is
/// `img_`, 007, `.tif`.
struct SectionName: Comparable {
  /// The path the name was taken from.
  let path: String
  /// The parts between the numbers of the path's last component; one more than there are numbers.
  let texts: [Substring]
  /// The digits of each number.
  let digits: [Substring]

  init(path: String) {
    self.path = path
    let name = path.split(separator: "/", omittingEmptySubsequences: true).last ?? path[...]
    var texts: [Substring] = []
    var digits: [Substring] = []
    var rest = name
    while true {
      let text = rest.prefix { !SectionName.isDigit($0) }
      texts.append(text)
      rest = rest[text.endIndex...]
      guard !rest.isEmpty else { break }
      let number = rest.prefix(while: SectionName.isDigit)
      digits.append(number)
      rest = rest[number.endIndex...]
    }
    self.texts = texts
    self.digits = digits
  }

  private static func isDigit(_ character: Character) -> Bool {
    ("0"..."9").contains(character)
  }

  /// The last component of the path.
  var name: Substring { path.split(separator: "/").last ?? path[...] }

  /// Orders numbers by value and everything else by its text: `2` before `10`.
  static func < (left: SectionName, right: SectionName) -> Bool {
    for index in 0..<min(left.texts.count, right.texts.count) {
      if left.texts[index] != right.texts[index] { return left.texts[index] < right.texts[index] }
      guard index < left.digits.count, index < right.digits.count else { break }
      let first = left.digits[index].drop { $0 == "0" }
      let second = right.digits[index].drop { $0 == "0" }
      if first.count != second.count { return first.count < second.count }
      if first != second { return first < second }
    }
    if left.digits.count != right.digits.count { return left.digits.count < right.digits.count }
    return left.path < right.path
  }

  static func == (left: SectionName, right: SectionName) -> Bool { left.path == right.path }

  /// The name with one of its numbers replaced, as wide as before.
  func name(number index: Int, replacedBy value: Int) -> String {
    var result = String(texts[0])
    for (position, text) in texts.dropFirst().enumerated() {
      if position == index {
        let number = String(value)
        result += String(repeating: "0", count: max(0, digits[index].count - number.count))
        result += number
      } else {
        result += digits[position]
      }
      result += text
    }
    return result
  }
}
