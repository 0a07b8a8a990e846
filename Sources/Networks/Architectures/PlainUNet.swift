public import Codecs
import Tensors

/// A U-Net: at each level a row of convolutions, maximum pooling on the way down, transposed
/// convolution and concatenation on the way up.
///
/// | setting | value | default |
/// |---|---|---|
/// | `widths` | channels of each level, finest first | 16, 32, 64, 128 |
/// | `convolutions` | convolutions of each level, on each way | 2 |
/// | `kernels` | edges of the kernels, (z, y, x), for all levels or one triple for each | 3,3,3 |
/// | `pooling` | factors between levels, for all steps or one triple for each | 2,2,2 |
/// | `activation` | `relu` or `elu` | `relu` |
/// | `normalization` | `none` or `instance` | `none` |
/// | `upsampling` | `transposed`, `nearest` or `linear` (after a convolution of one voxel) | `transposed` |
///
/// Source: Çiçek et al. 2016, doi:10.1007/978-3-319-46723-8_49.
public struct PlainUNet: NetworkArchitecture {
  /// `unet`.
  public static let name = "unet"
  /// What it is.
  public static let summary = "plain U-Net: convolutions, maximum pooling, concatenation"

  private let levels: NetworkLevels
  private let convolutions: Int

  /// Reads the settings.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    levels = try NetworkLevels(&settings, widths: [16, 32, 64, 128])
    convolutions = try settings.int("convolutions", default: 2, in: 1...8)
  }

  /// Builds the network.
  public func model(
    inputChannels: Int, outputChannels: Int, seed: UInt64
  ) throws(ModelError) -> ONNXModel {
    try check(inputChannels: inputChannels, outputChannels: outputChannels)
    try check(
      parameterCount: levels.parameterCount(convolutions: 2 * convolutions + 1, inputChannels))
    var graph = GraphBuilder(inputChannels: inputChannels, seed: seed)
    var x = graph.input
    var skips: [GraphBuilder.Features] = []
    for level in levels.widths.indices {
      if level > 0 {
        skips.append(x)
        x = graph.maximumPooling("down\(level).pooling", x, factor: levels.factors[level - 1])
      }
      x = row(&graph, "down\(level)", x, level)
    }
    for level in levels.widths.indices.dropLast().reversed() {
      x = levels.enlarged(&graph, "up\(level)", x, to: level)
      x = graph.concatenation("up\(level).joined", x, skips[level])
      x = row(&graph, "up\(level)", x, level)
    }
    x = graph.convolution(
      "output", x, channels: outputChannels, kernel: AxisTriple(1), gain: LayerGain.last)
    return graph.finished(x)
  }

  /// The convolutions of a level.
  private func row(
    _ graph: inout GraphBuilder, _ name: String, _ input: GraphBuilder.Features, _ level: Int
  ) -> GraphBuilder.Features {
    var x = input
    for number in 1...convolutions {
      x = levels.layer(&graph, "\(name).convolution\(number)", x, level)
    }
    return x
  }
}
