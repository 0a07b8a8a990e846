import Codecs
import Synchronization
public import VolumeStore
import Voxels

/// A TRX file, packed or a folder, read some streamlines at a time.
///
/// Source: TRX specification, <https://tee-ar-ex.github.io/trx-python/trx_specifications.html>.
public final class TRXReader: StreamlineReader {
  /// The file.
  public let path: String
  /// What it says of itself.
  public let header: TractogramHeader
  private let streamlineCount: Int
  private let pointCount: Int
  private let blockPoints: Int
  private let state: Mutex<State>

  /// An array that is read from its beginning to its end.
  private struct Column {
    var entry: String
    var name: TRXArrayName
    var stream: any ByteStream

    mutating func append(
      _ count: Int, to values: inout [Float], path: String
    ) throws(VolumeError) {
      var rest = count * name.components
      while rest > 0 {
        let piece = min(rest, 1 << 18)
        let bytes = try stream.next(piece * name.type.byteCount, named: entry, of: path)
        StoredNumbers(type: name.type).append(bytes.span.bytes, from: 0, count: piece, to: &values)
        rest -= piece
      }
    }
  }

  private struct State: ~Copyable {
    var positions: Column
    var offsets: Column
    var perStreamline: [Column]
    var perPoint: [Column]
    /// How many offsets the file has: one for each streamline, or one more.
    let offsetCount: Int
    /// The offsets read and not yet used; the first one belongs to the next streamline.
    var pending: [Int] = []
    var offsetsRead = 0
    var count = 0
    /// The end of the last streamline read, in points.
    var lastEnd = 0
  }

  /// Opens a file.
  ///
  /// - Throws: ``VolumeError`` where it is not there, or is not sound.
  public init(path: String, options: StreamlineReadingOptions = StreamlineReadingOptions())
    throws(VolumeError)
  {
    let source = try TRXSource(path: path)
    let document = try TRXDocument(source, path: path)
    (streamlineCount, pointCount) = (document.streamlineCount, document.pointCount)
    var header = TractogramHeader(format: .trx)
    header.streamlineCount = streamlineCount
    header.pointCount = pointCount
    header.space = document.space
    header.notes = document.notes
    var (positions, offsets): (Column?, Column?) = (nil, nil)
    var (perStreamline, perPoint): ([Column], [Column]) = ([], [])
    for (entry, byteCount) in source.arrays {
      guard let name = TRXArrayName(entry) else { continue }
      func check(_ count: Int, alternative: Int? = nil) throws(VolumeError) {
        let width = name.components * name.type.byteCount
        let expected = checkedProduct([count, width])
        guard byteCount == expected || byteCount == alternative.map({ $0 * width }) else {
          throw VolumeError(
            .corruptChunk, path: path, "\(entry) has another size than the header says",
            found: "\(byteCount) bytes", expected: expected.map { "\($0)" },
            remedy: "copy the file again")
        }
      }
      func open() throws(VolumeError) -> Column {
        Column(entry: entry, name: name, stream: try source.open(entry))
      }
      let column = TractogramColumn(
        name: name.name, components: name.components, type: name.type.rawValue)
      switch name.role {
      case .positions:
        guard name.components == 3 else { continue }
        try check(pointCount)
        positions = try open()
        header.positionType = name.type.rawValue
      case .offsets:
        try check(streamlineCount, alternative: streamlineCount + 1)
        offsets = try open()
      case .perStreamline:
        // Some writers store one value too many, as they do with offsets.
        try check(streamlineCount, alternative: streamlineCount + 1)
        perStreamline.append(try open())
        header.perStreamline.append(column)
      case .perPoint:
        try check(pointCount)
        perPoint.append(try open())
        header.perPoint.append(column)
      case .group:
        header.groups[name.name] = try Self.group(source, entry, name, path: path)
      case .groupData(let group):
        let bytes = try source.bytes(of: entry, limit: 1 << 20)
        var values: [Float] = []
        StoredNumbers(type: name.type).append(
          bytes.span.bytes, from: 0, count: bytes.count / name.type.byteCount, to: &values)
        header.groupData["\(group)/\(name.name)"] = values
      }
    }
    let none = "where there are no streamlines an array may be missing"
    guard streamlineCount == 0 || (positions != nil && offsets != nil) else {
      throw VolumeError(
        .malformedMetadata, path: path,
        "\(positions == nil ? "positions" : "offsets") are missing", remedy: "copy the file again")
    }
    let empty = EmptyStream()
    let nothing = Column(
      entry: none, name: TRXArrayName.nothing, stream: empty)
    let offsetColumn = offsets ?? nothing
    let width = offsetColumn.name.type.byteCount
    self.path = path
    self.header = header
    blockPoints = max(1, options.blockByteCount / 12)
    state = Mutex(
      State(
        positions: positions ?? nothing, offsets: offsetColumn, perStreamline: perStreamline,
        perPoint: perPoint, offsetCount: offsetColumn.stream.byteCount / width))
  }

