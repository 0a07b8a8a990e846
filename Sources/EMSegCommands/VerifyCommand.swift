import Codecs
import CommandLineInterface
import Blockwise
import VolumeStore
import Voxels
import ZarrStore

/// The command `emseg verify`.
struct VerifyCommand: Command {
  var source = ""
  var dataset: String?
  var isJSON = false
  var blockwise = BlockwiseOptions()

  static let manual = Manual<Self>(
    "verify",
    summary: "Check every chunk of a volume against its checksum and the manifest.",
    discussion: """
      Every stored chunk, of all levels and label groups, is read and decoded, and its length and \
      CRC-32C are compared with the manifest that was written when the volume was complete: \
      damaged, missing, swapped and unknown chunks are each named on a line of their own. Chunks \
      that are known to be empty and those that nobody ever wrote are counted apart. Stores of \
      other programs have no manifest: there a chunk that is not stored may be empty or missing. \
      Files of other formats are read once from end to end. Exits with 0 where all is sound, with \
      65 where anything is not.
      """,
    arguments: [
      .positional("SOURCE", \.source, "Any volume that info describes, or a project folder."),
      .option(
        "--dataset", \.dataset, placeholder: "PATH",
        "The volume within a file or store that holds several."),
      .flag("--json", \.isJSON, "Print JSON."),
      .group("Resources", \.blockwise, BlockwiseOptions.arguments.dropLast()),
    ],
    examples: [Example("emseg verify raw.zarr", "Check an image, all levels.")])

  func run(_ context: CommandContext) throws {
    let runner = StageRunner(context: context, options: blockwise)
    var checks: [VolumeCheck] = []
    for path in try volumes(context) {
      // In a project, one image that cannot be opened does not hide the others.
      let isPart = path != source
      do {
        try check(path, dataset: isPart ? nil : dataset, runner) { checks.append($0) }
      } catch let error as VolumeError where isPart || !checks.isEmpty {
        var check = VolumeCheck(path: path, format: "unknown")
        check.lines = ["\(path): damaged: \(error)"]
        checks.append(check)
        if !isJSON { try context.print(check.lines[0]) }
      }
    }
    let faults = checks.reduce(0) { $0 + $1.faultCount }
    if isJSON {
      let object: JSONObject = [
        "path": .string(source), "sound": .bool(faults == 0),
        "volumes": .array(checks.map { .object($0.json) }),
      ]
      let text = try JSONValue.object(object).encoded(pretty: true)
      try context.print(String(decoding: text, as: UTF8.self))
    }
    guard faults == 0 else { throw Unsound(path: source, count: faults) }
  }

  /// The volumes to check: that named, or those of a project.
  private func volumes(_ context: CommandContext) throws -> [String] {
    guard let project = ProjectFolder.found(at: source) else { return [source] }
    if !ExistingOutput.exists(project.segmentation) {
      context.warn("\(source): the run that makes this project has not finished")
    }
    return [project.raw, project.affinities, project.fragments, project.segmentation]
      .filter { ExistingOutput.exists($0) }
  }

  /// Checks a volume's levels, then the label volumes within it.
  private func check(
    _ path: String, dataset: String?, _ runner: StageRunner,
    _ take: (VolumeCheck) -> Void
  ) throws {
    let volume = try StoredVolume(path, dataset: dataset)
    for note in volume.opened.notes { runner.context.note(note) }
    if volume.isComplete == false {
      runner.context.warn("\(path): the run that makes this volume has not finished")
    }
    for level in volume.opened.levels {
      try runner.context.checkCancellation()
      var check = VolumeCheck(path: level.path, format: volume.opened.formatName)
      if let store = level as? any VerifiableStore {
        check.take(
          try store.verifyFiles(threads: runner.options.threads),
          isComplete: volume.isComplete == true)
      } else {
        try check.readOnce(level, runner)
      }
      if !isJSON { for line in check.lines { try runner.context.print(line) } }
      runner.context.note(check.summary)
      take(check)
    }
    for name in volume.labelNames {
      let inner = "\(path)/labels/\(name)"
      do {
        try self.check(inner, dataset: nil, runner, take)
      } catch let error as VolumeError {
        var check = VolumeCheck(path: inner, format: volume.opened.formatName)
        check.lines = ["\(inner): damaged: \(error)"]
        if !isJSON { try runner.context.print(check.lines[0]) }
        take(check)
      }
    }
  }
}

