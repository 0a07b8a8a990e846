import Codecs
import Synchronization
public import VolumeStore

/// A text file with a number for each streamline, read some at a time.
///
/// Numbers are divided by white space or commas; what follows `#` on a line is a comment.
public final class NumberFile: Sendable {
  /// The file.
  public let path: String
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var stream: FileStream
    /// Bytes read and not used yet, from a place on.
    var bytes: [UInt8] = []
    var place = 0
    var isComment = false
    var count = 0
  }

  /// Opens a file.
  ///
  /// - Throws: ``VolumeError`` where it is not there.
  public init(path: String) throws(VolumeError) {
    self.path = path
    state = Mutex(State(stream: try FileStream(path: path)))
  }

  /// Reads the next numbers.
  ///
  /// - Throws: ``VolumeError`` where there are fewer, or what is there is no number.
  public func next(_ count: Int) throws(VolumeError) -> [Double] {
    try state.withLock { state throws(VolumeError) in
      var numbers: [Double] = []
      numbers.reserveCapacity(count)
      while numbers.count < count {
        guard let number = try next(&state) else {
          throw VolumeError(
            .malformedMetadata, path: path, "there are fewer numbers than streamlines",
            found: "\(state.count)", expected: "one for each streamline",
            remedy: "give the file that belongs to these streamlines")
        }
        numbers.append(number)
      }
      return numbers
    }
  }

  /// Checks that nothing is left.
  ///
  /// - Throws: ``VolumeError`` where there are more numbers than were asked for.
  public func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      let used = state.count
      var rest = 0
      while try next(&state) != nil { rest += 1 }
      guard rest == 0 else {
        throw VolumeError(
          .malformedMetadata, path: path, "there are more numbers than streamlines",
          found: "\(used + rest)", expected: "\(used)",
          remedy: "give the file that belongs to these streamlines")
      }
    }
  }

  private func next(_ state: inout State) throws(VolumeError) -> Double? {
    var word: [UInt8] = []
    while true {
      if state.place == state.bytes.count {
        state.bytes = try state.stream.next(1 << 18)
        state.place = 0
        if state.bytes.isEmpty { break }
      }
      let byte = state.bytes[state.place]
      if state.isComment {
        state.place += 1
        if byte == UInt8(ascii: "\n") { state.isComment = false }
      } else if byte == UInt8(ascii: "#") {
        if !word.isEmpty { break }
        state.isComment = true
      } else {
        state.place += 1
        guard byte <= UInt8(ascii: " ") || byte == UInt8(ascii: ",") else {
          word.append(byte)
          continue
        }
        if !word.isEmpty { break }
      }
    }
    guard !word.isEmpty else { return nil }
    let text = String(decoding: word, as: UTF8.self)
    guard let number = Double(text) else {
      throw VolumeError(
        .malformedMetadata, path: path, "number \(state.count + 1) cannot be read", found: text)
    }
    state.count += 1
    return number
  }
}
