import CommandLineInterface
import VolumeStore
import Voxels

/// A volume with its values in another type.
struct ConvertedVolume: VolumeReader {
  let base: any VolumeReader
  let metadata: VolumeMetadata

  var path: String { base.path }

  /// The base's, and the converted values.
  var readingMemory: ReadingMemory {
    let memory = base.readingMemory
    let values = metadata.channels * metadata.dataType.byteCount
    return ReadingMemory(
      held: memory.held, perVoxel: memory.perVoxel + values, perRead: memory.perRead)
  }

  init(_ base: any VolumeReader, dataType: DataType) {
    self.base = base
    var metadata = base.metadata
    metadata.dataType = dataType
    self.metadata = metadata
  }

  func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    guard Scalar.dataType == metadata.dataType else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "the volume is converted to another type",
        found: metadata.dataType.rawValue, expected: Scalar.dataType.rawValue)
    }
    return try base.readConverting(box, to: type)
  }
}

extension InputVolume {
  /// The volume with its values in another type that holds every one of them.
  ///
  /// Where the type does not hold all that the volume's type does, the whole volume is read first.
  ///
  /// - Parameters:
  ///   - dataType: The type asked for.
  ///   - kind: What the values mean; labels must be kept exactly, fractions may be rounded.
  ///   - runner: Gives memory, threads and progress.
  /// - Returns: The volume; itself where it is of that type.
  /// - Throws: ``VolumeError`` with `dataTypeMismatch`, naming the value that does not fit.
  func converted(
    to dataType: DataType, kind: VolumeKind, runner: StageRunner
  ) throws -> InputVolume {
    let stored = reader.metadata.dataType
    guard dataType != stored else { return self }
    if !dataType.holdsAll(of: stored, exactly: kind == .labels) {
      let found = try VolumeStatistics(of: reader, countsDistinct: false, runner: runner)
      try check(found, fits: dataType, kind: kind)
    }
    let rounding =
      !stored.isInteger && dataType.isInteger ? ", rounded to the nearest whole number" : ""
    return InputVolume(
      reader: ConvertedVolume(reader, dataType: dataType), formatName: formatName,
      isLossy: isLossy, identity: "\(identity) as=\(dataType.rawValue)",
      notes: notes + ["values of \(stored.rawValue) became \(dataType.rawValue)\(rounding)"])
  }

  private func check(
    _ found: VolumeStatistics, fits dataType: DataType, kind: VolumeKind
  ) throws(VolumeError) {
    let what = kind == .labels ? "label" : "value"
    func refuse(_ value: String, _ expected: String) -> VolumeError {
      VolumeError(
        .dataTypeMismatch, path: reader.path, "not every \(what) fits \(dataType.rawValue)",
        found: "\(what) \(value)", expected: expected,
        remedy: kind == .labels
          ? "choose a wider --output-type, or renumber the labels" : "choose a wider --output-type")
    }
    guard let least = found.minimum, let most = found.maximum else { return }
    let range = dataType.exactRange(forLabels: kind == .labels)
    if let range {
      let expected = "\(range.lowerBound) to \(range.upperBound)"
      if dataType.isInteger, found.notNumbers > 0 {
        throw refuse("not a number", expected)
      }
      // Fractions have infinities of their own.
      for value in [most, least] where dataType.isInteger || value.doubleValue.isFinite {
        guard range.contains(value) else { throw refuse("\(value)", expected) }
      }
    }
  }
}

extension DataType {
  /// Whether a type holds every value of another, or one near enough to it.
  fileprivate func holdsAll(of other: DataType, exactly: Bool) -> Bool {
    guard let own = exactRange(forLabels: exactly) else { return true }
    guard let others = other.exactRange(forLabels: false) else { return false }
    // Every whole number has a near fraction, but for the largest in 16 bits.
    guard isInteger || exactly || !other.isInteger || self == .float16 else { return true }
    return own.lowerBound <= others.lowerBound && others.upperBound <= own.upperBound
  }

  /// The range of values that are kept; nil where any are, the nearest where not exactly.
  fileprivate func exactRange(forLabels: Bool) -> ClosedRange<ExactValue>? {
    func range<Scalar: FixedWidthInteger>(_ type: Scalar.Type) -> ClosedRange<ExactValue> {
      .integer(Int128(Scalar.min)) ... .integer(Int128(Scalar.max))
    }
    if let type = scalarType as? any (VoxelScalar & FixedWidthInteger).Type { return range(type) }
    guard forLabels else {
      guard self != .float64 else { return nil }
      let largest =
        self == .float16
        ? Double(Float16.greatestFiniteMagnitude) : Double(Float.greatestFiniteMagnitude)
      return .real(-largest) ... .real(largest)
    }
    let largest = Int128(1) << (self == .float16 ? 11 : self == .float32 ? 24 : 53)
    return .integer(-largest) ... .integer(largest)
  }
}
