import Codecs
import CommandLineInterface
import FoundationEssentials
import VolumeStore
import ZarrStore

/// The command `emseg verify`.
struct VerifyCommand: Command {
  var store = ""
  var threads: Int?

  static let manual = Manual<Self>(
    "verify",
    summary: "Check every chunk of a store against its checksum and the manifest.",
    discussion: """
      Every stored chunk is read and decoded, and its length and CRC-32C are compared with the \
      manifest that was written when the volume was complete: damaged, missing, swapped and \
      unknown chunks are each named on a line of their own. Exits with 0 where all is sound, with \
      65 where anything is not. Stores of other programs have no manifest; in them a chunk that is \
      missing counts as empty, as Zarr defines it.
      """,
    arguments: [
      .positional("Z", \.store, "An OME-Zarr image, a Zarr v3 array or a project folder."),
      .option(
        "--threads", \.threads, accepting: .ifGiven(.atLeast(1)),
        "Threads to decode on, all cores when left out."),
    ],
    examples: [Example("emseg verify raw.zarr", "Check an image, all levels.")])

  func run(_ context: CommandContext) throws {
    var damaged = 0
    for (array, isComplete) in try arrays(context) {
      try context.checkCancellation()
      let result = try array.verify(
        threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
      for finding in result.findings { try context.print("\(finding)") }
      damaged += result.findings.count
      if isComplete, !result.hasManifest {
        try context.print("\(array.path)/manifest.jsonl: missing: what was stored is not known")
        damaged += 1
      }
      let manifest = result.hasManifest ? "" : ", no manifest"
      context.note(
        "\(array.path): \(result.fileCount) chunks, \(ByteCount(result.byteCount))\(manifest), "
          + "\(result.findings.count) findings")
    }
    guard damaged == 0 else { throw Unsound(path: store, count: damaged) }
  }

  /// The arrays to check, and whether a finished run of this tool made them.
  private func arrays(_ context: CommandContext) throws -> [(ZarrArray, isComplete: Bool)] {
    guard let project = ProjectFolder.found(at: store) else {
      return try levels(of: store, context)
    }
    let images = [project.raw, project.affinities, project.fragments, project.segmentation]
    if !FileManager.default.fileExists(atPath: project.segmentation) {
      context.warn("\(store): the run that makes this project has not finished")
    }
    return try images.filter { FileManager.default.fileExists(atPath: $0) }
      .flatMap { try levels(of: $0, context) }
  }

  private func levels(
    of path: String, _ context: CommandContext
  ) throws -> [(ZarrArray, isComplete: Bool)] {
    guard let image = try OMEZarrImage.openIfPresent(at: path) else {
      return [(try ZarrArray.openVolume(at: path), false)]
    }
    for warning in image.warnings { context.warn(warning) }
    if image.attributes["state"] == .string("writing") {
      context.warn("\(path): the run that makes this volume has not finished")
    }
    let isComplete = image.attributes["state"] == .string("complete")
    return image.levels.map { ($0, isComplete) }
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
