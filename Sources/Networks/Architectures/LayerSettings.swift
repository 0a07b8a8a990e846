import Codecs
import Tensors

/// A function applied to each value after a layer.
enum LayerActivation: String, CaseIterable {
  case relu, elu
}

/// What a convolution's result is normalised by.
enum LayerNormalization: String, CaseIterable {
  case none, instance
}

/// How features get to the finer level.
enum Upsampling: String, CaseIterable {
  /// A transposed convolution.
  case transposed
  /// A convolution of one voxel, then an enlargement.
  case nearest, linear
}

/// How features get to the coarser level.
enum Downsampling: String, CaseIterable {
  /// The largest value of each window.
  case maximum
  /// Steps of the coarser level's first convolution.
  case strided
}

/// How the finer level's features are joined with those from the coarser one.
enum SkipJoining: String, CaseIterable {
  case sum, concatenation
}

extension SettingsReader {
  /// One of an enumeration's words.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, default standard: Choice
  ) throws(SettingsError) -> Choice {
    let words = Choice.allCases.map { $0.rawValue }
    let word = try word(name, among: words, default: standard.rawValue)
    return Choice(rawValue: word) ?? standard
  }

  /// The edges of a convolution's kernel along (z, y, x).
  mutating func kernel(
    _ name: String, default standard: AxisTriple
  ) throws(SettingsError) -> AxisTriple {
    let numbers = try ints(name, default: standard.components)
    guard let kernel = Self.triple(numbers, where: Self.isEdge) else {
      throw wrongTriples(name, .array(numbers.map { .integer(Int64($0)) }), Self.edges)
    }
    return kernel
  }

  /// The edges of each level's kernels; one triple stands for all levels.
  mutating func kernels(_ name: String, count: Int) throws(SettingsError) -> [AxisTriple] {
    try triples(name, count: count, default: AxisTriple(3), where: Self.isEdge, Self.edges)
  }

  /// The factors between one level and the next; one triple stands for all of them.
  mutating func factors(_ name: String, count: Int) throws(SettingsError) -> [AxisTriple] {
    try triples(
      name, count: count, default: AxisTriple(2), where: { (1...4).contains($0) },
      "each from 1 to 4")
  }

  private static let edges = "each odd, from 1 to 9"
  private static func isEdge(_ number: Int) -> Bool {
    (1...9).contains(number) && number % 2 == 1
  }

  private mutating func triples(
    _ name: String, count: Int, default standard: AxisTriple, where isUsable: (Int) -> Bool,
    _ expected: String
  ) throws(SettingsError) -> [AxisTriple] {
    var triples = [AxisTriple](repeating: standard, count: count)
    let value = value(name)
    if let single = Self.triple((value.array ?? []).compactMap { $0.int }, where: isUsable) {
      triples = .init(repeating: single, count: count)
    } else if value != .null {
      triples = (value.array ?? []).compactMap { element in
        Self.triple((element.array ?? []).compactMap { $0.int }, where: isUsable)
      }
      guard let list = value.array, list.count == count, triples.count == count else {
        throw wrongTriples(name, value, "\(expected), or a list of \(count) such triples")
      }
    }
    complete(
      name,
      with: .array(
        triples.map { triple in .array(triple.components.map { .integer(Int64($0)) }) }))
    return triples
  }

  private static func triple(_ numbers: [Int], where isUsable: (Int) -> Bool) -> AxisTriple? {
    guard numbers.count == 3, numbers.allSatisfy(isUsable) else { return nil }
    return AxisTriple(z: numbers[0], y: numbers[1], x: numbers[2])
  }

  private func wrongTriples(
    _ name: String, _ value: JSONValue, _ expected: String
  ) -> SettingsError {
    SettingsError(
      key(of: name), "cannot be understood", found: value.shortText,
      expected: "three whole numbers for z, y, x, \(expected)")
  }

  /// The number of channels of each level, finest first.
  mutating func widths(default standard: [Int]) throws(SettingsError) -> [Int] {
    let widths = try ints("widths", in: 1...1024)
    guard let widths else {
      complete("widths", with: .array(standard.map { .integer(Int64($0)) }))
      return standard
    }
    guard (1...8).contains(widths.count) else {
      throw SettingsError(
        key(of: "widths"), "cannot be understood", found: "\(widths.count) levels",
        expected: "the channels of 1 to 8 levels, finest first")
    }
    return widths
  }
}
