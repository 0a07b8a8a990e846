import Codecs
import CommandLineInterface
import VolumeFormats
import VolumeStore
import ZarrStore
import Voxels

/// The command `emseg info`.
struct InfoCommand: Command {
  var source = ""
  var dataset: String?
  var isJSON = false

  static let manual = Manual<Self>(
    "info",
    summary: "Print what a volume says of itself.",
    discussion: """
      Axes, size, type, voxel size, offset, storage unit and pyramid levels; of an OME-Zarr this \
      tool made, also how it was made. One "name<tab>value" line each, or JSON.
      """,
    arguments: [
      .positional("SOURCE", \.source, "Any volume that import reads, or a project folder."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset in an HDF5 file."),
      .flag("--json", \.isJSON, "Print JSON."),
    ],
    examples: [Example("emseg info raw.zarr", "Describe an image and its levels.")])

  func run(_ context: CommandContext) throws {
    let path = try ProjectFolder.found(at: source)?.finishedSegmentation ?? source
    try InputVolume.checkFinished(path)
    let opened = try openVolume(path, dataset: dataset)
    for note in opened.notes { context.note(note) }
    var facts = self.facts(of: opened)
    if let image = try OMEZarrImage.openIfPresent(at: path) {
      for (index, level) in image.levels.enumerated() {
        facts.append(("level_\(index)", .string(describe(level.metadata))))
      }
      for (name, value) in image.attributes.sorted(by: { $0.key < $1.key }) {
        facts.append((name, value))
      }
    }
    if isJSON {
      let object = JSONValue.object(Dictionary(uniqueKeysWithValues: facts))
      try context.print(String(decoding: try object.encoded(pretty: true), as: UTF8.self))
    } else {
      for (name, value) in facts { try context.print("\(name)\t\(try text(value))") }
    }
  }

  private func facts(of opened: OpenedVolume) -> [(String, JSONValue)] {
    let metadata = opened.reader.metadata
    var facts: [(String, JSONValue)] = [
      ("path", .string(opened.reader.path)), ("format", .string(opened.formatName)),
      ("axes", .string(metadata.hasChannelAxis ? "c,z,y,x" : "z,y,x")),
      (
        "shape",
        .string((metadata.hasChannelAxis ? "\(metadata.channels)," : "") + metadata.extent.text)
      ),
      ("data_type", .string(metadata.dataType.rawValue)),
    ]
    if let size = metadata.voxelSize {
      let offset = metadata.offset
      facts.append(("voxel_size_nm", .string(size.text)))
      facts.append(
        (
          "offset_\(size.unit.rawValue)",
          .string([offset.z, offset.y, offset.x].map { shortText($0) }.joined(separator: ","))
        ))
    } else {
      facts.append(("voxel_size_nm", .string("not stated")))
    }
    facts.append(("storage_unit", .string(metadata.storageUnit.text)))
    if let array = opened.reader as? ZarrArray {
      facts.append(("chunk", .string(array.chunkExtent.text)))
      facts.append(("codecs", .string(array.codecNames.joined(separator: ","))))
    }
    return facts
  }

  private func describe(_ metadata: VolumeMetadata) -> String {
    metadata.extent.text + (metadata.voxelSize.map { " voxels of \($0.text) nm" } ?? " voxels")
  }

  private func text(_ value: JSONValue) throws -> String {
    if let text = value.string { return text }
    return String(decoding: try value.encoded(), as: UTF8.self)
  }
}
