/// Random numbers of one sample: the same for the same seed and counters, on every machine.
///
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators" (SplitMix64).
public struct SampleGenerator: RandomNumberGenerator, Hashable, Sendable {
  private var state: UInt64

  /// Starts the sequence of a seed.
  public init(seed: UInt64) {
    state = Self.mixed(seed ^ 0x9e37_79b9_7f4a_7c15)
  }

  /// A sequence of its own for a counter: a step, a sample of it, an augmentation.
  public func keyed(_ counter: Int) -> SampleGenerator {
    var result = self
    result.state = Self.mixed(
      state &+ UInt64(truncatingIfNeeded: counter) &* 0xd1b5_4a32_d192_ed03 &+ 0x2545_f491_4f6c_dd1d
    )
    return result
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mixed(state)
  }

  /// A sequence of its own, whatever is drawn from this one later.
  public mutating func split() -> SampleGenerator { SampleGenerator(seed: next()) }

  /// A number in [0, 1).
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Whether something of a probability happens.
  public mutating func happens(_ probability: Double) -> Bool { unit() < probability }

  /// A number, all of a range alike.
  public mutating func number(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// A whole number, all of a range alike.
  public mutating func integer(in range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &self)
  }

  /// A nearly normal number of mean 0 and variance 1, within ±3.47: four 16-bit uniform numbers,
  /// summed, so that every machine draws the same.
  public mutating func normal() -> Float {
    let word = next()
    let sum =
      (word & 0xffff) &+ (word >> 16 & 0xffff) &+ (word >> 32 & 0xffff) &+ word >> 48
    // Each uniform number has the variance 65536² / 12.
    return (Float(Int64(bitPattern: sum)) - 131_070) * (1.732_050_8 / 65_536)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var word = value
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
