/// Random numbers of one seed: a function of the run's seed, the seed's number and how many were drawn.
///
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
struct SeedRandom: RandomNumberGenerator {
  private var state: UInt64

  init(run: UInt64, number: Int) {
    state = Self.mixed(
      Self.mixed(run ^ 0x9e37_79b9_7f4a_7c15)
        &+ UInt64(truncatingIfNeeded: number) &* 0xd1b5_4a32_d192_ed03)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mixed(state)
  }

  /// A number in [0, 1).
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A whole number below a bound.
  mutating func index(below bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var word = value
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
