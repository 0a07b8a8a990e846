public import Codecs
import Tensors

/// A residual symmetric U-Net: at each level, on both ways, a convolution and then two more whose
/// result is added to it; features are summed, or concatenated, across.
///
/// Kernels and pooling of each level suit anisotropic data: 1×3×3 and 1×2×2 at the fine levels,
/// until voxels are about as long as wide.
///
/// | setting | value | default |
/// |---|---|---|
/// | `widths` | channels of each level, finest first | 16, 32, 64, 128 |
/// | `kernels` | edges of the kernels, (z, y, x), for all levels or one triple for each | 3,3,3 |
/// | `pooling` | factors between levels, for all steps or one triple for each | 2,2,2 |
/// | `input_kernel` | edges of the first convolution's kernel | that of the finest level |
/// | `output_kernel` | edges of the last convolution's kernel | 1,1,1 |
/// | `activation` | `relu` or `elu` | `relu` |
/// | `normalization` | `none` or `instance` | `none` |
/// | `skip` | `sum` or `concatenation` | `sum` |
/// | `downsampling` | `maximum` (pooling) or `strided` (convolution) | `maximum` |
/// | `upsampling` | `transposed`, `nearest` or `linear` (after a convolution of one voxel) | `transposed` |
///
/// Source: Lee et al. 2017, arXiv:1706.00120.
public struct ResidualUNet: NetworkArchitecture {
  /// `residual-unet`.
  public static let name = "residual-unet"
  /// What it is.
  public static let summary = "residual symmetric U-Net, also for anisotropic voxels"

  private let levels: NetworkLevels
  private let inputKernel: AxisTriple
  private let outputKernel: AxisTriple
  private let skip: SkipJoining
  private let downsampling: Downsampling

  /// Reads the settings.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    levels = try NetworkLevels(&settings, widths: [16, 32, 64, 128])
    inputKernel = try settings.kernel("input_kernel", default: levels.kernels[0])
    outputKernel = try settings.kernel("output_kernel", default: AxisTriple(1))
    skip = try settings.choice("skip", default: .sum)
    downsampling = try settings.choice("downsampling", default: .maximum)
    guard downsampling == .strided else { return }
    for (level, factor) in levels.factors.enumerated() {
      let kernel = levels.kernels[level + 1]
      guard zip(kernel.components, factor.components).allSatisfy({ $0 >= $1 }) else {
        throw SettingsError(
          settings.key(of: "downsampling"), "steps over voxels that no kernel sees",
          found: "factors \(factor.components) before kernels \(kernel.components)",
          expected: "kernels as long as the factors", remedy: "use maximum, or larger kernels")
      }
    }
  }

  /// Builds the network.
  public func model(
    inputChannels: Int, outputChannels: Int, seed: UInt64
  ) throws(ModelError) -> ONNXModel {
    try check(inputChannels: inputChannels, outputChannels: outputChannels)
    try check(parameterCount: levels.parameterCount(convolutions: 7, inputChannels))
    var graph = GraphBuilder(inputChannels: inputChannels, seed: seed)
    var x = graph.input
    var skips: [GraphBuilder.Features] = []
    for level in levels.widths.indices {
      var stride = AxisTriple(1)
      if level > 0 {
        skips.append(x)
        switch downsampling {
        case .maximum:
          x = graph.maximumPooling("down\(level).pooling", x, factor: levels.factors[level - 1])
        case .strided: stride = levels.factors[level - 1]
        }
      }
      x = block(
        &graph, "down\(level)", x, level, kernel: level == 0 ? inputKernel : nil, stride: stride)
    }
    for level in levels.widths.indices.dropLast().reversed() {
      x = levels.enlarged(&graph, "up\(level)", x, to: level)
      switch skip {
      case .sum: x = graph.sum("up\(level).joined", x, skips[level])
      case .concatenation: x = graph.concatenation("up\(level).joined", x, skips[level])
      }
      x = block(&graph, "up\(level)", x, level)
    }
    x = graph.convolution(
      "output", x, channels: outputChannels, kernel: outputKernel, gain: LayerGain.last)
    return graph.finished(x)
  }

  /// A convolution, and two more whose result is added to its own.
  private func block(
    _ graph: inout GraphBuilder, _ name: String, _ input: GraphBuilder.Features, _ level: Int,
    kernel: AxisTriple? = nil, stride: AxisTriple = AxisTriple(1)
  ) -> GraphBuilder.Features {
    let entry = levels.layer(
      &graph, "\(name).entry", input, level, kernel: kernel, stride: stride)
    let first = levels.layer(&graph, "\(name).residual1", entry, level)
    let second = levels.layer(
      &graph, "\(name).residual2", first, level,
      gain: LayerGain.branch(of: 2 * levels.widths.count - 1), isActivated: false)
    let sum = graph.sum("\(name).sum", second, entry)
    return graph.activation("\(name).\(levels.activation.rawValue)", sum, levels.activation)
  }
}
