import Codecs
import Synchronization
public import VolumeStore

/// A text file with the nodes of each streamline, a line each, read some lines at a time.
///
/// Source: MRtrix3, `tck2connectome -out_assignments`; what follows `#` is a comment, and lines
/// without numbers are passed over.
public final class NodeListFile: Sendable {
  /// The file.
  public let path: String
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var stream: FileStream
    /// Bytes read and not used yet, from a place on.
    var bytes: [UInt8] = []
    var place = 0
    var count = 0
  }

  /// Opens a file.
  ///
  /// - Throws: ``VolumeError`` where it is not there.
  public init(path: String) throws(VolumeError) {
    self.path = path
    state = Mutex(State(stream: try FileStream(path: path)))
  }

  /// Reads the nodes of the next streamline; nil behind the last.
  ///
  /// - Throws: ``VolumeError`` where a line is none of nodes.
  public func next() throws(VolumeError) -> [UInt32]? {
    try state.withLock { state throws(VolumeError) in try next(&state) }
  }

  /// Reads the nodes of the next streamlines.
  ///
  /// - Throws: ``VolumeError`` where there are fewer, or a line is none of nodes.
  public func next(_ count: Int) throws(VolumeError) -> [[UInt32]] {
    try state.withLock { state throws(VolumeError) in
      var lists: [[UInt32]] = []
      lists.reserveCapacity(count)
      while lists.count < count {
        guard let nodes = try next(&state) else {
          throw VolumeError(
            .malformedMetadata, path: path, "there are fewer lines than streamlines",
            found: "\(state.count)", expected: "one for each streamline",
            remedy: "give the file that belongs to these streamlines")
        }
        lists.append(nodes)
      }
      return lists
    }
  }

  /// Checks that nothing is left.
  ///
  /// - Throws: ``VolumeError`` where there are more lines than were asked for.
  public func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      let used = state.count
      var rest = 0
      while try next(&state) != nil { rest += 1 }
      guard rest == 0 else {
        throw VolumeError(
          .malformedMetadata, path: path, "there are more lines than streamlines",
          found: "\(used + rest)", expected: "\(used)",
          remedy: "give the file that belongs to these streamlines")
      }
    }
  }

  private func next(_ state: inout State) throws(VolumeError) -> [UInt32]? {
    var nodes: [UInt32] = []
    while true {
      var (number, isComment, isEnd): (UInt32?, Bool, Bool) = (nil, false, false)
      var isLineDone = false
      while !isLineDone {
        if state.place == state.bytes.count {
          state.bytes = try state.stream.next(1 << 18)
          state.place = 0
        }
        guard state.place < state.bytes.count else {
          isEnd = true
          break
        }
        let byte = state.bytes[state.place]
        state.place += 1
        switch byte {
        case UInt8(ascii: "\n"): isLineDone = true
        case _ where isComment: break
        case UInt8(ascii: "#"): isComment = true
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
          let (tens, isTooLarge) = (number ?? 0).multipliedReportingOverflow(by: 10)
          let (sum, isAbove) = tens.addingReportingOverflow(UInt32(byte - UInt8(ascii: "0")))
          guard !isTooLarge, !isAbove else { throw fault(state.count, "a number too large") }
          number = sum
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","), UInt8(ascii: "\r"):
          if let found = number { nodes.append(found) }
          number = nil
        default: throw fault(state.count, String(decoding: [byte], as: UTF8.self))
        }
        if isLineDone || isComment, let found = number {
          nodes.append(found)
          number = nil
        }
      }
      if let number { nodes.append(number) }
      if !nodes.isEmpty {
        state.count += 1
        return nodes
      }
      if isEnd { return nil }
    }
  }

  private func fault(_ count: Int, _ found: String) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, "the nodes of streamline \(count) cannot be read",
      found: found, expected: "whole numbers with blanks between them")
  }
}
