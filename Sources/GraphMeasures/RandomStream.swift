/// Random numbers of one numbered stream: the same in every run, whatever thread draws them.
///
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
struct RandomStream: RandomNumberGenerator {
  private var state: UInt64

  /// Starts a stream.
  ///
  /// - Parameters:
  ///   - seed: What the user gave.
  ///   - number: Which of the streams of this seed, such as that of one permutation.
  init(seed: UInt64, number: Int) {
    state = seed
    // Neighbouring numbers are to give streams that have nothing in common.
    let scrambled = next() ^ (UInt64(truncatingIfNeeded: number) &* 0xD134_2543_DE82_EF95)
    state = scrambled
    state = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// A whole number, evenly from 0 up to a bound.
  mutating func index(below bound: Int) -> Int {
    // Lemire 2019, "Fast random integer generation in an interval": the product's high word.
    let range = UInt64(bound)
    while true {
      let (high, low) = range.multipliedFullWidth(by: next())
      if low >= (0 &- range) % range { return Int(high) }
    }
  }
}
