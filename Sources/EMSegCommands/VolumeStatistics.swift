import CommandLineInterface
import Synchronization
import VolumeStore
import Voxels

/// What a whole volume's values are like.
struct VolumeStatistics {
  /// The number of values, those that are not a number left out.
  private(set) var count = 0
  /// The number of values that are not a number.
  private(set) var notNumbers = 0
  /// The number of zeros.
  private(set) var zeros = 0
  private(set) var minimum: ExactValue?
  private(set) var maximum: ExactValue?
  private(set) var mean = 0.0
  /// The sum of the squares of the values' distances from their mean.
  private var squares = 0.0
  /// How many different values there are; nil where there are more than ``distinctLimit``, or where
  /// values are no whole numbers.
  private(set) var distinct: Int?
  /// How often each value of an 8- or 16-bit type is there, from the type's least on.
  private(set) var histogram: [Int] = []
  /// The least value of the type that the histogram is of.
  private var histogramStart = 0

  /// Different values are counted up to this number.
  static let distinctLimit = 1 << 22

  /// The standard deviation of the values, taken as the whole population.
  var standardDeviation: Double { count == 0 ? 0 : (squares / Double(count)).squareRoot() }

  /// Reads a whole volume.
  ///
  /// - Parameters:
  ///   - reader: The volume; all its channels are taken together.
  ///   - countsDistinct: Whether different values of wide integers are counted.
  ///   - runner: Gives memory, threads and progress.
  /// - Throws: ``VolumeError`` where a block cannot be read, `MemoryBudgetError`, `Interruption`.
  init(of reader: any VolumeReader, countsDistinct: Bool, runner: StageRunner) throws {
    let type = reader.metadata.dataType.scalarType
    // Labels found in a block, in a hash table at most half full.
    let walk = VolumeWalk(
      reader: reader, runner: runner, label: "statistics",
      bytesPerVoxel: countsDistinct ? 32 : 0)
    if let type = type as? any (VoxelScalar & FixedWidthInteger).Type {
      if type.bitWidth <= 16 {
        try self.init(counting: type, in: walk)
      } else {
        try self.init(integers: type, in: walk, countsDistinct: countsDistinct)
      }
    } else if let type = type as? any (VoxelScalar & BinaryFloatingPoint).Type {
      try self.init(reals: type, in: walk)
    } else {
      preconditionFailure("values are whole numbers or fractions")
    }
  }

  private init<Scalar: VoxelScalar & FixedWidthInteger>(
    counting type: Scalar.Type, in walk: VolumeWalk
  ) throws {
    let reader = walk.reader
    let total = Mutex([Int](repeating: 0, count: 1 << Scalar.bitWidth))
    _ = try walk.results { box in
      let counts = histogramOf(try reader.read(box, as: type))
      total.withLock { total in
        for index in counts.indices { total[index] += counts[index] }
      }
    }
    histogram = total.withLock { $0 }
    histogramStart = Int(Scalar.min)
    let values = histogram.indices.filter { histogram[$0] > 0 }
    count = histogram.reduce(0, +)
    zeros = histogram[-histogramStart]
    minimum = values.first.map { .integer(Int128($0 + histogramStart)) }
    maximum = values.last.map { .integer(Int128($0 + histogramStart)) }
    distinct = values.count
    guard count > 0 else { return }
    mean =
      Double(values.reduce(Int128(0)) { $0 + Int128($1 + histogramStart) * Int128(histogram[$1]) })
      / Double(count)
    for value in values {
      let distance = Double(value + histogramStart) - mean
      squares += distance * distance * Double(histogram[value])
    }
  }

  private init<Scalar: VoxelScalar & FixedWidthInteger>(
    integers type: Scalar.Type, in walk: VolumeWalk, countsDistinct: Bool
  ) throws {
    let reader = walk.reader
    let found = Mutex(DistinctValues(limit: countsDistinct ? Self.distinctLimit : 0))
    let parts = try walk.results { box in
      let volume = try reader.read(box, as: type)
      if countsDistinct {
        let values = differentValues(volume)
        found.withLock { $0.insert(values) }
      }
      return momentsOf(integers: volume)
    }
    for part in parts { merge(part) }
    distinct = countsDistinct ? found.withLock { $0.count } : nil
  }

  private init<Scalar: VoxelScalar & BinaryFloatingPoint>(
    reals type: Scalar.Type, in walk: VolumeWalk
  ) throws {
    let reader = walk.reader
    let parts = try walk.results { box in momentsOf(reals: try reader.read(box, as: type)) }
    for part in parts { merge(part) }
  }

  /// Takes up the values of another part.
  private mutating func merge(_ part: ValueMoments) {
    var moments = ValueMoments(
      count: count, notNumbers: notNumbers, zeros: zeros, minimum: minimum, maximum: maximum,
      mean: mean, squares: squares)
    moments.merge(part)
    (count, notNumbers, zeros) = (moments.count, moments.notNumbers, moments.zeros)
    (minimum, maximum) = (moments.minimum, moments.maximum)
    (mean, squares) = (moments.mean, moments.squares)
  }

  /// The least value that at least a share of all values is not above; nil without a histogram.
  func percentile(_ percent: Double) -> Int? {
    guard count > 0, !histogram.isEmpty else { return nil }
    let wanted = max(1, Int((percent / 100 * Double(count)).rounded(.up)))
    var passed = 0
    for (index, found) in histogram.enumerated() {
      passed += found
      if passed >= wanted { return index + histogramStart }
    }
    return nil
  }
}

/// A value of any stored type, exactly.
enum ExactValue: Comparable, Sendable, CustomStringConvertible {
  case integer(Int128)
  case real(Double)

  static func < (first: ExactValue, second: ExactValue) -> Bool {
    switch (first, second) {
    case (.integer(let first), .integer(let second)): first < second
    default: first.doubleValue < second.doubleValue
    }
  }

  /// The value, rounded where it is a large whole number.
  var doubleValue: Double {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    }
  }

  /// The value as digits.
  var description: String {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): shortestText(value)
    }
  }
}

/// A number without a trailing `.0`.
private func shortestText(_ value: Double) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Different values, counted up to a limit.
private struct DistinctValues {
  let limit: Int
  private var values: Set<UInt64> = []
  private var isOverfull = false

  init(limit: Int) { self.limit = limit }

  /// How many there are; nil where there are more than the limit.
  var count: Int? { isOverfull ? nil : values.count }

  mutating func insert(_ more: Set<UInt64>) {
    guard !isOverfull else { return }
    values.formUnion(more)
    guard values.count > limit else { return }
    isOverfull = true
    values = []
  }
}
