import CommandLineInterface
import FoundationEssentials
import VolumeFormats
import VolumeStore
import Voxels

/// The options of every command that reads a volume: which one, what part of it, and what the user
/// knows better than its files.
struct SourceOptions {
  var dataset: String?
  var level = 0
  var region: RegionArgument?
  var channel: IndexRangeArgument?
  var time: IndexRangeArgument?
  var voxelSize: VoxelSizeArgument?
  var offset: OffsetArgument?
  var axes: VolumeAxes?
  var shape: [Int]?
  var dataType: DataType?
  var isBigEndian = false
  var headerByteCount = 0
  var hasColourLabels = false

  static let arguments: [Argument<SourceOptions>] =
    [
      .option(
        "--dataset", \.dataset, placeholder: "PATH",
        "The volume within a file or store that holds several.")
    ] + selectionArguments + statementArguments

  /// What part is read.
  static let selectionArguments: [Argument<SourceOptions>] = [
    .option("--level", \.level, accepting: .atLeast(0), "The pyramid level to read, 0 the finest."),
    .option(
      "--region", \.region, "The part to read, in voxels of that level; all of it when left out."),
    .option("--channel", \.channel, "The channels to read; one index leaves no channel axis."),
    .option("--time", \.time, "The time points to read; one index leaves no time axis."),
  ]

  /// What the user knows better than the files.
  private static let statementArguments: [Argument<SourceOptions>] = [
    .option(
      "--voxel-size", \.voxelSize,
      "Voxel size in nanometres, z,y,x; taken from the source where it states it."),
    .option(
      "--offset", \.offset,
      "Where the centre of the source's first voxel lies, in nanometres, z,y,x; from the source "
        + "where it states it."),
    .option(
      "--axes", \.axes,
      "The axes of the stored array, slowest first, where its files do not say or are wrong."),
    .option("--shape", \.shape, placeholder: "N,N,…", "Lengths of a raw file's axes, as --axes."),
    .option("--data-type", \.dataType, "The type of a raw file's values."),
    .flag("--big-endian", \.isBigEndian, "A raw file's values start with their highest byte."),
    .option(
      "--header-bytes", \.headerByteCount, accepting: .atLeast(0),
      "Bytes before a raw file's first value."),
    .flag(
      "--rgb-labels", \.hasColourLabels,
      "The three colours of a pixel are one label, red the highest byte."),
  ]

  /// Whether a part of the volume is chosen, or something is said in its files' place.
  var isPart: Bool {
    level > 0 || region != nil || channel != nil || time != nil || voxelSize != nil
      || offset != nil
  }

  /// What the user states above what the files say.
  var stated: StatedLayout {
    var stated = StatedLayout()
    stated.axes = axes
    stated.shape = shape
    stated.dataType = dataType
    stated.isBigEndian = isBigEndian
    stated.headerByteCount = headerByteCount
    stated.hasColourLabels = hasColourLabels
    return stated
  }

  /// Opens a volume, or a project's labels, and tells the user what was assumed.
  ///
  /// - Throws: `UsageError` where an option contradicts the volume; ``VolumeError`` where the
  ///   volume cannot be opened, or the run that makes it has not finished.
  func open(_ source: String, context: CommandContext) throws -> InputVolume {
    let path = try ProjectFolder.found(at: source)?.finishedSegmentation ?? source
    try InputVolume.checkFinished(path)
    let opened = try openVolume(path, dataset: dataset, stated: stated)
    guard opened.levels.indices.contains(level) else {
      throw UsageError(
        "--level", "the volume has no such level", found: "\(level)",
        expected: "0 to \(opened.levels.count - 1)")
    }
    let reader = opened.levels[level]
    try InputVolume.checkComplete(path)
    try checkStated(against: reader.metadata, format: opened.formatName)
    let view = try view(of: reader)
    for note in opened.notes { context.note(note) }
    if let stored = reader.metadata.voxelSize, let given = voxelSize?.size,
      !stored.isClose(to: given)
    {
      context.warn(
        "\(reader.path) states a voxel size of \(stored.text) nm; \(given.text) nm is used")
    }
    return InputVolume(
      reader: view ?? reader, formatName: opened.formatName, isLossy: opened.isLossy,
      identity: try ContentIdentity.ofVolume(reader) + selectionText(of: view),
      notes: opened.notes + overrides(of: reader.metadata))
  }

