public import Codecs

/// One setting given in place of a configuration's, as `optimizer.learning_rate=0.01`.
public struct SettingsOverride: Hashable, Sendable {
  /// The keys from the outermost on; whole numbers are places in lists.
  public let keys: [String]
  /// The value: JSON, or else text.
  public let value: JSONValue

  /// Reads `a.b=c`; nil where there is no `=`, or a key is empty.
  public init?(_ text: String) {
    guard let sign = text.firstIndex(of: "=") else { return nil }
    keys = text[..<sign].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard keys.allSatisfy({ !$0.isEmpty }) else { return nil }
    let given = String(text[text.index(after: sign)...])
    value = (try? JSONValue(parsing: Array(given.utf8))) ?? .string(given)
  }

  /// The document with the setting replaced, or added where it was not there.
  ///
  /// - Throws: ``TrainingError`` with `configuration` where the keys lead through something that
  ///   has no members, or past a list's end.
  public func applied(to document: JSONValue) throws(TrainingError) -> JSONValue {
    try applied(to: document, depth: 0)
  }

  private func applied(to value: JSONValue, depth: Int) throws(TrainingError) -> JSONValue {
    guard depth < keys.count else { return self.value }
    let key = keys[depth]
    switch value {
    case .object(var members):
      members[key] = try applied(to: members[key] ?? .null, depth: depth + 1)
      return .object(members)
    case .null:
      // What is left out becomes what the key asks for.
      guard Int(key) == nil else {
        return try applied(to: .array([]), depth: depth)
      }
      return try applied(to: .object([:]), depth: depth)
    case .array(var elements):
      guard let place = Int(key), (0...elements.count).contains(place) else {
        throw TrainingError(
          .configuration, keys[...depth].joined(separator: "."), "there is no such element",
          expected: "a place from 0 to \(elements.count)")
      }
      if place == elements.count { elements.append(.null) }
      elements[place] = try applied(to: elements[place], depth: depth + 1)
      return .array(elements)
    default:
      throw TrainingError(
        .configuration, keys[..<depth].joined(separator: "."), "has no members",
        found: value.shortText)
    }
  }
}

extension TrainingConfiguration {
  /// The settings that a training that goes on may change.
  ///
  /// With another number of steps, the learning rate follows the new schedule from then on.
  private static let changeable = [
    "steps", "checkpoint_every", "report_every", "validate_every",
  ]
  /// Where the volumes of these sections lie: whether they are the same is for `inputs` to say.
  private static let volumes = ["data", "validation"]
  private static let places = [
    "image", "image_dataset", "labels", "labels_dataset", "mask", "mask_dataset", "further_labels",
  ]

  /// Checks that a training may go on with another configuration than it began with.
  ///
  /// - Parameters:
  ///   - earlier: The complete configuration that it began with.
  ///   - later: The complete configuration to go on with.
  /// - Throws: ``TrainingError`` with `checkpoint` that names the first setting that differs, apart
  ///   from the number of steps, how often something is written, and where the volumes lie.
  public static func checkUnchanged(
    from earlier: JSONValue, to later: JSONValue
  ) throws(TrainingError) {
    guard let (key, old, new) = difference(earlier, later, path: []) else { return }
    throw TrainingError(
      .checkpoint, key, "the training began with another value", found: new.shortText,
      expected: old.shortText,
      remedy: "restore the value, or train anew in another --output")
  }

  private static func difference(
    _ old: JSONValue, _ new: JSONValue, path: [String]
  ) -> (key: String, old: JSONValue, new: JSONValue)? {
    switch (old, new) {
    case (.object(let first), .object(let second)):
      for name in Set(first.keys).union(second.keys).sorted() {
        if path.isEmpty, changeable.contains(name) { continue }
        if path.count == 2, volumes.contains(path[0]), places.contains(name) { continue }
        let found = difference(
          first[name] ?? .null, second[name] ?? .null, path: path + [name])
        if let found { return found }
      }
      return nil
    case (.array(let first), .array(let second)) where first.count == second.count:
      for index in first.indices {
        let found = difference(first[index], second[index], path: path + ["\(index)"])
        if let found { return found }
      }
      return nil
    default:
      if let first = old.double, let second = new.double, first == second { return nil }
      return old == new ? nil : (path.joined(separator: "."), old, new)
    }
  }
}
