import Blockwise
import Codecs
import CommandLineInterface
import FoundationEssentials
import VolumeStore
import ZarrStore
import Voxels

/// An OME-Zarr image that a command makes, and may have begun to make in an earlier run.
///
/// While it is written it lies beside its final name, as `raw.zarr.unfinished`, and its attributes
/// say `"state": "writing"`, and ledgers lie in the folder `.fascicle` within; the last steps say
/// `"complete"`, remove that folder and give the image its name.
struct OutputImage {
  /// What the user allows where something is there already.
  enum Policy {
    /// Nothing: a finished output is an error.
    case new
    /// Replace what is there (`--force`), once the new output is whole.
    case replace
    /// Part of a project: a finished output of the same run is taken as it is.
    case reuse
  }

  let image: OMEZarrImage
  /// Whether an earlier run finished it.
  let isComplete: Bool
  /// Its final name.
  private let path: String

  /// The finest level.
  var finest: ZarrArray { image.levels[0] }

  /// Where the output of that name lies until it is finished.
  static func unfinishedPath(of path: String) -> String { "\(path).unfinished" }

  /// Creates an image, or goes on with the one an earlier run of the same fingerprint began.
  ///
  /// A finished one whose chunks are not all sound is made again.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where the policy does not allow what is there.
  static func prepare(
    _ specification: ImageSpecification, at output: String, fingerprint: String,
    provenance: JSONObject, policy: Policy, runner: StageRunner
  ) throws -> OutputImage {
    let path = FileStore(root: output).root
    var specification = specification
    specification.attributes["state"] = .string("writing")
    specification.attributes["fingerprint"] = .string(fingerprint)
    specification.attributes["provenance"] = .object(provenance)
    let unfinished = unfinishedPath(of: path)
    if policy == .replace {
      try ExistingOutput.checkReplaceable(path)
      try ExistingOutput.remove(unfinished)
    } else if let finished = try finished(
      at: path, fingerprint: fingerprint, policy: policy, runner: runner)
    {
      return finished
    }
    guard let found = try OMEZarrImage.openIfPresent(at: unfinished) else {
      guard
        try !FileManager.default.fileExists(atPath: unfinished)
          || ExistingOutput.isUnfinishedStore(unfinished)
      else {
        throw ExistingOutput.error(unfinished, "something else is there already")
      }
      let image = try ExistingOutput.creating { () throws(VolumeError) in
        try OMEZarrImage.create(specification, at: unfinished)
      }
      return OutputImage(image: image, isComplete: false, path: path)
    }
    guard found.attributes["fingerprint"] == .string(fingerprint) else {
      throw ExistingOutput.error(
        unfinished, "an unfinished run of other input or with other parameters left it")
    }
    let isComplete = found.attributes["state"] == .string("complete")
    let resumed = OutputImage(
      image: isComplete ? found : try OMEZarrImage.resume(specification, at: unfinished),
      isComplete: isComplete, path: path)
    // It was stopped between its last two steps.
    if isComplete { try resumed.publish() }
    return resumed
  }

  /// The image an earlier run finished; nil where there is none, or a damaged one.
  private static func finished(
    at path: String, fingerprint: String, policy: Policy, runner: StageRunner
  ) throws -> OutputImage? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let found = try OMEZarrImage.openIfPresent(at: path) else {
      throw ExistingOutput.error(path, "something else is there already")
    }
    guard found.attributes["fingerprint"] == .string(fingerprint) else {
      throw ExistingOutput.error(path, "it was made from other input or with other parameters")
    }
    var faults = 0
    for level in found.levels {
      let result = try level.verify(threads: runner.options.threads)
      // A file that nobody recorded harms no chunk.
      faults += result.findings.count { $0.kind != .unrecorded } + (result.hasManifest ? 0 : 1)
    }
    guard faults == 0 else {
      runner.context.warn(
        "\(path): missing or damaged: \(faults == 1 ? "1 file" : "\(faults) files"); made again")
      return nil
    }
    guard policy == .reuse else { throw ExistingOutput.error(path, "it is there already") }
    return OutputImage(image: found, isComplete: true, path: path)
  }

  /// The folder for what is needed only while the image is written.
  private var scratch: String { "\(image.path)/.fascicle" }

  /// Where the ledger of one of the image's stages lies.
  func ledger(_ stage: String) -> String { "\(scratch)/\(stage).ledger" }

  /// Where the blocks of one of the image's stages lie.
  func blockFiles(_ stage: String) -> BlockFiles { BlockFiles(path: "\(scratch)/\(stage)") }

  /// Computes every coarser level from the next finer one.
  func buildPyramid(_ downsampling: Downsampling, with runner: StageRunner) throws {
    for level in image.levels.indices.dropFirst() {
      let (finer, coarser) = (image.levels[level - 1], image.levels[level])
      let stage = PyramidStage(
        name: "level \(level)", finer: finer, coarser: coarser,
        factors: PyramidStage.factors(from: finer, to: coarser), downsampling: downsampling,
        sourceIdentity: try ContentIdentity.ofArray(at: finer.path))
      let values = finer.metadata.channels * finer.metadata.dataType.byteCount
      let ledger = ledger("level-\(level)")
      let blocks = try runner.blocks(
        for: WorkingSet(bytesPerReadVoxel: 0, bytesPerWriteVoxel: 10 * values),
        storageUnit: coarser.metadata.storageUnit, volume: coarser.metadata.extent,
        ledgers: [ledger], block: nil)
      try runner.run(stage, on: blocks, ledger: ledger)
    }
  }

  /// Marks the image as finished and gives it its name.
  func complete(adding more: JSONObject = [:]) throws {
    var attributes = image.attributes.merging(more) { $1 }
    attributes["state"] = .string("complete")
    _ = try image.replacingAttributes(attributes)
    try publish()
  }

  private func publish() throws {
    try FileStore.removeTree(at: scratch)
    guard image.path != path else { return }
    try ExistingOutput.remove(path)
    try FileStore(root: image.path).move(to: path)
  }
}

