import Codecs
import Synchronization
public import VolumeStore

/// The lines of a legacy VTK file of polydata, in text or binary.
///
/// Lines of version 3 files are counts followed by indices, those of version 5 are offsets and a list
/// of indices. Points are taken as scanner coordinates unless the title says `SPACE=LPS`.
///
/// Source: VTK User's Guide, "VTK File Formats", and its successor at
/// <https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html>.
public final class VTKReader: StreamlineReader {
  /// The file.
  public let path: String
  /// What it says of itself.
  public let header: TractogramHeader
  private let layout: VTKLayout
  private let file: StoredFile
  private let blockPoints: Int
  private let state: Mutex<State>

  private struct State {
    var count = 0
    /// The next value of the list of lines, or of indices.
    var place = 0
  }

  /// Opens a file.
  ///
  /// - Throws: ``VolumeError`` where it is not there, or is not sound.
  public init(path: String, options: StreamlineReadingOptions = StreamlineReadingOptions())
    throws(VolumeError)
  {
    _ = try FileStatus.ofFile(path)
    guard let file = try StoredFile(path: path) else {
      throw VolumeError(.notFound, path: path, "no such file")
    }
    let layout = try VTKLayout(file)
    var header = TractogramHeader(format: .vtk, positionType: layout.points.typeName)
    header.streamlineCount = layout.lineCount
    header.pointCount = layout.points.count / 3
    header.properties = [
      ("title", layout.title), ("encoding", layout.isBinary ? "binary" : "text"),
    ]
    if !layout.title.contains("SPACE=") {
      header.notes.append("the title does not say SPACE=: RAS is assumed")
    }
    self.path = path
    self.header = header
    self.layout = layout
    self.file = file
    blockPoints = max(1, options.blockByteCount / 12)
    state = Mutex(State())
  }

  /// Nothing: all is checked as it is read.
  public var findings: [String] { [] }

  /// Reads the next streamlines.
  public func read(into batch: inout StreamlineBatch) throws(VolumeError) -> Bool {
    try state.withLock { state throws(VolumeError) in try read(into: &batch, &state) }
  }

  private func read(
    into batch: inout StreamlineBatch, _ state: inout State
  ) throws(VolumeError) -> Bool {
    batch.clear(firstIndex: state.count, streamlineColumns: 0, pointColumns: 0)
    guard state.count < layout.lineCount else { return false }
    var points = 0
    while state.count < layout.lineCount, points < blockPoints {
      let indices = try nextLine(&state)
      try gather(indices, into: &batch.positions)
      batch.bounds.append(points..<points + indices.count)
      points += indices.count
      state.count += 1
    }
    return true
  }

  /// The indices of the next line's points.
  private func nextLine(_ state: inout State) throws(VolumeError) -> [Int] {
    var first = state.place
    let count: Int
    if let offsets = layout.offsets {
      let ends = try offsets.integers(state.count..<state.count + 2, of: file)
      (first, count) = (ends[0], ends[1] - ends[0])
    } else {
      count = try layout.connections.integers(first..<first + 1, of: file)[0]
      first += 1
    }
    guard count >= 0, first >= 0, first <= layout.connections.count - count else {
      throw VolumeError(
        .corruptChunk, path: path, "line \(state.count) does not end within the list of lines",
        found: "\(count) points from \(first)", expected: "\(layout.connections.count) at most",
        remedy: "copy the file again")
    }
    state.place = first + count
    return try layout.connections.integers(first..<first + count, of: file)
  }

  /// Adds the points of a line, whose indices mostly follow one another.
  private func gather(_ indices: [Int], into positions: inout [Float]) throws(VolumeError) {
    let total = layout.points.count / 3
    guard indices.allSatisfy({ $0 >= 0 && $0 < total }) else {
      throw VolumeError(
        .corruptChunk, path: path, "a line names a point that is not there",
        expected: "indices below \(total)", remedy: "copy the file again")
    }
    let start = positions.count
    var first = 0
    while first < indices.count {
      var next = first + 1
      while next < indices.count, indices[next] == indices[next - 1] + 1 { next += 1 }
      let range = 3 * indices[first]..<3 * (indices[next - 1] + 1)
      try layout.points.append(range, of: file, to: &positions)
      first = next
    }
    guard layout.isLPS else { return }
    for index in stride(from: start, to: positions.count, by: 3) {
      positions[index] = -positions[index]
      positions[index + 1] = -positions[index + 1]
    }
  }
}
