public import Codecs
import Synchronization
public import VolumeStore

/// MRtrix3 tracks, read block by block.
///
/// Source: MRtrix3 documentation, "Tracks file format (.tck)".
public final class TCKReader: StreamlineReader {
  /// The file.
  public let path: String
  /// What it says of itself.
  public let header: TractogramHeader
  private let numbers: StoredNumbers
  private let blockByteCount: Int
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var stream: FileStream
    /// The points of a streamline whose end lies in the next block.
    var carry: [Float] = []
    var count = 0
    /// Whether the end mark was met.
    var isEnded = false
    var isFinished = false
    var findings: [String] = []
    var digest: ContentDigest?
  }

  /// Opens a file.
  ///
  /// - Throws: ``VolumeError`` where it is not there, or its header is not sound.
  public init(path: String, options: StreamlineReadingOptions = StreamlineReadingOptions())
    throws(VolumeError)
  {
    let stream = try FileStream(path: path)
    guard let file = try StoredFile(path: path) else {
      throw VolumeError(.notFound, path: path, "no such file")
    }
    let parsed = try TCKHeader(path: path, TCKHeader.bytes(of: file))
    guard parsed.dataOffset <= file.byteCount else {
      throw VolumeError(
        .corruptChunk, path: path, "the file ends before its data begins",
        found: "\(file.byteCount) bytes", expected: "more than \(parsed.dataOffset)",
        remedy: "copy the file again")
    }
    _ = try stream.next(parsed.dataOffset)
    var header = TractogramHeader(format: .tck, positionType: parsed.typeName)
    header.properties = parsed.properties
    if let count = parsed.value(of: "count").flatMap({ Int($0) }), count >= 0 {
      header.streamlineCount = count
    } else {
      header.notes.append("the header states no count of streamlines")
    }
    self.path = path
    self.header = header
    numbers = parsed.numbers
    // Whole points.
    blockByteCount =
      max(1, options.blockByteCount / (3 * numbers.type.byteCount))
      * 3 * numbers.type.byteCount
    state = Mutex(State(stream: stream))
  }

  /// What was found besides once everything is read.
  public var findings: [String] { state.withLock { $0.findings } }

  /// The digest of the file's bytes, once everything is read.
  public var digest: ContentDigest? { state.withLock { $0.digest } }

  /// Reads the next streamlines.
  public func read(into batch: inout StreamlineBatch) throws(VolumeError) -> Bool {
    try state.withLock { state throws(VolumeError) in try read(into: &batch, &state) }
  }

  private func read(
    into batch: inout StreamlineBatch, _ state: inout State
  ) throws(VolumeError) -> Bool {
    batch.firstIndex = state.count
    batch.bounds.removeAll(keepingCapacity: true)
    guard !state.isFinished else { return false }
    // Points before this one are searched already; the array may be longer than what is in use.
    var (used, searched, first) = (state.carry.count / 3, state.carry.count / 3, 0)
    Self.makeRoom(for: 3 * used, in: &batch.positions)
    for index in state.carry.indices { batch.positions[index] = state.carry[index] }
    state.carry.removeAll(keepingCapacity: true)
    while batch.bounds.isEmpty && !state.isEnded {
      let added = try readPoints(after: used, into: &batch.positions, &state)
      if added == 0 { break }
      used += added
      var bounds = batch.bounds
      batch.bounds = []
      scan(batch.positions.span, searched..<used, &first, &bounds, &state)
      batch.bounds = bounds
      searched = used
    }
    state.count += batch.bounds.count
    if state.isEnded || (batch.bounds.isEmpty && searched == used) {
      return try finish(first..<used, &batch, &state)
    }
    state.carry.append(contentsOf: batch.positions[3 * first..<3 * used])
    return true
  }

  private static func makeRoom(for count: Int, in positions: inout [Float]) {
    if positions.count < count {
      positions.reserveCapacity(count)
      positions.append(contentsOf: repeatElement(0, count: count - positions.count))
    }
  }

  /// Reads a block of points behind those there are.
  private func readPoints(
    after used: Int, into positions: inout [Float], _ state: inout State
  ) throws(VolumeError) -> Int {
    let width = 3 * numbers.type.byteCount
    let count = min(blockByteCount, state.stream.remaining / width * width)
    let points = count / width
    guard points > 0 else { return 0 }
    if numbers.type == .float32 && !numbers.isBigEndian {
      Self.makeRoom(for: 3 * (used + points), in: &positions)
      var span = positions.mutableSpan
      var bytes = span.mutableBytes
      _ = try state.stream.read(into: &bytes, 12 * used..<12 * used + count)
      return points
    }
    let bytes = try state.stream.next(count)
    positions.removeLast(positions.count - 3 * used)
    numbers.append(bytes.span.bytes, from: 0, count: 3 * points, to: &positions)
    return points
  }

  /// Finds the ends of streamlines among new points.
  private func scan(
    _ positions: Span<Float>, _ points: Range<Int>, _ first: inout Int,
    _ bounds: inout [Range<Int>], _ state: inout State
  ) {
    var index = 3 &* points.lowerBound
    let end = 3 &* points.upperBound
    while index < end {
      let x = positions[index]
      if !x.isFinite {
        let point = index / 3
        if x.isInfinite {
          if point > first {
            state.findings.append("the last streamline has no end mark of its own")
            bounds.append(first..<point)
          }
          first = points.upperBound
          state.isEnded = true
          return
        }
        bounds.append(first..<point)
        first = point + 1
      }
      index &+= 3
    }
  }

  /// Sees whether the file ended as it should.
  private func finish(
    _ rest: Range<Int>, _ batch: inout StreamlineBatch, _ state: inout State
  ) throws(VolumeError) -> Bool {
    state.isFinished = true
    if !state.isEnded {
      let partial = state.stream.remaining
      let isShort = header.streamlineCount.map { state.count < $0 } ?? false
      guard rest.isEmpty, partial == 0, !isShort else {
        throw VolumeError(
          .corruptChunk, path: path, "the tracks end too early",
          found: "\(state.count) whole streamlines"
            + (rest.isEmpty && partial == 0 ? "" : " and a part of one"),
          expected: header.streamlineCount.map { "\($0), and an end mark" } ?? "an end mark",
          remedy: "copy the file again, or let the program that writes it finish")
      }
      state.findings.append("the end mark is missing")
    }
    if let stated = header.streamlineCount, stated != state.count {
      state.findings.append(
        "the header states \(stated) streamlines, the file has \(state.count)")
    }
    state.digest = try state.stream.finish()
    return !batch.bounds.isEmpty
  }
}
