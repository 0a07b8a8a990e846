import Networks
import Training
import Voxels

/// Judges networks by the volumes set aside for it.
struct Validator {
  let volumes: [AnnotatedVolume]
  let trained: TrainedModel
  /// What the loss is measured on.
  let samples: [PreparedSample]
  let settings: ScoringSettings
  /// What predicting may take, in bytes.
  let memory: Int
  let threads: Int

  /// What a judgement holds.
  struct Judgement {
    /// What is made small: the sum of both parts of the variation of information, or the loss.
    var score: Double
    /// The values of ``Validator/columns``.
    var values: [Double]
    /// The network that was judged.
    var model: ONNXModel
  }

  private var segments: Bool { trained.canSegment }

  /// The measures' names.
  var columns: [String] {
    guard !volumes.isEmpty else { return [] }
    return ["validation_loss"] + (segments ? ["voi_split", "voi_merge", "arand", "cost"] : [])
  }

  /// Checks that the networks to come can segment the volumes within the memory.
  ///
  /// - Throws: ``TrainingError`` with `limitExceeded`; ``ModelError`` where the network does not
  ///   fit.
  func check() throws {
    guard segments else { return }
    for volume in volumes {
      let bytes = volume.box.extent.voxelCount * SegmentationScore.bytesPerVoxel
      guard bytes <= memory else {
        throw TrainingError(
          .limitExceeded, "\(volume.name).region", "the volume is too large to be segmented whole",
          found: "\(bytes >> 20) MiB needed", expected: "at most \(memory >> 20) MiB",
          remedy: "choose a smaller region, or raise --memory")
      }
      let model = try trained.model(
        parameters: trained.network.parameterValues, score: nil, step: 0)
      _ = try PatchChoice(
        model: model, description: try ModelDescription(model), volume: volume.box.extent,
        memoryLimit: memory, threads: threads)
    }
  }

  /// Judges the averaged parameters of a training.
  func judge(_ loop: TrainingLoop<TrainableNetwork>) throws -> Judgement {
    let (parameters, step) = (loop.state.average.values, loop.state.step)
    let plain = try trained.model(parameters: parameters, score: nil, step: step)
    guard !volumes.isEmpty else {
      return Judgement(score: .infinity, values: [], model: plain)
    }
    let loss = try loop.validate(samples).loss
    guard segments else { return Judgement(score: loss, values: [loss], model: plain) }
    let scores = try SegmentationScore.scores(
      of: plain, on: volumes, settings: settings, memory: memory, threads: threads)
    guard let best = scores.min(by: { $0.sum < $1.sum }) else {
      return Judgement(
        score: loss, values: [loss, .nan, .nan, .nan, .nan], model: plain)
    }
    return Judgement(
      score: best.sum, values: [loss, best.split, best.merge, best.arand, best.cost],
      model: try trained.model(parameters: parameters, score: best, step: step))
  }
}
