import Codecs
import Networks
import Training
import Voxels

/// A network as it is stored once trained: its own channels only, with what they mean.
struct TrainedModel {
  /// The network as it is trained, with every head's channels.
  let network: ONNXModel
  let configuration: TrainingConfiguration
  let voxelSize: VoxelSize
  /// What the grey values that it is trained on are like.
  let input: ValueMoments
  let programVersion: String

  /// The links that watershed and agglomeration take.
  private static let nearest = [
    VoxelExtent(z: -1, y: 0, x: 0), VoxelExtent(z: 0, y: -1, x: 0), VoxelExtent(z: 0, y: 0, x: -1),
  ]

  /// The channels that are kept.
  private var channels: Range<Int> { configuration.keptChannels }

  private var targetOffsets: [VoxelExtent]? {
    (configuration.targets[0] as? AffinityTarget)?.offsets
  }

  /// Whether the network's affinities can be segmented: they relate all nearest neighbours.
  var canSegment: Bool {
    Self.nearest.allSatisfy { targetOffsets?.contains($0) == true }
  }

  /// The model with some parameters' values.
  ///
  /// - Parameters:
  ///   - parameters: The values of every parameter of ``network``.
  ///   - score: How it segments at the best cost, where that is known.
  ///   - step: The steps done.
  /// - Returns: The model to store.
  /// - Throws: ``ModelError`` where the auxiliary channels cannot be cut off.
  func model(
    parameters: [Float], score: SegmentationScore?, step: Int
  ) throws(ModelError) -> ONNXModel {
    var properties: [String: String] = [
      "task": configuration.task, "axes": "zyx", "input_scale": "1/255",
      "voxel_size_nm": voxelSize.text,
      "normalization_mean": shortText(input.mean),
      "normalization_std": shortText(input.standardDeviation), "activation": "sigmoid",
      "training_steps": "\(step)",
      "training_patch": configuration.patch.text,
    ]
    if let offsets = targetOffsets {
      properties["offsets"] = offsets.map { $0.text }.joined(separator: ";")
      properties["affinity_polarity"] = "1=same object"
    }
    if let names = configuration.channelNames {
      properties["channels"] = names.joined(separator: ",")
      // Each says something of single voxels: mirrored patches can be put together.
      properties["offsets"] = names.map { _ in VoxelExtent.zero.text }.joined(separator: ";")
    }
    if let score {
      properties["agglomeration_threshold"] = shortText(score.cost)
      properties["validation"] =
        "voi_split=\(shortText(score.split)) voi_merge=\(shortText(score.merge)) "
        + "arand=\(shortText(score.arand))"
    }
    let adjusted = network.replacingParameters(parameters.span)
    var cut = try adjusted.keepingOutputChannels(channels).settingMetadata(properties)
    cut.producerVersion = programVersion
    return cut
  }
}
