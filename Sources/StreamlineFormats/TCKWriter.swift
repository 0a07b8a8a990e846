import Synchronization
public import VolumeStore

/// MRtrix3 tracks being written, in single precision.
public final class TCKWriter: StreamlineWriter {
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var file: NewFile
    var offset: Int
    let countOffset: Int
    var count = 0
    var isFinished = false
  }

  /// The names of header lines that the writer writes itself.
  private static let reserved: Set<String> = ["count", "total_count", "datatype", "file"]

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - replacing: Whether one that is there is replaced.
  ///   - properties: Header lines.
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  public init(
    path: String, replacing: Bool, properties: [(name: String, value: String)] = []
  ) throws(VolumeError) {
    var text = "\(TCKHeader.magic)\n"
    for (name, value) in properties where !Self.reserved.contains(name.lowercased()) {
      text += "\(name): \(value.split(whereSeparator: \.isNewline).joined(separator: " "))\n"
    }
    text += "datatype: Float32LE\ncount: "
    let countOffset = text.utf8.count
    text += "\(Self.digits(0))\n"
    // The offset counts its own digits.
    var offset = 0
    for _ in 0..<3 { offset = text.utf8.count + "file: . \(offset)\nEND\n".utf8.count }
    text += "file: . \(offset)\nEND\n"
    let file = try NewFile(path: path, replacing: replacing)
    try file.write(Array(text.utf8).span.bytes, at: 0)
    state = Mutex(State(file: file, offset: text.utf8.count, countOffset: countOffset))
  }

  private static func digits(_ count: Int) -> String {
    let text = String(count)
    return String(repeating: "0", count: max(0, 10 - text.count)) + text
  }

  /// Writes streamlines.
  public func write(_ batch: StreamlineBatch) throws(VolumeError) {
    var values: [Float] = []
    values.reserveCapacity(batch.positions.count + 3 * batch.count)
    for index in 0..<batch.count {
      values.append(contentsOf: batch.coordinates(of: index))
      values.append(contentsOf: repeatElement(.nan, count: 3))
    }
    try state.withLock { state throws(VolumeError) in
      precondition(!state.isFinished, "the file is finished already")
      try state.file.write(values.span.bytes, at: state.offset)
      state.offset += 4 * values.count
      state.count += batch.count
    }
  }

  /// Writes the end mark and the count.
  public func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      precondition(!state.isFinished, "the file is finished already")
      state.isFinished = true
      let end = [Float](repeating: .infinity, count: 3)
      try state.file.write(end.span.bytes, at: state.offset)
      try state.file.write(Array(Self.digits(state.count).utf8).span.bytes, at: state.countOffset)
      try state.file.commit()
    }
  }
}
