import COneDNN

/// How the numbers that a training's convolutions multiply are stored.
///
/// Whatever they are, products are added up in 32 bits, and everything else — parameters, gradients,
/// tensors between operations, normalisation — is float32.
public enum TrainingPrecision: String, CaseIterable, Hashable, Sendable {
  /// 32-bit floats.
  case float32
  /// Brain floats: the upper half of a float32. Tensors, output gradients and weights are rounded
  /// on the way into each convolution, and into each of its gradients.
  case bfloat16

  /// Whether this processor multiplies such numbers.
  public var isSupported: Bool { isSupported(hasBFloat16: Engine.hasBFloat16) }

  package func isSupported(hasBFloat16: Bool) -> Bool { self == .float32 || hasBFloat16 }

  /// Whether 32-bit floats take less time on this processor.
  ///
  /// Brain floats have twice the multiplications per instruction; Winograd's method, for which they
  /// are too coarse, needs a sixth to a third of the multiplications. Matrix tiles have sixteen
  /// times as many.
  public var isSlowerThanFloat32: Bool {
    self == .bfloat16 && ConvolutionEngine.hasKernels && !ConvolutionEngine.hasMatrixTiles
  }
}

extension TrainingProgramBuilder {
  /// How the numbers that an operation multiplies are stored: as the program's precision says, where
  /// oneDNN has fast code for it.
  func format(
    of describe: (NumberFormat) throws(TensorError) -> PrimitiveDescriptor
  ) -> NumberFormat {
    guard precision == .bfloat16, let descriptor = try? describe(.bfloat16),
      !descriptor.isReference
    else { return .float32 }
    return .bfloat16
  }

  /// A tensor of the forward pass as an operand in a format; what was rounded once is read again by
  /// later operations, those of the backward pass too.
  mutating func operand(
    _ argument: Int32, _ place: Place, _ shape: TensorShape, as format: NumberFormat,
    in pass: WritableKeyPath<TrainingProgramBuilder, [Step]>
  ) throws(TensorError) -> Operand {
    let layout = try TensorLayout.channelsLast(shape, format)
    guard format == .bfloat16 else {
      return Operand(argument: argument, place: place, layout: layout)
    }
    if let known = rounded[place] {
      return Operand(argument: argument, place: known, layout: layout)
    }
    let copy = addStorage(layout)
    try self[keyPath: pass].append(
      Self.reorder(from: place, .channelsLast(shape), to: copy, layout))
    rounded[place] = copy
    return Operand(argument: argument, place: copy, layout: layout)
  }

  /// The gradient of an operation's result as an operand in a format.
  ///
  /// Gradients change while they are added up: a rounded copy holds for one operation's gradients,
  /// until ``forgetRoundedGradient(_:)``.
  mutating func gradientOperand(
    _ argument: Int32, _ place: Place, _ shape: TensorShape, as format: NumberFormat
  ) throws(TensorError) -> Operand {
    try operand(argument, place, shape, as: format, in: \.backward)
  }

  /// Ends the use of a gradient's rounded copy.
  mutating func forgetRoundedGradient(_ place: Place) {
    rounded[place] = nil
  }
}
