import Codecs
import CommandLineInterface
import Drawing
import FoundationEssentials
import Training
import VolumeStore

/// The folder of a training: its configuration, checkpoints, curve and best model.
final class TrainingRun {
  let path: String
  private let store: FileStore
  private let lock: FileLock

  static let configurationName = "config.json"
  private static let checkpointFolder = "checkpoints"
  private static let checkpointSuffix = ".checkpoint"

  var modelPath: String { "\(path)/model.onnx" }

  /// Creates or opens the folder, and keeps other processes out.
  ///
  /// - Throws: ``VolumeError`` where something else is there, or another process trains in it.
  init(at path: String) throws {
    self.path = path
    store = FileStore(root: path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let ours = [
      Self.configurationName, Self.checkpointFolder, "model.onnx", "last.onnx", "curve.csv",
      "curve.svg", "curve.png",
    ]
    guard names.allSatisfy({ ours.contains($0) || $0.hasPrefix(".") }) else {
      throw VolumeError(
        .alreadyExists, path: path, "a folder with other things in it",
        remedy: "choose another --output")
    }
    try FileManager.default.createDirectory(
      atPath: "\(path)/\(Self.checkpointFolder)", withIntermediateDirectories: true)
    lock = try takeLock(path)
  }

  /// The state to go on with; nil where the training has not begun.
  ///
  /// - Throws: ``TrainingError`` where the training began with another configuration, or no
  ///   checkpoint can be read.
  func resumed(
    with configuration: JSONValue, context: CommandContext
  ) throws -> TrainingState? {
    let steps = checkpointSteps
    for step in steps.reversed() {
      let name = checkpointName(step)
      guard let bytes = try store.read(name, limit: 1 << 40) else { continue }
      switch checkpoint(bytes, name: store.path(of: name)) {
      case .success(let found):
        try TrainingConfiguration.checkUnchanged(
          from: found.configuration, to: configuration)
        return found.state
      case .failure(let error):
        guard step != steps.first else { throw error }
        context.warn("\(error.subject): \(error.message); the one before it is used")
      }
    }
    return nil
  }

  private func checkpoint(_ bytes: [UInt8], name: String) -> Result<Checkpoint, TrainingError> {
    do {
      return .success(try Checkpoint(decoding: bytes, name: name))
    } catch {
      return .failure(error)
    }
  }

  /// Writes the complete configuration.
  func write(configuration: JSONValue) throws {
    let text = try configuration.encoded(pretty: true) + [UInt8(ascii: "\n")]
    try store.write(text.rawSpan, to: Self.configurationName)
    try store.synchronize()
  }

  /// Writes a checkpoint and removes all older ones but the last and the best.
  func write(_ checkpoint: Checkpoint) throws {
    let bytes = try checkpoint.encoded()
    try store.write(bytes.rawSpan, to: checkpointName(checkpoint.state.step))
    try store.synchronize()
    let kept = Set(checkpointSteps.suffix(2) + [checkpoint.state.best?.step ?? 0])
    for step in checkpointSteps where !kept.contains(step) {
      try store.remove(checkpointName(step))
    }
  }

  /// Writes the model that is the best so far.
  func write(model bytes: [UInt8]) throws {
    try store.write(bytes.rawSpan, to: "model.onnx")
    try store.synchronize()
  }

  /// Writes the model that the training ends with.
  func write(lastModel bytes: [UInt8]) throws {
    try store.write(bytes.rawSpan, to: "last.onnx")
    try store.synchronize()
  }

  /// Writes the curve as a table and as pictures.
  func write(_ curve: TrainingCurve) throws {
    let text = Array(curve.csv.utf8)
    try store.write(text.rawSpan, to: "curve.csv")
    let svg = try curve.drawn(as: .svg)
    try store.write(svg.rawSpan, to: "curve.svg")
    let png = try curve.drawn(as: .png)
    try store.write(png.rawSpan, to: "curve.png")
    try store.synchronize()
  }

  private func checkpointName(_ step: Int) -> String {
    let digits = String(step)
    let zeros = String(repeating: "0", count: max(0, 9 - digits.count))
    return "\(Self.checkpointFolder)/step-\(zeros)\(digits)\(Self.checkpointSuffix)"
  }

  /// The steps at which there are checkpoints, in order.
  private var checkpointSteps: [Int] {
    let folder = "\(path)/\(Self.checkpointFolder)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(Self.checkpointSuffix) else { return nil }
      return Int(name.dropFirst(5).dropLast(Self.checkpointSuffix.count))
    }.sorted()
  }
}

private func takeLock(_ path: String) throws -> FileLock {
  let holder = "process \(ProcessInfo.processInfo.processIdentifier)"
  switch try FileLock.take(path: "\(path)/.lock", holder: holder) {
  case .taken(let lock): return lock
  case .held(let other):
    throw VolumeError(
      .alreadyExists, path: path, "in use by \(other.isEmpty ? "another process" : other)",
      remedy: "wait for it, or stop it, then run this again")
  }
}
