import Codecs
import Tensors

/// The levels of a U-Net, and the layers that its architectures share.
struct NetworkLevels {
  /// The channels of each level, finest first.
  let widths: [Int]
  /// The edges of each level's kernels.
  let kernels: [AxisTriple]
  /// The factors from each level to the next coarser one.
  let factors: [AxisTriple]
  let activation: LayerActivation
  let normalization: LayerNormalization
  let upsampling: Upsampling

  /// Reads the settings that U-Nets have in common.
  init(_ settings: inout SettingsReader, widths standard: [Int]) throws(SettingsError) {
    widths = try settings.widths(default: standard)
    kernels = try settings.kernels("kernels", count: widths.count)
    factors = try settings.factors("pooling", count: widths.count - 1)
    activation = try settings.choice("activation", default: .relu)
    normalization = try settings.choice("normalization", default: .none)
    upsampling = try settings.choice("upsampling", default: .transposed)
  }

  /// About how many weights there are with a number of convolutions at each level.
  func parameterCount(convolutions: Int, _ inputChannels: Int) -> Int {
    var count = 0
    for (index, width) in widths.enumerated() {
      let taps = kernels[index].components.reduce(1, *)
      let widest = max(width, index == 0 ? inputChannels : widths[index - 1])
      count += convolutions * taps * width * widest
      if index > 0 { count += factors[index - 1].components.reduce(1, *) * width * widest }
    }
    return count
  }

  /// Adds a convolution with a level's kernel, its normalisation and, unless a sum comes before it,
  /// its activation.
  func layer(
    _ graph: inout GraphBuilder, _ name: String, _ input: GraphBuilder.Features, _ level: Int,
    kernel: AxisTriple? = nil, stride: AxisTriple = AxisTriple(1),
    gain: Float = LayerGain.rectified, isActivated: Bool = true
  ) -> GraphBuilder.Features {
    var x = graph.convolution(
      name, input, channels: widths[level], kernel: kernel ?? kernels[level], stride: stride,
      gain: gain, hasBias: normalization == .none)
    if normalization == .instance {
      x = graph.instanceNormalization("\(name).normalization", x)
    }
    return isActivated ? graph.activation("\(name).\(activation.rawValue)", x, activation) : x
  }

  /// Adds what brings the features of the next coarser level to a level's resolution and width.
  func enlarged(
    _ graph: inout GraphBuilder, _ name: String, _ input: GraphBuilder.Features, to level: Int
  ) -> GraphBuilder.Features {
    let factor = factors[level]
    guard upsampling != .transposed else {
      return graph.transposedConvolution(
        "\(name).transposed", input, channels: widths[level], factor: factor,
        gain: LayerGain.plain)
    }
    // The convolution of one voxel comes first: it gives the same and has less to do.
    let narrowed = graph.convolution(
      "\(name).narrowing", input, channels: widths[level], kernel: AxisTriple(1),
      gain: LayerGain.plain)
    guard factor != AxisTriple(1) else { return narrowed }
    return graph.enlargement(
      "\(name).enlargement", narrowed, factor: factor, isLinear: upsampling == .linear)
  }
}
