import Synchronization
public import VolumeStore
import Voxels

/// A TrackVis file of version 2 being written.
public final class TRKWriter: StreamlineWriter {
  private let header: TRKHeader
  private let toStored: ScannerTransform
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var file: NewFile
    var offset = TRKHeader.byteCount
    var count = 0
    var isFinished = false
  }

  /// Creates a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - replacing: Whether one that is there is replaced.
  ///   - space: The image space the file is to state.
  ///   - perStreamline: The columns with values for each streamline; ten at most are named.
  ///   - perPoint: The columns with values for each point.
  /// - Throws: ``VolumeError`` with `alreadyExists`, `inputOutput`, or `unsupportedFeature` where
  ///   the space has no inverse.
  public init(
    path: String, replacing: Bool, space: TractogramSpace,
    perStreamline: [TractogramColumn] = [], perPoint: [TractogramColumn] = []
  ) throws(VolumeError) {
    var header = TRKHeader()
    header.transform = space.transform
    header.extent = SIMD3(space.extent.x, space.extent.y, space.extent.z)
    header.voxelSize = SIMD3<Float>(space.transform.spacing)
    header.properties = perStreamline
    header.scalars = perPoint
    guard header.voxelSize.isFinitePositive, let toStored = header.toScanner.inverse else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the image space has no inverse",
        remedy: "name another reference image")
    }
    guard perStreamline.count <= 10, perPoint.count <= 10 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "a TrackVis file names ten columns of data at most",
        found: "\(max(perStreamline.count, perPoint.count))", remedy: "write TRX")
    }
    self.header = header
    self.toStored = toStored
    let file = try NewFile(path: path, replacing: replacing)
    try file.write(header.bytes.span.bytes, at: 0)
    state = Mutex(State(file: file))
  }

  /// Writes streamlines.
  public func write(_ batch: StreamlineBatch) throws(VolumeError) {
    precondition(
      batch.perPoint.count == header.scalars.count
        && batch.perStreamline.count == header.properties.count, "the columns are other ones")
    var values: [Float] = []
    values.reserveCapacity(batch.positions.count + batch.count)
    for (index, points) in batch.bounds.enumerated() {
      // A whole number among the floats, as its bits.
      values.append(Float(bitPattern: UInt32(points.count)))
      for point in points {
        let place = toStored.apply(
          SIMD3(
            Double(batch.positions[3 * point]), Double(batch.positions[3 * point + 1]),
            Double(batch.positions[3 * point + 2])))
        values += [Float(place.x), Float(place.y), Float(place.z)]
        for (column, scalar) in zip(batch.perPoint, header.scalars) {
          values += column[scalar.components * point..<scalar.components * (point + 1)]
        }
      }
      for (column, property) in zip(batch.perStreamline, header.properties) {
        values += column[property.components * index..<property.components * (index + 1)]
      }
    }
    try state.withLock { state throws(VolumeError) in
      precondition(!state.isFinished, "the file is finished already")
      try state.file.write(values.span.bytes, at: state.offset)
      state.offset += 4 * values.count
      state.count += batch.count
    }
  }

  /// Writes the count.
  public func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      precondition(!state.isFinished, "the file is finished already")
      state.isFinished = true
      var header = header
      header.streamlineCount = state.count
      try state.file.write(header.bytes.span.bytes, at: 0)
      try state.file.commit()
    }
  }
}