/// What to do where an output's path is taken.
enum ExistingOutput {
  /// Checks that `--force` may replace what is at a path.
  ///
  /// Only what this tool, or a peer, could have made goes: a Zarr store, a project folder, an empty
  /// folder or a file; and nothing that another run is at work on.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where anything else is there; ``LedgerError``
  ///   with `inUse`.
  static func checkReplaceable(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    let marker = ["zarr.json", ProjectFolder.marker, ".fascicle"].contains {
      FileManager.default.fileExists(atPath: "\(path)/\($0)")
    }
    guard try names?.isEmpty ?? true || marker || isUnfinishedStore(path) else {
      throw VolumeError(
        .alreadyExists, path: path, "a folder with other things in it is not replaced",
        remedy: "choose another output, or remove the folder yourself")
    }
    try checkUnused(path, names: names ?? [])
  }

  /// Removes an output that a run with `--force` replaces.
  static func remove(_ path: String) throws {
    try checkReplaceable(path)
    try FileStore.removeAtOnce(path)
  }

  /// Creates the folder that an output file is to lie in, and those above it.
  static func createFolder(of path: String) throws {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    let folder = String(path[..<slash])
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw VolumeError(
        .inputOutput, path: path, "cannot create its folder \(folder)",
        remedy: "choose an output in a folder that can be written", cause: error)
    }
  }

  /// Looks for ledgers in use in an output, and in the outputs of a project.
  private static func checkUnused(_ path: String, names: [String]) throws {
    let folders =
      ["", "/graph", "/.fascicle"].map { path + $0 }
      + names.flatMap { name in
        name.hasSuffix(".unfinished") ? ["\(path)/\(name)/.fascicle"] : []
      }
    for folder in folders {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for file in files where file.hasSuffix(".lock") {
        let lock = "\(folder)/\(file)"
        switch try FileLock.take(path: lock, holder: describeThisProcess()) {
        case .taken: break
        case .held(let holder):
          throw LedgerError(
            .inUse, path: path, "in use by \(holder.isEmpty ? "another process" : holder)",
            remedy: "wait for it, or stop it, then run this again")
        }
      }
    }
  }

  /// Whether a folder holds nothing but level arrays: what a stopped creation leaves.
  static func isUnfinishedStore(_ path: String) throws -> Bool {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return false
    }
    return names.allSatisfy { Int($0) != nil || $0.hasSuffix(".partial") || $0 == ".fascicle" }
  }

  /// Checks that replacing an output does not take a command's own input away.
  ///
  /// - Throws: `UsageError` where an input is, or lies in, the output.
  static func checkApart(_ output: String, from inputs: [String]) throws(UsageError) {
    func resolved(_ path: String) -> String {
      URL(fileURLWithPath: FileStore(root: path).root).resolvingSymlinksInPath().path
    }
    let place = resolved(output)
    for input in inputs {
      let found = resolved(input)
      guard found != place, !found.hasPrefix("\(place)/") else {
        throw UsageError(
          "--output", "the output would replace what it is made from", found: output,
          expected: "another place than \(input)", remedy: "choose another output")
      }
    }
  }

  /// An output that cannot be created for want of a folder is no missing input.
  static func creating<Value>(
    _ body: () throws(VolumeError) -> Value
  ) throws(VolumeError) -> Value {
    do {
      return try body()
    } catch {
      var error = error
      if error.code == .notFound { error.code = .inputOutput }
      error.remedy = error.remedy ?? "choose an output in a folder that can be written"
      throw error
    }
  }

  static func error(_ path: String, _ message: String) -> VolumeError {
    VolumeError(
      .alreadyExists, path: path, message,
      remedy: "choose another output, or replace this one with --force")
  }
}
