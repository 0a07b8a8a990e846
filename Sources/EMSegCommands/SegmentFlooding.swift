import Codecs
import CommandLineInterface
import FloodFilling
import VolumeStore
import Voxels

/// Flood filling as a way to make a project's segmentation.
struct SegmentFlooding {
  var weights: String?
  var assembly = AssemblyOptions()

  static let arguments: [Argument<SegmentFlooding>] =
    [
      .option(
        "--weights", \.weights, placeholder: "W",
        "The flood-filling network: HDF5 with the published weights, or an ONNX file."),
      .group("Flood filling", \.assembly, AssemblyOptions.arguments),
    ]

  /// Imports the stack and floods it.
  ///
  /// - Parameters:
  ///   - stack: Any volume that import reads.
  ///   - output: The project folder to create or resume.
  ///   - selection: What of the stack.
  ///   - minimumVoxels: Objects with fewer voxels are dropped; nil takes the published number.
  ///   - force: Whether an existing project is replaced.
  ///   - runner: How to run.
  /// - Throws: What importing and flooding throw; `UsageError` without weights.
  func run(
    _ stack: String, output: String, selection: SourceOptions, minimumVoxels: Int?, force: Bool,
    runner: StageRunner
  ) throws {
    let context = runner.context
    guard let weights else {
      throw UsageError("--weights", "must be given", expected: "a flood-filling network")
    }
    let input = try selection.open(stack, context: context)
    try FloodRecipe.check(input.reader)
    let size = input.voxelSize(context)
    var options = FloodOptions()
    if let minimumVoxels { options.minimumVoxels = max(minimumVoxels, 1) }
    let recipe = try FloodRecipe(weights: weights, options, precision: .float32)
    let network = try recipe.network(threads: runner.options.threads)
    let place = ProjectFolder.place(of: output, replacing: force)
    if force { try ExistingOutput.checkReplaceable(output) }
    let cut = assembly.cut
    let project = try ProjectFolder.prepare(
      place,
      description: [
        "format": .string("fascicle project 1"), "input": .string(input.identity),
        "method": .string("floodfill"), "objects": .string(recipe.text),
        "subvolume": .string(cut.map { "\($0.extent.text) \($0.overlap.text)" } ?? "whole"),
        "agreement": .string("\(assembly.rule.overlap) \(assembly.rule.voxelCount)"),
        "voxel_size_nm": .string(size.text),
      ], replacing: force)
    try ConversionStep(
      input: input, kind: .image, voxelSize: size, output: OutputOptions(path: project.raw)
    ).run(runner, policy: .reuse)
    let image = try InputVolume.stored(project.raw)
    let extent = image.reader.metadata.extent
    let step = FloodStep(
      input: image, recipe: recipe,
      seeding: try FloodSeeding().prepared(
        only: nil, in: extent, margin: network.margin, context: context),
      domain: try FloodDomainOptions().prepared(over: extent, context: context), subvolume: cut,
      rule: assembly.rule, voxelSize: size, output: OutputOptions(path: project.segmentation),
      command: "segment")
    try step.checkMemory(runner)
    context.note(try step.forecast(network))
    let records = "\(project.path)/seeds.csv"
    let result = try step.run(runner, policy: .reuse) { result in
      let bytes = FloodRecords.csv(result.rows, settings: recipe.text)
      try FileStore(root: records).write(bytes.rawSpan, to: "")
    }
    if place != output { try project.replace(output) }
    guard let result else { return }
    for (name, value) in result.facts { try context.print("\(name)\t\(value)") }
  }
}