  private func checkStated(against metadata: VolumeMetadata, format: String) throws {
    if let axes, axes != metadata.axes {
      throw UsageError(
        "--axes", "the volume has other axes", found: axes.description,
        expected: "\(metadata.axes), as this \(format) volume states")
    }
    if let dataType, dataType != metadata.dataType {
      throw UsageError(
        "--data-type", "the volume holds values of another type", found: dataType.rawValue,
        expected: "\(metadata.dataType.rawValue), as this \(format) volume states",
        remedy: "convert with --output-type to change the type")
    }
  }

  /// The part of the volume the options ask for; nil where that is all of it, as it is.
  private func view(of reader: any VolumeReader) throws -> VolumeView? {
    let metadata = reader.metadata
    let channelCount = metadata.channels / metadata.timePoints
    let box = try region?.box(in: metadata.extent)
    let channels = try channel.map {
      try range($0, of: channelCount, option: "--channel", name: "channel")
    }
    let times = try time.map {
      try range($0, of: metadata.timePoints, option: "--time", name: "time point")
    }
    guard box != nil || channels != nil || times != nil || voxelSize != nil || offset != nil else {
      return nil
    }
    let unit = voxelSize?.size.unit ?? metadata.voxelSize?.unit ?? .nanometer
    return VolumeView(
      reader, box: box, channels: channels, timePoints: times, voxelSize: voxelSize?.size,
      offset: offset?.position(in: unit))
  }

  private func range(
    _ argument: IndexRangeArgument, of count: Int, option: String, name: String
  ) throws -> Range<Int> {
    guard let range = argument.range(within: count) else {
      throw UsageError(
        option, "the volume has no such \(name)", found: argument.text,
        expected: count == 1 ? "0: there is one" : "within 0:\(count)")
    }
    return range
  }

  /// What tells this part of the volume from others.
  private func selectionText(of view: VolumeView?) -> String {
    var text = level > 0 ? " level=\(level)" : ""
    if stated != .none { text += " stated=\(statedText)" }
    guard let view else { return text }
    if view.box != view.base.metadata.box { text += " box=\(view.box.rangesText)" }
    if view.values.count != view.base.metadata.channels { text += " values=\(view.values)" }
    return text
  }

  private var statedText: String {
    let shape = shape.map { $0.map(String.init).joined(separator: ",") } ?? "-"
    return "\(axes?.description ?? "-");\(shape);\(dataType?.rawValue ?? "-");"
      + "\(isBigEndian ? "big" : "little");\(headerByteCount);\(hasColourLabels ? "rgb" : "-")"
  }

  /// What the user says in place of the files, one sentence each.
  private func overrides(of stored: VolumeMetadata) -> [String] {
    var sentences: [String] = []
    if let size = voxelSize?.size {
      let found = stored.voxelSize.map { "the source states \($0.text) nm" }
      sentences.append(
        "the voxel size of \(size.text) nm was given by the user"
          + (found.map { "; \($0)" } ?? ""))
    }
    if let offset {
      sentences.append("the offset of \(offset.position.text) nm was given by the user")
    }
    if let axes { sentences.append("the axes \(axes) were given by the user") }
    if hasColourLabels { sentences.append("the colours of a pixel were read as one label") }
    return sentences
  }
}

extension VoxelBox {
  /// The box as `z0:z1,y0:y1,x0:x1`.
  var rangesText: String {
    "\(origin.z):\(end.z),\(origin.y):\(end.y),\(origin.x):\(end.x)"
  }
}
