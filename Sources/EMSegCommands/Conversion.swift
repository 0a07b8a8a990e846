import CommandLineInterface
import VolumeStore
import Voxels

/// A volume and the volume it is to become, whatever their formats.
struct Conversion {
  let source: String
  let selection: SourceOptions
  let output: OutputOptions
  let format: OutputFormat
  /// The command, as it stands in the provenance.
  let command: String
  var kind: VolumeKind?
  var dataType: DataType?
  /// The path within the output, where it can hold several volumes.
  var dataset: String?

  /// Converts, or does what is left of it.
  func run(_ runner: StageRunner) throws {
    try check()
    let opened = try selection.open(source, context: runner.context)
    let kind = kind ?? .assumed(for: opened.reader.metadata.dataType)
    let input = try dataType.map { try opened.converted(to: $0, kind: kind, runner: runner) }
    guard let file = format.file else {
      let step = ConversionStep(
        input: input ?? opened, kind: kind, voxelSize: opened.voxelSize(runner.context),
        output: output, format: try image ?? .omeZarr, command: command)
      return try step.run(runner)
    }
    let step = ExportStep(
      input: input ?? opened, kind: kind, format: file, path: output.path, dataset: dataset,
      isReplacing: output.isReplacing)
    try step.run(runner)
  }

  /// The chunked store to write, with the encoding asked for; nil for files.
  private var image: ImageFormat? {
    get throws(UsageError) {
      guard let image = format.image else { return nil }
      let encoding = try output.precomputedEncoding
      guard case .precomputed = image else {
        guard encoding == nil else {
          throw UsageError(
            "--encoding", "only precomputed volumes have a choice of encodings",
            found: format.rawValue, expected: "--format precomputed")
        }
        return image
      }
      return .precomputed(encoding)
    }
  }

  private func check() throws {
    if output.isReplacing { try ExistingOutput.checkApart(output.path, from: [source]) }
    if format.image != nil {
      guard dataset == nil else {
        throw UsageError(
          "--output-dataset", "the output holds one volume", found: format.rawValue,
          expected: "a format whose files hold several, such as hdf5")
      }
      return
    }
    let layout = [
      ("--chunk", output.chunk != nil), ("--shard", output.shard != nil),
      ("--levels", output.levelLimit != nil), ("--encoding", output.encoding != nil),
    ]
    for (option, isGiven) in layout where isGiven {
      throw UsageError(
        option, "a file has no chunks and levels to choose", found: format.rawValue,
        expected: "a chunked format, such as zarr")
    }
    guard output.isReplacing || !ExistingOutput.exists(output.path) else {
      throw ExistingOutput.error(output.path, "it is there already")
    }
  }
}
