import CommandLineInterface
import StreamlineFormats
import Tractography
import VolumeStore

/// The command `tracts resample`.
struct ResampleCommand: Command {
  var source = ""
  var output = ""
  var step: Double?
  var pointCount: Int?
  var downsampling: Int?
  var upsampling: Int?
  var keepsEnds = false
  var writing = StreamlineOutputOptions()
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "resample",
    summary: "Give streamlines other points.",
    discussion: """
      One of the ways has to be chosen; points are those of MRtrix3's tckresample. Streamlines of \
      fewer than two points stay as they are, so that files with a number for each streamline still \
      fit. Values for points are taken between those beside them, along a straight line.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The streamlines: .tck, .trk, .trx (a folder too) or .vtk."),
      .positional("OUTPUT", \.output, "The file to write: .tck, .trk or .trx."),
      .group(
        "Ways", \.self,
        [
          .option(
            "--step", \.step, placeholder: "MM", accepting: .ifGiven(.above(0)),
            "Points so far apart, from the middle one on, and the ends."),
          .option(
            "--points", \.pointCount, placeholder: "N", accepting: .ifGiven(.from(2...100_000)),
            "So many points, equally far apart along the streamline."),
          .option(
            "--downsample", \.downsampling, placeholder: "N",
            accepting: .ifGiven(.from(1...100_000)),
            "Every N-th point, counted from the middle one, and the ends."),
          .option(
            "--upsample", \.upsampling, placeholder: "N", accepting: .ifGiven(.from(1...1000)),
            "N times as many steps, on a cubic through the points."),
          .flag("--ends", \.keepsEnds, "The first and the last point."),
        ]),
      .group("Output", \.writing, StreamlineOutputOptions.arguments),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example("tracts resample tracks.tck even.tck --step 1", "A point every millimetre."),
      Example(
        "tracts resample tracks.tck profiles.trx --points 100",
        "A hundred points each, as for profiles along bundles."),
    ])

  private func resampling() throws -> StreamlineResampling {
    var chosen: [(option: String, way: StreamlineResampling)] = []
    if let step { chosen.append(("--step", .stepSize(Float(step)))) }
    if let pointCount { chosen.append(("--points", .pointCount(pointCount))) }
    if let downsampling { chosen.append(("--downsample", .downsample(downsampling))) }
    if let upsampling { chosen.append(("--upsample", .upsample(upsampling))) }
    if keepsEnds { chosen.append(("--ends", .ends)) }
    guard chosen.count == 1 else {
      throw UsageError(
        chosen.last?.option ?? "--step", "one way of resampling has to be chosen",
        found: chosen.isEmpty ? "none" : chosen.map(\.option).joined(separator: ", "),
        expected: "--step, --points, --downsample, --upsample or --ends")
    }
    return chosen[0].way
  }

  func run(_ context: CommandContext) throws {
    let resampling = try resampling()
    let reader = try TractogramFiles.open(source)
    for note in reader.header.notes { context.note("\(source): \(note)") }
    let columns = reader.header.perPoint
    let writer = try writing.create(
      output, like: reader, changing: changes(reader.header, resampling), context)
    let pass = StreamlinePass<StreamlineBatch>(
      reader: reader, threads: resources.threads, name: "resample")
    try pass.run(context) { load, range in
      let positions = load.batch.positions.span
      var line = ResampledLine()
      var (points, bounds): ([Float], [Range<Int>]) = ([], [])
      var perPoint = columns.map { _ in [Float]() }
      for index in range {
        let old = load.batch.bounds[index]
        resampling.resample(positions, old, into: &line)
        let start = points.count / 3
        points += line.positions
        bounds.append(start..<start + line.count)
        for place in columns.indices {
          perPoint[place] += line.values(
            of: load.batch.perPoint[place], components: columns[place].components,
            from: old.lowerBound)
        }
      }
      let perStreamline = zip(reader.header.perStreamline, load.batch.perStreamline).map {
        Array(
          $1[range.lowerBound * $0.components..<range.upperBound * $0.components])
      }
      return StreamlineBatch(
        positions: points, bounds: bounds, perStreamline: perStreamline, perPoint: perPoint)
    } take: { _, batches throws(VolumeError) in
      for batch in batches { try writer.write(batch) }
      return true
    }
    try writer.finish()
    for finding in reader.findings { context.warn("\(source): \(finding)") }
  }

  /// The header lines that other points change.
  private func changes(
    _ header: TractogramHeader, _ resampling: StreamlineResampling
  ) -> [(name: String, value: String?)] {
    let step: Float? =
      switch resampling {
      case .stepSize(let step): step
      case .upsample(let factor): header.stepSize.map { $0 / Float(factor) }
      case .downsample(let factor): header.stepSize.map { $0 * Float(factor) }
      case .pointCount, .ends: nil
      }
    return [
      ("output_step_size", nil), ("step_size", step.map { "\($0)" }), ("downsample_factor", nil),
    ]
  }
}
