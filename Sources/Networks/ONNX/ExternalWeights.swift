import FoundationEssentials

/// The files beside a model that hold some of its weights.
///
/// A model names such a file by a path relative to its own folder, and a range of its bytes. The
/// path may not lead out of the folder, and the range must lie within the file.
///
/// Source: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
final class ExternalWeights {
  /// Where some weights are, as the model says it.
  struct Place {
    var location = ""
    var offset = 0
    var length: Int?

    /// Reads the pairs of names and texts that say it.
    init(_ entries: [(key: String, value: String)], of name: String) throws(ModelError) {
      for (key, value) in entries {
        switch key {
        case "location": location = value
        case "offset": offset = try Self.number(value, key, name)
        case "length": length = try Self.number(value, key, name)
        default: break
        }
      }
    }

    private static func number(
      _ text: String, _ key: String, _ name: String
    ) throws(ModelError) -> Int {
      guard let number = Int(text), number >= 0 else {
        throw ModelError(
          .malformed, "the weights \"\(name)\" have an impossible \(key) in another file",
          found: "\"\(text)\"", expected: "a number of bytes")
      }
      return number
    }
  }

  private let folder: String?
  private var files: [String: [UInt8]] = [:]

  /// - Parameter model: The model's file; empty where it was not read from one.
  init(besides model: String) {
    folder =
      model.isEmpty
      ? nil : URL(filePath: model).resolvingSymlinksInPath().deletingLastPathComponent().path
  }

  /// A reader of the file's bytes and the range of the weights in it.
  func bytes(
    of place: Place, name: String
  ) throws(ModelError) -> (reader: ProtobufReader, range: Range<Int>) {
    let content = try content(of: place.location, name: name)
    let length = place.length ?? max(content.count - place.offset, 0)
    let (end, overflows) = place.offset.addingReportingOverflow(length)
    guard !overflows, end <= content.count else {
      throw ModelError(
        .malformed, "the weights \"\(name)\" reach past the end of \"\(place.location)\"",
        found: "\(content.count) bytes", expected: "\(length) from byte \(place.offset) on",
        remedy: "copy the file of weights again")
    }
    return (ProtobufReader(content), place.offset..<end)
  }

  private func content(of location: String, name: String) throws(ModelError) -> [UInt8] {
    if let known = files[location] { return known }
    guard let folder else {
      throw ModelError(
        .unsupported, "the weights \"\(name)\" are in another file", found: "\"\(location)\"",
        remedy: "read the model from its file")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, location.utf8.count <= 4096, !location.utf8.contains(0),
      parts.allSatisfy({ !["", ".."].contains($0) })
    else { throw Self.outside(location, name) }
    let file = URL(filePath: folder).appending(path: location).resolvingSymlinksInPath().path
    guard file.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/") else {
      throw Self.outside(location, name)
    }
    let content: [UInt8]
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: file)
      guard attributes[.type] as? FileAttributeType == .typeRegular else {
        throw ModelError(
          .malformed, "the file of weights \"\(location)\" is not a file")
      }
      let data = try Data(contentsOf: URL(filePath: file), options: .mappedIfSafe)
      guard data.count <= ONNXModel.maximalByteCount else {
        throw ModelError(
          .limitExceeded, "the file of weights \"\(location)\" is too large",
          found: "\(data.count) bytes", expected: "at most \(ONNXModel.maximalByteCount)")
      }
      content = [UInt8](data)
    } catch let error as ModelError {
      throw error
    } catch {
      throw ModelError(
        .unreadable, "the file of weights \"\(location)\" cannot be read",
        remedy: "keep the model and its files of weights in one folder", cause: error)
    }
    files[location] = content
    return content
  }

  private static func outside(_ location: String, _ name: String) -> ModelError {
    ModelError(
      .malformed, "the weights \"\(name)\" are not in the model's folder",
      found: "\"\(location)\"", expected: "a path relative to the model, without ..",
      remedy: "keep the model and its files of weights in one folder")
  }
}
