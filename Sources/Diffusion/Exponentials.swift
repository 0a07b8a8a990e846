import Glibc

/// e to a power.
func exponential(_ power: Double) -> Double { Glibc.exp(power) }

/// Replaces each value by e to its power.
func replaceByExponentials(_ values: inout MutableSpan<Double>) {
  for index in 0..<values.count { values[index] = Glibc.exp(values[index]) }
}

/// Replaces each value by its natural logarithm.
func replaceByLogarithms(_ values: inout MutableSpan<Double>) {
  for index in 0..<values.count { values[index] = Glibc.log(values[index]) }
}

/// The cosine of an angle in radians.
func cosine(of angle: Double) -> Double { Glibc.cos(angle) }
