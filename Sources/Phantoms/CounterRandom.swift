/// Random numbers that are a function of a key and a counter, never of what was drawn before.
///
/// Only integer arithmetic, conversions and IEEE operations are used, so that every machine draws
/// the same values.
///
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators" (the
/// finaliser of SplitMix64).
struct CounterRandom: Hashable, Sendable {
  private var key: UInt64

  init(seed: UInt64) {
    key = Self.mixed(seed ^ 0x9e37_79b9_7f4a_7c15)
  }

  /// The stream of a purpose, row or lattice point; counters absorbed in turn.
  func keyed(_ first: Int) -> CounterRandom {
    var result = self
    result.absorb(first)
    return result
  }

  func keyed(_ first: Int, _ second: Int) -> CounterRandom {
    keyed(first).keyed(second)
  }

  func keyed(_ first: Int, _ second: Int, _ third: Int) -> CounterRandom {
    keyed(first).keyed(second).keyed(third)
  }

  /// 64 random bits for a counter.
  func bits(_ counter: Int) -> UInt64 {
    Self.mixed(key &+ UInt64(truncatingIfNeeded: counter) &* 0x9e37_79b9_7f4a_7c15)
  }

  /// A number in [0, 1) for a counter.
  func unit(_ counter: Int) -> Float {
    Float(bits(counter) >> 40) * 0x1p-24
  }

  /// A number in [-1, 1) for a counter.
  func signed(_ counter: Int) -> Float {
    unit(counter) * 2 - 1
  }

  /// A nearly normal number of mean 0 and variance 1: four 16-bit uniform numbers, summed.
  func normal(_ counter: Int) -> Float {
    let word = bits(counter)
    let sum =
      (word & 0xffff) &+ (word >> 16 & 0xffff) &+ (word >> 32 & 0xffff) &+ word >> 48
    // Each uniform number has the variance 65536² / 12.
    return (Float(Int64(bitPattern: sum)) - 131_070) * (1.732_050_8 / 65_536)
  }

  private mutating func absorb(_ counter: Int) {
    key = Self.mixed(key &+ UInt64(truncatingIfNeeded: counter) &* 0xd1b5_4a32_d192_ed03)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var word = value
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
