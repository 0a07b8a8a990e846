import Codecs
import CommandLineInterface
import PrecomputedStore
import VolumeStore
import Voxels
import ZarrStore

/// The command `emseg info`.
struct InfoCommand: Command {
  var source = ""
  var isJSON = false
  var hasStatistics = false
  var selection = SourceOptions()
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "info",
    summary: "Print what a volume says of itself, and what its values are like.",
    discussion: """
      Axes, size, type, voxel size, offset, chunks, shards, codecs, pyramid levels, label groups \
      and bytes on disk; of a volume this tool made, also how it was made. --statistics reads \
      every voxel of the level and region chosen. One "name<tab>value" line each, or JSON.
      """,
    arguments: [
      .positional("SOURCE", \.source, "Any volume that import reads, or a project folder."),
      .flag("--json", \.isJSON, "Print JSON."),
      .flag(
        "--statistics", \.hasStatistics,
        "Also least, largest and mean value, standard deviation, zeros, and the number of labels "
          + "or the percentiles."),
      .group("Source", \.selection, SourceOptions.arguments),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [
      Example("emseg info raw.zarr", "Describe an image and its levels."),
      Example(
        "emseg info raw.zarr --statistics --level 1", "Sum up the grey values of a coarser level."),
    ])

  func run(_ context: CommandContext) throws {
    let path = try ProjectFolder.found(at: source)?.finishedSegmentation ?? source
    try InputVolume.checkFinished(path)
    let volume = try StoredVolume(path, dataset: selection.dataset, stated: selection.stated)
    var facts = VolumeFacts(of: volume)
    if selection.isPart || hasStatistics {
      let input = try selection.open(source, context: context)
      facts.describe(input.reader.metadata)
      if hasStatistics {
        let runner = StageRunner(context: context, options: blockwise)
        facts.add(
          try VolumeStatistics(of: input.reader, countsDistinct: true, runner: runner),
          of: input.reader.metadata)
      }
    } else {
      for note in volume.opened.notes { context.note(note) }
    }
    if isJSON {
      let text = try JSONValue.object(facts.json).encoded(pretty: true)
      try context.print(String(decoding: text, as: UTF8.self))
    } else {
      for (name, value) in facts.list { try context.print("\(name)\t\(try text(value))") }
    }
  }

  private func text(_ value: JSONValue) throws -> String {
    // One line each, also of a text of several.
    if let text = value.string { return text.replacing("\n", with: "; ") }
    return String(decoding: try value.encoded(), as: UTF8.self)
  }
}

/// What there is to say of a volume, in order.
private struct VolumeFacts {
  private(set) var list: [(name: String, value: JSONValue)] = []

  var json: JSONObject { Dictionary(list.map { ($0.name, $0.value) }) { $1 } }

  init(of volume: StoredVolume) {
    let opened = volume.opened
    set("path", opened.reader.path)
    set("format", opened.formatName)
    describe(opened.reader.metadata)
    describeStorage(of: opened.reader)
    describeSize(of: opened.levels)
    for (index, level) in opened.levels.enumerated() where opened.levels.count > 1 || index > 0 {
      set("level_\(index)", Self.text(of: level))
    }
    if opened.levels.count == 1, volume.opened.reader is any VolumeWriter {
      set("level_0", Self.text(of: opened.reader))
    }
    if !volume.labelNames.isEmpty {
      set("label_groups", volume.labelNames.joined(separator: ","))
    }
    if opened.isLossy { set("lossy", "values are not exact") }
    for (name, value) in volume.attributes.sorted(by: { $0.key < $1.key }) {
      list.append((name, value))
    }
  }

  private mutating func set(_ name: String, _ value: String) { set(name, .string(value)) }

  private mutating func set(_ name: String, _ value: JSONValue) {
    if let index = list.firstIndex(where: { $0.name == name }) {
      list[index].value = value
    } else {
      list.append((name, value))
    }
  }

  mutating func describe(_ metadata: VolumeMetadata) {
    let lengths = metadata.axes.order.map { axis in
      switch axis {
      case .time: metadata.timePoints
      case .channel: metadata.channels / metadata.timePoints
      case .z: metadata.extent.z
      case .y: metadata.extent.y
      case .x: metadata.extent.x
      }
    }
    set("axes", metadata.axes.description)
    set("shape", lengths.map(String.init).joined(separator: ","))
    set("data_type", metadata.dataType.rawValue)
    guard let size = metadata.voxelSize else { return set("voxel_size_nm", "not stated") }
    set("voxel_size_nm", size.text)
    set("offset_\(size.unit.rawValue)", metadata.offset.text)
    set("unit", size.unit.rawValue)
  }

  private mutating func describeStorage(of reader: any VolumeReader) {
    let unit = reader.metadata.storageUnit
    switch reader {
    case let array as ZarrArray:
      set("chunk", array.chunkExtent.text)
      set("shard", array.chunkExtent == unit ? "none" : unit.text)
      set("codecs", array.codecNames.joined(separator: ","))
    case let level as PrecomputedLevel:
      set("chunk", level.chunkExtent.text)
      set("shard", level.isSharded ? unit.text : "none")
      set("codecs", level.encoding.name)
    default: set("storage_unit", unit.text)
    }
  }

  /// The bytes on disk, beside those of the values themselves.
  private mutating func describeSize(of levels: [any VolumeReader]) {
    var (stored, values) = (0, 0.0)
    for level in levels {
      // What cannot be added up is left out: a pattern, a damaged manifest.
      guard let bytes = try? StoredBytes.count(of: level) else { return }
      stored += bytes
      let metadata = level.metadata
      values +=
        Double(metadata.extent.voxelCount)
        * Double(metadata.channels * metadata.dataType.byteCount)
    }
    set("stored_bytes", .integer(Int64(stored)))
    if stored > 0 {
      set("compression_ratio", shortText((values / Double(stored) * 100).rounded() / 100))
    }
  }

  private static func text(of level: any VolumeReader) -> String {
    let metadata = level.metadata
    return metadata.extent.text
      + (metadata.voxelSize.map { " voxels of \($0.text) nm" } ?? " voxels")
      + " in chunks of \(chunk(of: level).text)"
  }

  private static func chunk(of level: any VolumeReader) -> VoxelExtent {
    switch level {
    case let array as ZarrArray: array.chunkExtent
    case let level as PrecomputedLevel: level.chunkExtent
    default: level.metadata.storageUnit
    }
  }

  mutating func add(_ found: VolumeStatistics, of metadata: VolumeMetadata) {
    set("values", .integer(Int64(found.count)))
    if found.notNumbers > 0 { set("not_numbers", .integer(Int64(found.notNumbers))) }
    guard let least = found.minimum, let most = found.maximum else { return }
    set("minimum", "\(least)")
    set("maximum", "\(most)")
    set("mean", shortText(found.mean))
    set("standard_deviation", shortText(found.standardDeviation))
    set("zeros", .integer(Int64(found.zeros)))
    set("share_of_zeros", shortText(Double(found.zeros) / Double(max(1, found.count))))
    if metadata.dataType.isInteger {
      set(
        "distinct_values",
        found.distinct.map { "\($0)" } ?? "more than \(VolumeStatistics.distinctLimit)")
    }
    for percent in [1, 5, 25, 50, 75, 95, 99] {
      guard let value = found.percentile(Double(percent)) else { continue }
      set("percentile_\(percent)", .integer(Int64(value)))
    }
  }
}
