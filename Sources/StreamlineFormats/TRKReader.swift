public import Codecs
import Synchronization
public import VolumeStore
import Voxels

/// A TrackVis file, read block by block.
///
/// Source: TrackVis documentation, "Track File Format", versions 1 and 2.
public final class TRKReader: StreamlineReader {
  /// The file.
  public let path: String
  /// What it says of itself.
  public let header: TractogramHeader
  private let stored: TRKHeader
  private let toScanner: ScannerTransform
  private let blockByteCount: Int
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var stream: FileStream
    /// Bytes of a streamline whose end lies in the next block.
    var bytes: [UInt8] = []
    var count = 0
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
    let stored = try TRKHeader(path: path, stream.next(TRKHeader.byteCount))
    var header = TractogramHeader(
      format: .trk, positionType: stored.isBigEndian ? "Float32BE" : "Float32LE")
    header.streamlineCount = stored.streamlineCount > 0 ? stored.streamlineCount : nil
    header.space = TractogramSpace(
      transform: stored.transform,
      extent: VoxelExtent(z: stored.extent.z, y: stored.extent.y, x: stored.extent.x))
    header.perPoint = stored.scalars
    header.perStreamline = stored.properties
    header.properties = [
      ("version", "\(stored.version)"),
      ("voxel_size", (0..<3).map { "\(stored.voxelSize[$0])" }.joined(separator: ",")),
      ("voxel_order", stored.voxelOrder),
    ]
    header.notes = stored.notes
    self.path = path
    self.header = header
    self.stored = stored
    toScanner = stored.toScanner
    blockByteCount = options.blockByteCount
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
    batch.clear(
      firstIndex: state.count, streamlineColumns: stored.properties.count,
      pointColumns: stored.scalars.count)
    guard !state.isFinished else { return false }
    var wanted = blockByteCount
    while batch.bounds.isEmpty {
      let added = try state.stream.next(wanted)
      if added.isEmpty { break }
      state.bytes += added
      let (used, needed) = try decode(state.bytes, into: &batch, state)
      state.bytes.removeFirst(used)
      wanted = max(blockByteCount, needed - state.bytes.count)
    }
    state.count += batch.count
    if batch.bounds.isEmpty { try finish(&state) }
    return !batch.bounds.isEmpty
  }

  /// Decodes whole streamlines.
  ///
  /// - Returns: The bytes they take, and those of the next one, as far as it says.
  private func decode(
    _ bytes: [UInt8], into batch: inout StreamlineBatch, _ state: borrowing State
  ) throws(VolumeError) -> (used: Int, needed: Int) {
    let span = bytes.span.bytes
    let integers = StoredNumbers(type: .int32, isBigEndian: stored.isBigEndian)
    let floats = StoredNumbers(type: .float32, isBigEndian: stored.isBigEndian)
    let perPoint = 3 + stored.scalars.reduce(0) { $0 + $1.components }
    let perStreamline = stored.properties.reduce(0) { $0 + $1.components }
    var (offset, values) = (0, [Float]())
    while offset + 4 <= bytes.count {
      let points = integers.integer(span, offset)
      let needed = 4 + 4 * (points * perPoint + perStreamline)
      guard points >= 0, needed - (bytes.count - offset) <= state.stream.remaining else {
        let index = state.count + batch.count
        throw VolumeError(
          .corruptChunk, path: path, "streamline \(index) does not end within the file",
          found: "\(points) points",
          expected:
            "at most those of the \(bytes.count - offset + state.stream.remaining) bytes left",
          remedy: "copy the file again")
      }
      guard offset + needed <= bytes.count else { return (offset, needed) }
      values.removeAll(keepingCapacity: true)
      floats.append(span, from: offset + 4, count: needed / 4 - 1, to: &values)
      add(values, points: points, perPoint: perPoint, to: &batch)
      offset += needed
    }
    return (offset, 4)
  }

  private func add(
    _ values: [Float], points: Int, perPoint: Int, to batch: inout StreamlineBatch
  ) {
    let first = batch.positions.count / 3
    for point in 0..<points {
      let place = perPoint * point
      let position = toScanner.apply(
        SIMD3(Double(values[place]), Double(values[place + 1]), Double(values[place + 2])))
      batch.positions.append(Float(position.x))
      batch.positions.append(Float(position.y))
      batch.positions.append(Float(position.z))
      var scalar = place + 3
      for (index, column) in stored.scalars.enumerated() {
        batch.perPoint[index].append(contentsOf: values[scalar..<scalar + column.components])
        scalar += column.components
      }
    }
    var property = perPoint * points
    for (index, column) in stored.properties.enumerated() {
      batch.perStreamline[index].append(contentsOf: values[property..<property + column.components])
      property += column.components
    }
    batch.bounds.append(first..<first + points)
  }

  private func finish(_ state: inout State) throws(VolumeError) {
    state.isFinished = true
    let stated = header.streamlineCount
    guard state.bytes.isEmpty, stated.map({ state.count >= $0 }) ?? true else {
      throw VolumeError(
        .corruptChunk, path: path, "the streamlines end too early",
        found: "\(state.count) whole streamlines", expected: stated.map { "\($0)" },
        remedy: "copy the file again")
    }
    if let stated, stated != state.count {
      state.findings.append(
        "the header states \(stated) streamlines, the file has \(state.count)")
    }
    state.digest = try state.stream.finish()
  }
}