/// What was found of one level of a volume.
private struct VolumeCheck {
  let path: String
  let format: String
  /// What is wrong, a line each.
  var lines: [String] = []
  private var result: Verification?
  private var voxelCount = 0

  init(path: String, format: String) {
    self.path = path
    self.format = format
  }

  var faultCount: Int { lines.count }

  /// Takes up what a walk over a chunked store found.
  mutating func take(_ result: Verification, isComplete: Bool) {
    self.result = result
    lines = result.findings.map { "\($0)" }
    guard isComplete else { return }
    if !result.hasManifest {
      lines.append("\(path)/manifest.jsonl: missing: what was stored is not known")
    } else if result.unwrittenCount > 0 {
      lines.append(
        "\(path)/manifest.jsonl: damaged: \(result.unwrittenCount) chunks are not in it")
    }
  }

  /// Reads every voxel of a volume once; what does not decode is named block by block.
  mutating func readOnce(_ reader: any VolumeReader, _ runner: StageRunner) throws {
    @Sendable func read<Scalar: VoxelScalar>(
      _ box: VoxelBox, _ type: Scalar.Type
    ) throws(VolumeError) {
      _ = try reader.read(box, as: type)
    }
    let metadata = reader.metadata
    let walk = VolumeWalk(reader: reader, runner: runner, label: "verify")
    let found = try walk.results { box -> [String] in
      do throws(VolumeError) {
        try read(box, metadata.dataType.scalarType)
        return []
      } catch {
        // Again in the smallest parts, so that each fault is named.
        let unit = metadata.storageUnit.clipped(to: box.extent)
        return BlockGrid(volume: box, blockExtent: unit).blocks().compactMap { part in
          do throws(VolumeError) {
            try read(part.writeBox, metadata.dataType.scalarType)
            return nil
          } catch {
            return "\(reader.path): damaged: voxels \(part.writeBox.rangesText): \(error)"
          }
        }
      }
    }
    voxelCount = metadata.extent.voxelCount
    var seen: Set<String> = []
    lines = found.flatMap { $0 }.filter { seen.insert($0).inserted }
  }

  /// What was checked, as one line for people.
  var summary: String {
    guard let result else {
      return "\(path): \(grouped(voxelCount)) voxels read, \(lines.count) findings"
    }
    let manifest = result.hasManifest ? "" : ", no manifest"
    let unwritten = result.hasManifest ? "never written" : "not stored: empty or never written"
    return "\(path): \(result.fileCount) chunks, \(ByteCount(result.byteCount))\(manifest), "
      + "\(result.emptyCount) empty, \(result.unwrittenCount) \(unwritten), "
      + "\(lines.count) findings"
  }

  /// What was checked and found, for programs.
  var json: JSONObject {
    var object: JSONObject = [
      "path": .string(path), "format": .string(format),
      "findings": .array(lines.map { .string($0) }),
    ]
    guard let result else {
      object["voxels"] = .integer(Int64(voxelCount))
      return object
    }
    object["has_manifest"] = .bool(result.hasManifest)
    object["chunks"] = .integer(Int64(result.fileCount))
    object["bytes"] = .integer(Int64(result.byteCount))
    object["empty"] = .integer(Int64(result.emptyCount))
    object[result.hasManifest ? "never_written" : "empty_or_never_written"] = .integer(
      Int64(result.unwrittenCount))
    return object
  }
}

/// A store that is not sound; each finding was printed.
struct Unsound: DiagnosedError {
  let path: String
  let count: Int

  var exitStatus: ExitStatus { .badData }
  var diagnosis: Diagnosis {
    Diagnosis(
      "\(path): not sound", found: count == 1 ? "1 bad chunk" : "\(count) bad chunks",
      remedy: "run the line that made the volume again: it makes it anew; or take it from a copy")
  }
}
