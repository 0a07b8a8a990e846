import Codecs
import CommandLineInterface
import Connectomes
import StreamlineFormats
import Synchronization
import Tractography
import VolumeStore

/// The command `tracts stats`.
struct StatsCommand: Command {
  /// A number of the summary.
  enum Field: String, CaseIterable, ArgumentValue {
    case mean, median, std, min, max, count
  }

  var source = ""
  var fields: [Field] = []
  var weights: String?
  var histogram: String?
  var dump: String?
  var isJSON = false
  var replacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "stats",
    summary: "Say how long streamlines are.",
    discussion: """
      Mean, median, standard deviation, least and greatest length in mm, and the count, a \
      "name<tab>value" line each; with --output only what is asked for, in one line. The numbers are \
      those of MRtrix3's tckstats. Four bytes for each streamline are held in memory, for the median.
      """,
    arguments: [
      .positional("SOURCE", \.source, "The streamlines: .tck, .trk, .trx (a folder too) or .vtk."),
      .option(
        "--output", \.fields, "Print this number alone; several are printed in one line."),
      .option(
        "--weights", \.weights, placeholder: "F",
        "A text file with a weight for each streamline."),
      .option(
        "--histogram", \.histogram, placeholder: "F.csv",
        "Write how many streamlines are how long, in bins as wide as the step that the file states, "
          + "or 1 mm."),
      .option("--dump", \.dump, placeholder: "F.txt", "Write the length of each streamline."),
      .flag("--json", \.isJSON, "Print JSON."),
      .flag("--force", \.replacing, "Replace files that are there."),
      .group("Resources", \.resources, Array(ResourceOptions.arguments.dropFirst())),
    ],
    examples: [
      Example("tracts stats tracks.tck", "Print all numbers."),
      Example("tracts stats tracks.tck --output mean", "Print one number to a script."),
    ])

  func run(_ context: CommandContext) throws {
    if let histogram { try WholeFile.checkFree(histogram, replacing: replacing) }
    let reader = try TractogramFiles.open(source)
    for note in reader.header.notes { context.note("\(source): \(note)") }
    let step = reader.header.stepSize
    if step == nil, histogram != nil {
      context.note("\(source): no step is stated: bins of the histogram are 1 mm wide")
    }
    let lengths = Mutex(StreamlineLengths(binWidth: step ?? 1, isWeighted: weights != nil))
    let list = Mutex(try dump.map { try NumberOutput($0, replacing: replacing) })
    let pass = StreamlinePass<[Float?]>(
      reader: reader, numberFiles: try weights.map { [try NumberFile(path: $0)] } ?? [],
      threads: resources.threads, name: "stats")
    try pass.run(context) { load, range in
      let positions = load.batch.positions.span
      return range.map { index in
        let points = load.batch.bounds[index]
        return points.isEmpty ? nil : streamlineLength(positions, points)
      }
    } take: { load, results throws(VolumeError) in
      let found = results.flatMap { $0 }
      lengths.withLock { lengths in
        for (index, length) in found.enumerated() {
          lengths.add(length, weight: load.numbers.first.map { Float($0[index]) } ?? 1)
        }
      }
      let lines = found.map { Self.text($0 ?? .nan) }
      try list.withLock { file throws(VolumeError) in try file?.append(lines) }
      return true
    }
    try list.withLock { file throws(VolumeError) in try file?.finish() }
    for finding in reader.findings { context.warn("\(source): \(finding)") }
    let all = lengths.withLock { $0 }
    if all.emptyCount + all.zeroCount > 0 {
      context.warn(
        "\(source): \(all.emptyCount) streamlines have no point, and \(all.zeroCount) no length")
    }
    if let histogram { try write(all, to: histogram) }
    try printed(all, context)
  }

  private static func text(_ value: Float) -> String {
    DecimalText.text(Double(value), digits: 9)
  }

  private func write(_ lengths: StreamlineLengths, to path: String) throws {
    var text = weights == nil ? "Length,Count\n" : "Length,Sum_weights\n"
    for (index, weight) in lengths.histogram.enumerated() {
      let length = Float(index) * lengths.binWidth
      text += "\(Self.text(length)),\(DecimalText.text(weight))\n"
    }
    try WholeFile.write(Array(text.utf8), to: path, replacing: replacing)
  }

  private func printed(_ lengths: StreamlineLengths, _ context: CommandContext) throws {
    let summary = lengths.summary()
    func value(_ field: Field) -> Float {
      switch field {
      case .mean: summary.mean
      case .median: summary.median
      case .std: summary.standardDeviation
      case .min: summary.least
      case .max: summary.greatest
      case .count: Float(lengths.count)
      }
    }
    func text(_ field: Field) -> String {
      field == .count ? "\(lengths.count)" : Self.text(value(field))
    }
    if isJSON {
      let shown = fields.isEmpty ? Field.allCases : fields
      let pairs = shown.map { field in
        let number = value(field)
        return (
          field.rawValue,
          field == .count
            ? JSONValue.integer(Int64(lengths.count))
            : number.isFinite ? .number(Double(number)) : .null
        )
      }
      let object = JSONValue.object(Dictionary(pairs) { first, _ in first })
      try context.print(String(decoding: object.encoded(pretty: true), as: UTF8.self))
    } else if fields.isEmpty {
      for field in Field.allCases { try context.print("\(field.rawValue)\t\(text(field))") }
    } else {
      try context.print(fields.map { text($0) }.joined(separator: " "))
    }
  }
}