  private static func group(
    _ source: TRXSource, _ entry: String, _ name: TRXArrayName, path: String
  ) throws(VolumeError) -> [UInt32] {
    let bytes = try source.bytes(of: entry, limit: 1 << 30)
    let numbers = StoredNumbers(type: name.type)
    switch name.type {
    case .float16, .float32, .float64, .bit:
      throw VolumeError(
        .dataTypeMismatch, path: path, "\(entry) is no list of streamlines",
        found: name.type.rawValue, expected: "uint32")
    default: break
    }
    var members: [UInt32] = []
    for index in 0..<bytes.count / name.type.byteCount {
      guard
        let member = UInt32(exactly: numbers.integer(bytes.span.bytes, index * name.type.byteCount))
      else {
        throw VolumeError(.corruptChunk, path: path, "\(entry) names a streamline below 0")
      }
      members.append(member)
    }
    return members
  }

  /// Points that belong to no streamline: a file may hold one more than its header says.
  public var findings: [String] {
    state.withLock { state in
      guard state.count == streamlineCount, state.count > 0, state.lastEnd < pointCount else {
        return []
      }
      return ["\(pointCount - state.lastEnd) points behind the last streamline are left out"]
    }
  }

  /// Reads the next streamlines.
  public func read(into batch: inout StreamlineBatch) throws(VolumeError) -> Bool {
    try state.withLock { state throws(VolumeError) in try read(into: &batch, &state) }
  }

  private func read(
    into batch: inout StreamlineBatch, _ state: inout State
  ) throws(VolumeError) -> Bool {
    batch.clear(
      firstIndex: state.count, streamlineColumns: state.perStreamline.count,
      pointColumns: state.perPoint.count)
    guard state.count < streamlineCount else { return false }
    var points = 0
    while state.count < streamlineCount {
      let (start, end) = try nextBounds(&state)
      if points > 0, points + (end - start) > blockPoints { break }
      batch.bounds.append(points..<points + (end - start))
      points += end - start
      state.pending.removeFirst()
      state.count += 1
      state.lastEnd = end
    }
    try state.positions.append(points, to: &batch.positions, path: path)
    for index in state.perPoint.indices {
      try state.perPoint[index].append(points, to: &batch.perPoint[index], path: path)
    }
    for index in state.perStreamline.indices {
      try state.perStreamline[index].append(
        batch.count, to: &batch.perStreamline[index], path: path)
    }
    return true
  }

  /// The first point of the next streamline, and that after its last.
  private func nextBounds(_ state: inout State) throws(VolumeError) -> (start: Int, end: Int) {
    if state.pending.count < 2 {
      let width = state.offsets.name.type.byteCount
      let count = min(1 << 14, state.offsetCount - state.offsetsRead)
      let bytes = try state.offsets.stream.next(
        count * width, named: state.offsets.entry, of: path)
      let numbers = StoredNumbers(type: state.offsets.name.type)
      for index in 0..<count {
        state.pending.append(numbers.integer(bytes.span.bytes, index * width))
      }
      state.offsetsRead += count
      if state.offsetsRead == state.offsetCount, state.offsetCount == streamlineCount, count > 0 {
        state.pending.append(pointCount)
      }
    }
    guard state.pending.count >= 2, state.pending[0] >= 0, state.pending[0] <= state.pending[1],
      state.pending[1] <= pointCount, state.count > 0 || state.pending[0] == 0
    else {
      throw VolumeError(
        .corruptChunk, path: path, "the offsets of streamline \(state.count) are not sound",
        found: state.pending.prefix(2).map { "\($0)" }.joined(separator: ", "),
        expected: "ascending numbers of points, \(pointCount) at most",
        remedy: "copy the file again")
    }
    return (state.pending[0], state.pending[1])
  }
}

extension TRXArrayName {
  /// The name of an array that is not there.
  fileprivate static var nothing: TRXArrayName {
    TRXArrayName(role: .offsets, name: "", components: 1, type: .uint64)
  }

  private init(role: Role, name: String, components: Int, type: StoredNumber) {
    self.role = role
    self.name = name
    self.components = components
    self.type = type
  }
}

/// No bytes.
private final class EmptyStream: ByteStream {
  var byteCount: Int { 0 }
  func read(into target: inout MutableRawSpan, _ range: Range<Int>) throws(VolumeError) -> Int { 0 }
}
