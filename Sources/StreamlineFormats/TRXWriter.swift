import Codecs
import Glibc
import Synchronization
public import VolumeStore

/// A TRX file being written: a zip file of arrays that are not packed, or a folder of them.
///
/// Arrays grow in a hidden folder beside the file, which is put together in the end.
public final class TRXWriter: StreamlineWriter {
  /// How positions are stored.
  public enum PositionType: String, CaseIterable, Sendable {
    /// Half precision: 0.06 mm at 100 mm from the origin.
    case float16
    /// Single precision.
    case float32
  }

  private let assembly: Mutex<TRXAssembly>

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: The file; a folder where it ends in `/`.
  ///   - replacing: Whether a file that is there is replaced; a folder never is.
  ///   - header: The columns, groups and image space the file is to have.
  ///   - positionType: How positions are stored.
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  public init(
    path: String, replacing: Bool, header: TractogramHeader, positionType: PositionType = .float32
  ) throws(VolumeError) {
    let isFolder = path.hasSuffix("/")
    let place = isFolder ? String(path.dropLast()) : path
    if let status = try FileStatus(place), !replacing || !status.isRegularFile {
      throw VolumeError(
        .alreadyExists, path: place, "is there already",
        remedy: "choose another name or remove it")
    }
    let (parent, name) = FileStore.split(place)
    try PartialFile.removeStrays(of: name, in: parent)
    let folder = "\(parent)/\(PartialFile.name(for: name))"
    for part in ["", "/dps", "/dpv", "/groups"] where mkdir(folder + part, 0o777) != 0 {
      throw VolumeError(errno: errno, path: place, "cannot create the file")
    }
    assembly = Mutex(
      try TRXAssembly(
        path: place, folder: folder, replacing: replacing, isFolder: isFolder, header: header,
        positionType: positionType))
  }

  /// Writes streamlines.
  public func write(_ batch: StreamlineBatch) throws(VolumeError) {
    try assembly.withLock { assembly throws(VolumeError) in try assembly.write(batch) }
  }

  /// Takes other groups than those of the header.
  public func setGroups(_ groups: [String: [UInt32]]) {
    assembly.withLock { assembly in assembly.groups = groups }
  }

  /// Writes the last offset, the groups and the header, and puts the file together.
  public func finish() throws(VolumeError) {
    try assembly.withLock { assembly throws(VolumeError) in try assembly.finish() }
  }
}

/// The growing arrays of a TRX file.
private final class TRXAssembly {
  private let path: String
  private let folder: String
  private let replacing: Bool
  private let isFolder: Bool
  private let header: TractogramHeader
  private let positionType: TRXWriter.PositionType
  var groups: [String: [UInt32]]
  private let positions: GrowingArray
  private let offsets: GrowingArray
  private let perStreamline: [GrowingArray]
  private let perPoint: [GrowingArray]
  private var pointCount = 0
  private var count = 0
  private var isFinished = false

  init(
    path: String, folder: String, replacing: Bool, isFolder: Bool, header: TractogramHeader,
    positionType: TRXWriter.PositionType
  ) throws(VolumeError) {
    self.path = path
    self.folder = folder
    self.replacing = replacing
    self.isFolder = isFolder
    self.header = header
    groups = header.groups
    self.positionType = positionType
    positions = try GrowingArray("positions.3.\(positionType.rawValue)", in: folder)
    offsets = try GrowingArray("offsets.uint64", in: folder)
    var (perStreamline, perPoint): ([GrowingArray], [GrowingArray]) = ([], [])
    for column in header.perStreamline {
      perStreamline.append(try GrowingArray(TRXArrayName.entry("dps", column), in: folder))
    }
    for column in header.perPoint {
      perPoint.append(try GrowingArray(TRXArrayName.entry("dpv", column), in: folder))
    }
    self.perStreamline = perStreamline
    self.perPoint = perPoint
  }

  deinit {
    // What is left behind is found by the next writer of the file.
    try? FileStore.removeTree(at: folder)
  }

  func write(_ batch: StreamlineBatch) throws(VolumeError) {
    precondition(!isFinished, "the file is finished already")
    precondition(
      batch.perPoint.count == header.perPoint.count
        && batch.perStreamline.count == header.perStreamline.count, "the columns are other ones")
    var values: [Float] = []
    var starts: [UInt64] = []
    values.reserveCapacity(batch.positions.count)
    for (index, points) in batch.bounds.enumerated() {
      starts.append(UInt64(pointCount))
      pointCount += points.count
      values.append(contentsOf: batch.coordinates(of: index))
    }
    count += batch.count
    try offsets.append(starts.span.bytes)
    if positionType == .float16 {
      let halves = values.map { halfBits($0) }
      try positions.append(halves.span.bytes)
    } else {
      try positions.append(values.span.bytes)
    }
    for (array, column) in zip(perStreamline, batch.perStreamline) {
      try array.append(column.span.bytes)
    }
    for (place, column) in header.perPoint.enumerated() {
      values.removeAll(keepingCapacity: true)
      for points in batch.bounds {
        values +=
          batch.perPoint[place][
            column.components * points.lowerBound..<column.components * points.upperBound]
      }
      try perPoint[place].append(values.span.bytes)
    }
  }

  func finish() throws(VolumeError) {
    precondition(!isFinished, "the file is finished already")
    isFinished = true
    let last = [UInt64(pointCount)]
    try offsets.append(last.span.bytes)
    var arrays = [positions, offsets] + perStreamline + perPoint
    for (name, members) in groups.sorted(by: { $0.key < $1.key }) {
      let entry = "groups/\(String(name.map { $0 == "/" ? "_" : $0 })).uint32"
      let array = try GrowingArray(entry, in: folder)
      try array.append(members.span.bytes)
      arrays.append(array)
    }
    let document = TRXDocument(
      streamlineCount: count, pointCount: pointCount, space: header.space)
    let text = try document.encoded(path: path)
    let description = try GrowingArray("header.json", in: folder)
    try description.append(text.span.bytes)
    arrays.insert(description, at: 0)
    for array in arrays { try array.file.commit() }
    for part in ["dps", "dpv", "groups"] { rmdir("\(folder)/\(part)") }
    if isFolder {
      try FileStore(root: folder).move(to: path)
    } else {
      try pack(arrays.map { $0.entry })
    }
  }

  private func pack(_ entries: [String]) throws(VolumeError) {
    var pending = try PendingFile(path: path, replacing: replacing)
    let packed = "\(folder)/packed.zip"
    let files = entries.map { (name: $0, path: "\(folder)/\($0)") }
    try ZipArchive.create(packed, of: files, for: path)
    guard rename(packed, pending.partialPath) == 0 else {
      throw VolumeError(errno: errno, path: path, "cannot put the file in its place")
    }
    try pending.commit()
  }
}

/// A file that arrays are added to.
private final class GrowingArray {
  let entry: String
  var file: NewFile
  private var byteCount = 0

  init(_ entry: String, in folder: String) throws(VolumeError) {
    self.entry = entry
    file = try NewFile(path: "\(folder)/\(entry)", replacing: false)
  }

  func append(_ bytes: RawSpan) throws(VolumeError) {
    try file.write(bytes, at: byteCount)
    byteCount += bytes.byteCount
  }
}
