import Glibc

/// The cube root of a number.
func cubeRoot(_ value: Double) -> Double { cbrt(value) }

/// The cosine of an angle in degrees.
func cosine(degrees: Double) -> Double { cos(degrees * .pi / 180) }

/// Replaces each signal by its natural logarithm, those that are not positive by 0.
@inline(__always)
func replaceByLogarithms(_ signals: inout MutableSpan<Float>) {
  for index in 0..<signals.count {
    let signal = signals[index]
    signals[index] = signal > 0 ? logf(signal) : 0
  }
}

/// The cosine and the sine of an angle in radians.
@inline(__always)
func cosineAndSine(_ angle: Float) -> SIMD2<Float> { SIMD2(cosf(angle), sinf(angle)) }

/// The sine of an angle in radians.
@inline(__always)
func sine(_ angle: Float) -> Float { sinf(angle) }

/// A positive number to a power.
@inline(__always)
func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }

/// e to a power.
@inline(__always)
func exponential(_ power: Float) -> Float { expf(power) }

/// The natural logarithm of a positive number.
@inline(__always)
func logarithm(_ value: Float) -> Float { logf(value) }

/// The angle in radians, 0 to π, of a cosine and a sine.
@inline(__always)
func angleOf(cosine: Float, sine: Float) -> Float { atan2f(sine, cosine) }
