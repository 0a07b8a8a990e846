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
