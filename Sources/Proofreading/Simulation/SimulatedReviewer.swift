/// A reviewer who knows the truth, and errs now and then.
public struct SimulatedReviewer: Hashable, Sendable {
  /// The reviewer's name.
  public var name: String
  /// How often the verdict is the wrong one of two, in 0...1.
  public var errorRate: Double
  /// What the errors depend on: the same seed errs in the same tasks, whatever their order.
  public var seed: UInt64

  /// Creates a reviewer.
  public init(_ name: String, errorRate: Double = 0, seed: UInt64 = 1) {
    precondition((0...1).contains(errorRate), "an error rate is a share")
    self.name = name
    self.errorRate = errorRate
    self.seed = seed
  }

  /// The verdict on the question whether two segments are one.
  ///
  /// - Parameters:
  ///   - task: what tells tasks apart.
  ///   - isOne: whether they are.
  /// - Returns: ``Verdict/merge`` or ``Verdict/keepApart``.
  public func verdict(on task: Int, isOne: Bool) -> Verdict {
    var mixed = SplitMix(state: seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: Int64(task)))
    let draw = Double(mixed.next() >> 11) * 0x1p-53
    return (draw < errorRate) != isOne ? .merge : .keepApart
  }
}

/// Random numbers that are the same in every run (SplitMix64).
///
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
