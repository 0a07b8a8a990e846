import Codecs
import SQLite
import VolumeStore

/// A line of the edit log: that an operation was created, or how it ended.
struct EditEntry: Hashable {
  /// Counted from 1, without gaps.
  var sequence: Int64
  var operation: Int64
  var status: EditOperation.Status
  var kind: EditOperation.Kind
  /// The operation that an undo or a redo takes back.
  var target: Int64?
  var user: String
  /// In milliseconds since 1970 (UTC); never before the entry before.
  var time: Int64
  /// JSON text, the same for equal payloads.
  var payload: String
  /// The hash of the entry before; that of the base for the first.
  var previous: String
  var hash: String

  /// What ``hash`` has to be.
  ///
  /// Neither a user nor a payload has line breaks, so that no two entries have the same text.
  var digest: String {
    let fields = [
      previous, "\(sequence)", "\(operation)", status.rawValue, kind.rawValue,
      target.map { "\($0)" } ?? "-", "\(time)", user, payload,
    ]
    return SHA256(of: fields.joined(separator: "\n")).description
  }

  /// Whether texts of the entry are of one line.
  var isOneLine: Bool {
    [user, payload].allSatisfy { !$0.utf8.contains(UInt8(ascii: "\n")) }
  }

  static let columns =
    "sequence, operation, status, kind, target, user, time, payload, previous, hash"

  init(
    sequence: Int64, operation: Int64, status: EditOperation.Status, kind: EditOperation.Kind,
    target: Int64?, user: String, time: Int64, payload: String, previous: String
  ) {
    self.sequence = sequence
    self.operation = operation
    self.status = status
    self.kind = kind
    self.target = target
    self.user = user
    self.time = time
    self.payload = payload
    self.previous = previous
    hash = ""
    hash = digest
  }

  /// Takes a row of ``columns``; nil where it is no entry.
  init?(_ row: SQLiteRow) {
    guard let sequence = row.integer(0), let operation = row.integer(1),
      let status = row.text(2).flatMap({ EditOperation.Status(rawValue: $0) }),
      let kind = row.text(3).flatMap({ EditOperation.Kind(rawValue: $0) }),
      row.values[4] == .null || row.integer(4) != nil,
      let user = row.text(5), let time = row.integer(6), let payload = row.text(7),
      let previous = row.text(8), let hash = row.text(9)
    else { return nil }
    self.init(
      sequence: sequence, operation: operation, status: status, kind: kind,
      target: row.integer(4), user: user, time: time, payload: payload, previous: previous)
    self.hash = hash
  }

  /// Stores the entry behind all others.
  func append(to database: SQLiteDatabase) throws(VolumeError) {
    try database.run(
      "INSERT INTO edit_entry(\(Self.columns)) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      .integer(sequence), .integer(operation), .text(status.rawValue), .text(kind.rawValue),
      .optional(target), .text(user), .integer(time), .text(payload), .text(previous),
      .text(hash))
  }
}

extension EditEntry {
  /// The entry as a line of JSON.
  func line(path: String) throws(VolumeError) -> String {
    var object: JSONObject = [
      "sequence": .integer(sequence), "operation": .integer(operation),
      "status": .string(status.rawValue), "kind": .string(kind.rawValue),
      "user": .string(user), "time": .integer(time), "previous": .string(previous),
      "hash": .string(hash),
    ]
    if let target { object["target"] = .integer(target) }
    guard let value = try? JSONValue(parsing: Array(payload.utf8)) else {
      throw EditEntry.changed(path, sequence)
    }
    object["payload"] = value
    return try JSONValue.object(object).line(path: path)
  }

  /// Reads a line of JSON; nil where it is none of an entry.
  init?(line: String) {
    guard let object = (try? JSONValue(parsing: Array(line.utf8)))?.object,
      let sequence = object["sequence"]?.wholeNumber,
      let operation = object["operation"]?.wholeNumber,
      let status = object["status"]?.string.flatMap({ EditOperation.Status(rawValue: $0) }),
      let kind = object["kind"]?.string.flatMap({ EditOperation.Kind(rawValue: $0) }),
      let user = object["user"]?.string, let time = object["time"]?.wholeNumber,
      let previous = object["previous"]?.string, let hash = object["hash"]?.string,
      let payload = try? object["payload"]?.encoded(),
      object["target"] == nil || object["target"]?.wholeNumber != nil
    else { return nil }
    self.init(
      sequence: sequence, operation: operation, status: status, kind: kind,
      target: object["target"]?.wholeNumber, user: user, time: time,
      payload: String(decoding: payload, as: UTF8.self), previous: previous)
    self.hash = hash
  }

  /// The payload of an entry that creates an operation.
  func created(path: String) throws(VolumeError) -> EditPayload {
    guard let object = (try? JSONValue(parsing: Array(payload.utf8)))?.object,
      let payload = EditPayload(object)
    else { throw Self.changed(path, sequence) }
    return payload
  }

  /// The error of an entry that is not as it was written.
  static func changed(_ path: String, _ sequence: Int64) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, "the log of edits was changed or damaged",
      found: "entry \(sequence)",
      remedy: "see what emseg proofread verify says, and restore the database from a backup")
  }
}

extension JSONValue {
  /// The value as one line.
  func line(path: String) throws(VolumeError) -> String {
    do {
      return String(decoding: try encoded(), as: UTF8.self)
    } catch {
      throw VolumeError(
        .unsupportedFeature, path: path, "a number of the edit is not finite", cause: error)
    }
  }

  /// The whole number, where the value is one.
  fileprivate var wholeNumber: Int64? {
    guard case .integer(let value) = self else { return nil }
    return value
  }
}
