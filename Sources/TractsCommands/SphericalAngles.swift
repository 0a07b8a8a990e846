import Glibc

/// The unit vector of an azimuth and an elevation from the z axis, in radians.
func unitVector(azimuth: Double, elevation: Double) -> SIMD3<Double> {
  SIMD3(sin(elevation) * cos(azimuth), sin(elevation) * sin(azimuth), cos(elevation))
}
