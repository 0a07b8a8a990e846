/// The numbers of NumPy's `RandomState`, which flood filling breaks ties with.
///
/// Source: Matsumoto & Nishimura 1998, doi:10.1145/272991.272995 (MT19937); NumPy's
/// `random_sample` takes 53 bits of two numbers.
struct LegacyRandom {
  private var state: [UInt32]
  private var index = 624

  init(seed: UInt32) {
    state = [seed]
    for position in 1..<624 {
      let last = state[position - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(position))
    }
  }

  private mutating func renew() {
    for position in 0..<624 {
      let bits = (state[position] & 0x8000_0000) | (state[(position + 1) % 624] & 0x7fff_ffff)
      state[position] =
        state[(position + 397) % 624] ^ (bits >> 1) ^ (bits & 1 == 1 ? 0x9908_b0df : 0)
    }
    index = 0
  }

  private mutating func next() -> UInt32 {
    if index == 624 { renew() }
    var bits = state[index]
    index += 1
    bits ^= bits >> 11
    bits ^= (bits << 7) & 0x9d2c_5680
    bits ^= (bits << 15) & 0xefc6_0000
    return bits ^ (bits >> 18)
  }

  /// A number in [0, 1).
  mutating func uniform() -> Double {
    let (high, low) = (next() >> 5, next() >> 6)
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }
}
