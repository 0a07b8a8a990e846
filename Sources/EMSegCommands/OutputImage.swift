import Blockwise
import Codecs
import CommandLineInterface
import FoundationEssentials
import VolumeStore
import ZarrStore
import Voxels

/// A multiscale image that a command makes, and may have begun to make in an earlier run.
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

  private let image: any WritableImage
  /// Whether an earlier run finished it.
  let isComplete: Bool
  /// Its final name.
  private let path: String

  /// The levels, finest first.
  var levels: [any VolumeWriter] { image.writers }
  /// The finest level.
  var finest: any VolumeWriter { image.writers[0] }
  /// The project's own attributes: state, fingerprint, provenance and what commands add.
  var attributes: JSONObject { image.attributes }

  /// Where the output of that name lies until it is finished.
  static func unfinishedPath(of path: String) -> String { "\(path).unfinished" }

  /// Creates an image, or goes on with the one an earlier run of the same fingerprint began.
  ///
  /// A finished one whose chunks are not all sound is made again.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where the policy does not allow what is there.
  static func prepare(
    _ specification: ImageSpecification, as format: ImageFormat = .omeZarr, at output: String,
    fingerprint: String, provenance: JSONObject, policy: Policy, runner: StageRunner
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
      at: path, format: format, fingerprint: fingerprint, policy: policy, runner: runner)
    {
      return finished
    }
    var found = try format.openIfPresent(at: unfinished)
    if let left = found, left.attributes.isEmpty {
      // A creation that was stopped before it said what it creates.
      try ExistingOutput.remove(unfinished)
      found = nil
    }
    guard let found else {
      guard
        try !FileManager.default.fileExists(atPath: unfinished)
          || ExistingOutput.isUnfinishedStore(unfinished)
      else {
        throw ExistingOutput.error(unfinished, "something else is there already")
      }
      let image = try ExistingOutput.creating { () throws(VolumeError) in
        try format.create(specification, at: unfinished)
      }
      return OutputImage(image: image, isComplete: false, path: path)
    }
    guard found.attributes["fingerprint"] == .string(fingerprint) else {
      throw ExistingOutput.error(
        unfinished, "an unfinished run of other input or with other parameters left it")
    }
    let isComplete = found.attributes["state"] == .string("complete")
    let resumed = OutputImage(
      image: isComplete ? found : try format.resume(specification, at: unfinished),
      isComplete: isComplete, path: path)
    // It was stopped between its last two steps.
    if isComplete { try resumed.publish() }
    return resumed
  }

  /// The image an earlier run finished; nil where there is none, or a damaged one.
  private static func finished(
    at path: String, format: ImageFormat, fingerprint: String, policy: Policy,
    runner: StageRunner
  ) throws -> OutputImage? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let found = try format.openIfPresent(at: path) else {
      throw ExistingOutput.error(path, "something else is there already")
    }
    guard found.attributes["fingerprint"] == .string(fingerprint) else {
      throw ExistingOutput.error(path, "it was made from other input or with other parameters")
    }
    var faults = 0
    for level in found.writers {
      guard let store = level as? any VerifiableStore else {
        preconditionFailure("what commands create can be verified")
      }
      let result = try store.verifyFiles(threads: runner.options.threads)
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

  /// Where the image lies while it is written.
  var folder: String { image.path }

  /// Where the ledger of one of the image's stages lies.
  func ledger(_ stage: String) -> String { "\(scratch)/\(stage).ledger" }

  /// Where the blocks of one of the image's stages lie.
  func blockFiles(_ stage: String) -> BlockFiles { BlockFiles(path: "\(scratch)/\(stage)") }

  /// Computes every coarser level from the next finer one.
  func buildPyramid(_ downsampling: Downsampling, with runner: StageRunner) throws {
    for level in levels.indices.dropFirst() {
      let (finer, coarser) = (levels[level - 1], levels[level])
      let stage = PyramidStage(
        name: "level \(level)", finer: finer, coarser: coarser,
        factors: PyramidStage.factors(from: finer, to: coarser), downsampling: downsampling,
        sourceIdentity: try ContentIdentity.ofVolume(finer))
      let values = finer.metadata.channels * finer.metadata.dataType.byteCount
      let ledger = ledger("level-\(level)")
      let blocks = try runner.blocks(
        for: WorkingSet(
          bytesPerReadVoxel: 0, bytesPerWriteVoxel: 10 * values,
          bytesPerWorker: finer.readingMemory.perRead, sharedBytes: finer.readingMemory.held),
        storageUnit: coarser.metadata.storageUnit, volume: coarser.metadata.extent,
        ledgers: [ledger], block: nil)
      try runner.run(stage, on: blocks, ledger: ledger)
    }
  }

  /// Marks the image as finished and gives it its name.
  func complete(adding more: JSONObject = [:]) throws {
    var attributes = image.attributes.merging(more) { $1 }
    attributes["state"] = .string("complete")
    _ = try image.storing(attributes)
    try publish()
  }

  private func publish() throws {
    try FileStore.removeTree(at: scratch)
    guard image.path != path else { return }
    try ExistingOutput.remove(path)
    try FileStore(root: image.path).move(to: path)
  }
}
