import Codecs
import CommandLineInterface
import FoundationEssentials
import Training
import VolumeStore

/// The options `--set`, in their order.
struct SettingsOverrides: ArgumentValue {
  var list: [SettingsOverride] = []

  init() {}

  init?(argument: String) {
    guard let setting = SettingsOverride(argument) else { return nil }
    list = [setting]
  }

  var argumentText: String? { nil }
  static var expectation: String { "a setting and its value, such as optimizer.learning_rate=0.01" }
  static var placeholder: String { "KEY=VALUE" }
  static var isRepeatable: Bool { true }
  mutating func append(_ later: SettingsOverrides) { list += later.list }
}

/// A configuration file with what the command line says in its place.
enum TrainingDocument {
  /// Reads a configuration.
  ///
  /// Paths in the file are relative to its folder, those in overrides to the working folder. All
  /// are absolute in the result, so that it can be written anywhere.
  ///
  /// - Throws: ``VolumeError`` where the file is not there or no JSON; ``TrainingError`` where an
  ///   override leads nowhere.
  static func read(_ path: String, overrides: [SettingsOverride]) throws -> JSONValue {
    guard let bytes = try FileStore(root: path).read("", limit: 1 << 24) else {
      throw VolumeError(
        .notFound, path: path, "there is no such configuration", remedy: "check the path")
    }
    var document: JSONValue
    do {
      document = try JSONValue(parsing: bytes)
    } catch {
      throw VolumeError(
        .malformedMetadata, path: path, "the configuration is no JSON", cause: error)
    }
    let folder = FileStore.split(path).folder
    document = resolved(document, in: folder)
    for setting in overrides { document = try setting.applied(to: document) }
    return resolved(document, in: ".")
  }

  /// The document with all paths absolute.
  private static func resolved(_ document: JSONValue, in folder: String) -> JSONValue {
    guard case .object(var members) = document else { return document }
    func absolute(_ value: JSONValue?) -> JSONValue? {
      guard let path = value?.string, !path.isEmpty, !path.hasPrefix("/") else { return value }
      let root = URL(fileURLWithPath: folder).standardizedFileURL.path
      return .string(
        URL(fileURLWithPath: root + "/" + path).standardizedFileURL.path)
    }
    for section in ["data", "validation"] {
      guard case .array(let volumes)? = members[section] else { continue }
      members[section] = .array(
        volumes.map { volume in
          guard case .object(var settings) = volume else { return volume }
          for name in ["image", "labels", "mask"] { settings[name] = absolute(settings[name]) }
          if case .object(let further)? = settings["further_labels"] {
            settings["further_labels"] = .object(
              further.mapValues { place in
                guard case .object(var place) = place else { return place }
                place["path"] = absolute(place["path"])
                return .object(place)
              })
          }
          return .object(settings)
        })
    }
    if case .object(var network)? = members["network"],
      let model = network["model"]?.string, model.contains("/") || model.hasSuffix(".onnx")
    {
      // Anything else is the name of a model that comes with the program.
      network["model"] = absolute(.string(model))
      members["network"] = .object(network)
    }
    return .object(members)
  }
}
