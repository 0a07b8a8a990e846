import Codecs
import CommandLineInterface
import FloodFilling
import FoundationEssentials
import Training
import VolumeStore
import Voxels

/// The command `emseg train`.
struct TrainCommand: Command {
  var configuration: String?
  var output: String?
  var overrides = SettingsOverrides()
  var isExample = false
  var memory = ByteCount.gibibytes(4)
  var requestedThreads: Int?

  /// The threads to use.
  var threads: Int { requestedThreads ?? ProcessInfo.processInfo.activeProcessorCount }

  static let manual = Manual<Self>(
    "train",
    summary: "Train a network on annotated volumes.",
    discussion: """
      The configuration says what to learn from, the network, its targets and losses, and how long \
      to train; docs/training.md lists its settings. The run's folder holds the configuration with \
      all defaults filled in, checkpoints, the learning curve as a table and as pictures, and \
      model.onnx: the averaged weights that did best in validation, with what its channels mean.

      With the task floodfill the network is one for flood filling, and its field of view moves \
      over objects while it learns.

      A run that was stopped, at any moment and in any way, goes on from its last checkpoint when \
      the same line is run again, and ends with the same bits as one that was not. It refuses \
      another configuration, but for the number of steps and how often something is written.
      """,
    arguments: [
      .option(
        "--config", \.configuration, placeholder: "JSON",
        "The configuration; when left out, the one in the run's folder."),
      .option(
        "--output", \.output, placeholder: "RUN", "The run's folder, to create or to go on in."),
      .option(
        "--set", \.overrides,
        "A setting in place of the configuration's; the value is JSON, or else text. May be given "
          + "several times."),
      .flag("--example", \.isExample, "Print a configuration to begin with, and do nothing else."),
      .option("--memory", \.memory, "Memory to stay within."),
      .option(
        "--threads", \.requestedThreads, accepting: .ifGiven(.atLeast(1)),
        "Threads to use, all cores when left out."),
    ],
    examples: [
      Example("emseg train --example > train.json", "Write a configuration to edit."),
      Example(
        "emseg train --config train.json --output run --set steps=50000",
        "Train for 50,000 steps, or go on with that."),
    ],
    references: [
      "Lee et al. 2017, arXiv:1706.00120", "Loshchilov & Hutter 2019, arXiv:1711.05101",
    ])

  func run(_ context: CommandContext) throws {
    if isExample {
      try context.print(Self.example)
      return
    }
    guard let output else {
      throw UsageError("--output", "must be given", expected: "the run's folder")
    }
    let stored = "\(output)/\(TrainingRun.configurationName)"
    let path = configuration ?? stored
    guard configuration != nil || FileManager.default.fileExists(atPath: stored) else {
      throw UsageError(
        "--config", "must be given where the run's folder has no configuration yet",
        remedy: "emseg train --example prints one")
    }
    let document = try TrainingDocument.read(path, overrides: overrides.list)
    if document.object?["task"] == .string(FloodTrainingConfiguration.task) {
      let step = FloodTrainStep(
        configuration: try FloodTrainingConfiguration(document), memory: memory, threads: threads)
      try step.run(in: try TrainingRun(at: output), context: context)
      return
    }
    let step = TrainStep(
      configuration: try TrainingConfiguration(document), memory: memory, threads: threads)
    try step.run(in: try TrainingRun(at: output), context: context)
  }

  /// A configuration to begin with.
  static let example = """
    {
      "task": "affinities",
      "data": [
        {"image": "gray", "labels": "labels.h5", "labels_dataset": "volumes/labels/neuron_ids",
         "region": "0:130,:,:"}
      ],
      "validation": [
        {"image": "gray", "labels": "labels.h5", "labels_dataset": "volumes/labels/neuron_ids",
         "region": "130:160,:,:"}
      ],
      "network": {"architecture": "residual-unet", "widths": [16, 32, 64, 128]},
      "targets": [
        {"name": "affinities",
         "offsets": [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [-4, 0, 0], [0, -4, 0], [0, 0, -4]]}
      ],
      "losses": [{"target": "affinities", "name": "cross_entropy", "balance": "classes"}],
      "augmentations": [{"name": "flips"}, {"name": "axis_turns"}],
      "patch": [64, 64, 64],
      "batch": 1,
      "optimizer": {"learning_rate": 0.001, "warm_up": 100, "weight_decay": 0.01},
      "steps": 20000
    }
    """
}
