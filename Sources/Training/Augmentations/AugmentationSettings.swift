import Codecs
import Voxels

extension SettingsReader {
  mutating func probability(
    _ name: String = "probability", default probability: Double
  ) throws(SettingsError) -> Double {
    try number(name, default: probability, in: 0...1)
  }

  /// Axes named by their letters, such as `zyx` or `yx`, as numbers (0 z, 1 y, 2 x) in order.
  mutating func axes(_ name: String, default word: String) throws(SettingsError) -> [Int] {
    let word = try self.word(
      name, among: ["zyx", "yx", "zy", "zx", "z", "y", "x"], default: word)
    return Array("zyx").indices.filter { word.contains(Array("zyx")[$0]) }
  }

  /// Two numbers, the lower first.
  mutating func range(
    _ name: String, default range: ClosedRange<Double>, in limits: ClosedRange<Double>
  ) throws(SettingsError) -> ClosedRange<Double> {
    let ends = try numbers(name, default: [range.lowerBound, range.upperBound], in: limits)
    guard ends[0] <= ends[1] else {
      throw SettingsError(
        key(of: name), "is no range", found: "[\(ends[0]), \(ends[1])]",
        expected: "the lower number first")
    }
    return ends[0]...ends[1]
  }
}
