/// How exactly the convolutions of a program are computed.
///
/// Errors are relative: the largest difference from exact arithmetic, over the largest value of the
/// exact result. Tensors between operations hold 32-bit floats in every case.
public enum Precision: String, CaseIterable, Hashable, Sendable {
  /// As exact as 32-bit arithmetic is: an error of at most 2·10⁻⁶ per convolution.
  case float32
  /// Nearly as exact and faster: an error of at most 2·10⁻⁵ per convolution.
  case nearFloat32
  /// Products of 16-bit brain floats, added up in 32 bits: an error of about 10⁻².
  case bfloat16
}
