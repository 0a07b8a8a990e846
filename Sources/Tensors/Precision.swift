/// How exactly the convolutions of a program are computed.
///
/// Errors are relative: the largest difference from exact arithmetic, over the largest value of the
/// exact result.
public enum Precision: String, CaseIterable, Hashable, Sendable {
  /// As exact as 32-bit arithmetic is: an error of at most 2·10⁻⁶ per convolution.
  case float32
  /// Nearly as exact and faster: an error of at most 2·10⁻⁵ per convolution.
  case nearFloat32
  /// Products of 16-bit brain floats, added up in 32 bits: an error of about 10⁻². Tensors between
  /// operations hold brain floats too, in half the memory.
  case bfloat16

  /// The fastest precision on this processor that is at least as exact.
  ///
  /// Without matrix tiles, Winograd's method on 32-bit numbers beats the definition on brain floats:
  /// by 1.2 to 1.4 on the networks that `tools/bench/predict` measures.
  public var fastest: Precision {
    fastest(hasKernels: ConvolutionEngine.hasKernels, hasTiles: ConvolutionEngine.hasMatrixTiles)
  }

  package func fastest(hasKernels: Bool, hasTiles: Bool) -> Precision {
    self == .bfloat16 && hasKernels && !hasTiles ? .nearFloat32 : self
  }

  /// The precision that a processor runs: 32-bit arithmetic where it lacks the instructions.
  package func realized(hasBFloat16: Bool) -> Precision {
    self == .bfloat16 && !hasBFloat16 ? .float32 : self
  }
}
