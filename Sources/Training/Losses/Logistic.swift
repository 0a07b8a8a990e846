/// The logistic function of a logit and what cross-entropy needs besides.
package struct Logistic {
  /// 1 / (1 + e^−x), the probability of 1.
  package let probability: Float
  /// log(1 + e^−|x|), in (0, log 2].
  package let remainder: Float

  /// Computes both to within two units in the last place, for logits of any size.
  ///
  /// Without branches or calls, so that the loops of losses run on vectors. The exponential is
  /// 2^k · 2^f with the polynomial of Taylor for |f| ≤ ½; the logarithm is
  /// 2 · artanh(e / (2 + e)), whose argument is at most ⅓.
  @inline(__always)
  package init(_ logit: Float) {
    let power = max(-logit.magnitude, -87) * 1.442_695_04
    // Adding 1.5 · 2²³ rounds to a whole number, which then stands in the lowest bits.
    let shifted = power + 12_582_912
    let fraction = (power - (shifted - 12_582_912)) * 0.693_147_18
    let scale = Float(
      bitPattern: (shifted.bitPattern &- 0x4B40_0000 &+ 127) << 23)
    var series = 1 + fraction * (1 / 7)
    series = 1 + fraction * (1 / 6) * series
    series = 1 + fraction * (1 / 5) * series
    series = 1 + fraction * (1 / 4) * series
    series = 1 + fraction * (1 / 3) * series
    series = 1 + fraction * (1 / 2) * series
    series = 1 + fraction * series
    let exponential = series * scale
    let inverse = 1 / (1 + exponential)
    probability = logit >= 0 ? inverse : exponential * inverse
    let ratio = exponential / (2 + exponential)
    let square = ratio * ratio
    var sum = 1 / 13 as Float
    sum = 1 / 11 + square * sum
    sum = 1 / 9 + square * sum
    sum = 1 / 7 + square * sum
    sum = 1 / 5 + square * sum
    sum = 1 / 3 + square * sum
    remainder = 2 * ratio * (1 + square * sum)
  }
}
