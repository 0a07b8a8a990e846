public import Codecs
import Tensors

/// The stack of convolutions of a flood-filling network: modules of two convolutions at full
/// resolution, each adding its result to what it was given.
///
/// | setting | value | default |
/// |---|---|---|
/// | `depth` | modules, the first of which adds nothing | 12 |
/// | `features` | channels | 32 |
/// | `kernel` | edges of the kernels, (z, y, x) | 3,3,3 |
/// | `adds_mask` | whether the output is added to the second input channel, a mask's logits | false |
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4.
public struct FloodFillingStack: NetworkArchitecture {
  /// `ffn`.
  public static let name = "ffn"
  /// What it is.
  public static let summary = "residual convolutions at full resolution, as flood filling uses them"

  private let depth: Int
  private let features: Int
  private let kernel: AxisTriple
  private let addsMask: Bool

  /// A stack whose output is added to the mask's logits.
  ///
  /// - Parameters:
  ///   - depth: The modules.
  ///   - features: The channels.
  public init(depth: Int = 12, features: Int = 32) {
    self.depth = depth
    self.features = features
    kernel = AxisTriple(3)
    addsMask = true
  }

  /// Reads the settings.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    depth = try settings.int("depth", default: 12, in: 1...64)
    features = try settings.int("features", default: 32, in: 1...1024)
    kernel = try settings.kernel("kernel", default: AxisTriple(3))
    addsMask = try settings.bool("adds_mask", default: false)
  }

  /// Builds the network.
  public func model(
    inputChannels: Int, outputChannels: Int, seed: UInt64
  ) throws(ModelError) -> ONNXModel {
    try check(inputChannels: inputChannels, outputChannels: outputChannels)
    guard !addsMask || (inputChannels, outputChannels) == (2, 1) else {
      throw ModelError(
        .mismatch, "a network that adds to a mask reads image and mask and gives the mask",
        found: "\(inputChannels) channels in, \(outputChannels) out", expected: "2 in, 1 out",
        remedy: "leave out adds_mask")
    }
    let taps = kernel.components.reduce(1, *)
    try check(parameterCount: features * taps * (inputChannels + features * (2 * depth - 1)))
    var graph = GraphBuilder(inputChannels: inputChannels, seed: seed)
    var x = graph.input
    for index in 0..<depth {
      let name = "module\(index)"
      let kept = x
      if index > 0 { x = graph.activation("\(name).relu1", x, .relu) }
      x = graph.convolution(
        "\(name).convolution1", x, channels: features, kernel: kernel, gain: LayerGain.rectified)
      x = graph.activation("\(name).relu2", x, .relu)
      x = graph.convolution(
        "\(name).convolution2", x, channels: features, kernel: kernel,
        gain: index == 0 ? LayerGain.plain : LayerGain.branch(of: depth - 1))
      if index > 0 { x = graph.sum("\(name).sum", x, kept) }
    }
    x = graph.activation("output.relu", x, .relu)
    x = graph.convolution(
      "output.convolution", x, channels: outputChannels, kernel: AxisTriple(1),
      gain: LayerGain.last)
    if addsMask {
      let mask = graph.channel("output.mask", graph.input, 1)
      x = graph.sum("output.sum", x, mask)
    }
    return graph.finished(x)
  }
}
