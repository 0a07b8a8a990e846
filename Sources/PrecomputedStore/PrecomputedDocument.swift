import Codecs
import VolumeStore
import Voxels

/// An `info` file being read, with the path to name in errors.
struct PrecomputedDocument {
  let path: String
  let limits: Limits

  func malformed(
    _ message: String, found: JSONValue? = nil, expected: String? = nil, cause: (any Error)? = nil
  ) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message, found: found.map(describe), expected: expected,
      remedy: "repair the file or write the volume again", cause: cause)
  }

  func unsupported(
    _ message: String, found: String?, expected: String? = nil, remedy: String
  ) -> VolumeError {
    VolumeError(
      .unsupportedFeature, path: path, message, found: found, expected: expected, remedy: remedy)
  }

  func tooLarge(_ message: String, found: String, expected: String) -> VolumeError {
    VolumeError(
      .limitExceeded, path: path, message, found: found, expected: expected,
      remedy: "write the volume again with smaller chunks")
  }

  /// A short rendering of a value for messages.
  func describe(_ value: JSONValue) -> String {
    guard let bytes = try? value.encoded() else { return "a number that is not finite" }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.count > 80 ? text.prefix(80) + "…" : text
  }

  func object(parsing text: [UInt8]) throws(VolumeError) -> JSONObject {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: text)
    } catch {
      throw malformed("the file is no JSON text", cause: error)
    }
    guard let root = json.object else {
      throw malformed("the file holds no JSON object", found: json)
    }
    return root
  }

  /// Three whole numbers in x, y, z order, given as z, y, x.
  func triple(
    _ value: JSONValue?, _ name: String, in range: ClosedRange<Int>
  ) throws(VolumeError) -> (z: Int, y: Int, x: Int) {
    let numbers = (value?.array ?? []).map { $0.int }
    guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2],
      range.contains(x), range.contains(y), range.contains(z)
    else {
      throw malformed(
        "\(name) is wrong", found: value,
        expected: "three whole numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    return (z, y, x)
  }

  /// Three lengths in voxels, in x, y, z order in the file.
  func extent(_ value: JSONValue?, _ name: String) throws(VolumeError) -> VoxelExtent {
    let lengths = try triple(value, name, in: 1...limits.maximalLength)
    return VoxelExtent(z: lengths.z, y: lengths.y, x: lengths.x)
  }

  /// A whole number of an object's member.
  func integer(
    _ value: JSONValue?, _ name: String, in range: ClosedRange<Int>
  ) throws(VolumeError) -> Int {
    guard let number = value?.int, range.contains(number) else {
      throw malformed(
        "\(name) is wrong", found: value,
        expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
