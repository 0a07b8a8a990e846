import VolumeStore
import Voxels

/// What the values of one block are like.
struct ValueMoments: Sendable {
  var count = 0
  var notNumbers = 0
  var zeros = 0
  var minimum: ExactValue?
  var maximum: ExactValue?
  var mean = 0.0
  /// The sum of the squares of the values' distances from their mean.
  var squares = 0.0

  /// The standard deviation of the values, taken as the whole population.
  var standardDeviation: Double { count == 0 ? 0 : (squares / Double(count)).squareRoot() }

  /// Takes up the values of another part.
  ///
  /// Source: Chan, Golub & LeVeque 1979, Stanford STAN-CS-79-773.
  mutating func merge(_ part: ValueMoments) {
    notNumbers += part.notNumbers
    guard part.count > 0 else { return }
    zeros += part.zeros
    if let value = part.minimum { minimum = minimum.map { min($0, value) } ?? value }
    if let value = part.maximum { maximum = maximum.map { max($0, value) } ?? value }
    let (own, other) = (Double(count), Double(part.count))
    let difference = part.mean - mean
    mean += difference * other / (own + other)
    squares += part.squares + difference * difference * own * other / (own + other)
    count += part.count
  }
}

/// How often each value is there, from the type's least on.
///
/// - Complexity: O(*n*) in the values.
@specialized(where Scalar == UInt8)
@specialized(where Scalar == Int8)
@specialized(where Scalar == UInt16)
@specialized(where Scalar == Int16)
func histogramOf<Scalar: VoxelScalar & FixedWidthInteger>(
  _ volume: borrowing Volume<Scalar>
) -> [Int] {
  var counts = [Int](repeating: 0, count: 1 << Scalar.bitWidth)
  let start = Int(Scalar.min)
  let values = volume.span
  for index in values.indices { counts[Int(values[index]) - start] += 1 }
  return counts
}

/// The sums of a block of whole numbers; exact but for the squares of the distances.
///
/// - Complexity: O(*n*) in the values.
@specialized(where Scalar == UInt8)
@specialized(where Scalar == Int8)
@specialized(where Scalar == UInt16)
@specialized(where Scalar == Int16)
@specialized(where Scalar == UInt32)
@specialized(where Scalar == Int32)
@specialized(where Scalar == UInt64)
@specialized(where Scalar == Int64)
func momentsOf<Scalar: VoxelScalar & FixedWidthInteger>(
  integers volume: borrowing Volume<Scalar>
) -> ValueMoments {
  var moments = ValueMoments()
  let values = volume.span
  var (least, most) = (Scalar.max, Scalar.min)
  var sum: Int128 = 0
  for index in values.indices {
    let value = values[index]
    least = min(least, value)
    most = max(most, value)
    if value == 0 { moments.zeros += 1 }
    sum += Int128(value)
  }
  moments.count = values.count
  moments.minimum = .integer(Int128(least))
  moments.maximum = .integer(Int128(most))
  moments.mean = Double(sum) / Double(values.count)
  for index in values.indices {
    let distance = Double(values[index]) - moments.mean
    moments.squares += distance * distance
  }
  return moments
}

/// The sums of a block of fractions; those that are not a number are only counted.
///
/// - Complexity: O(*n*) in the values.
@specialized(where Scalar == Float16)
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func momentsOf<Scalar: VoxelScalar & BinaryFloatingPoint>(
  reals volume: borrowing Volume<Scalar>
) -> ValueMoments {
  var moments = ValueMoments()
  let values = volume.span
  var (least, most) = (Double.infinity, -Double.infinity)
  var sum = 0.0
  for index in values.indices {
    let value = Double(values[index])
    guard !value.isNaN else {
      moments.notNumbers += 1
      continue
    }
    least = min(least, value)
    most = max(most, value)
    if value == 0 { moments.zeros += 1 }
    sum += value
  }
  moments.count = values.count - moments.notNumbers
  guard moments.count > 0 else { return moments }
  moments.minimum = .real(least)
  moments.maximum = .real(most)
  moments.mean = sum / Double(moments.count)
  for index in values.indices {
    let distance = Double(values[index]) - moments.mean
    if !distance.isNaN { moments.squares += distance * distance }
  }
  return moments
}

/// The bit patterns of a block's different values.
///
/// - Complexity: O(*n*) in the values; only the first of a run of equal ones is looked up.
@specialized(where Scalar == UInt32)
@specialized(where Scalar == Int32)
@specialized(where Scalar == UInt64)
@specialized(where Scalar == Int64)
func differentValues<Scalar: VoxelScalar & FixedWidthInteger>(
  _ volume: borrowing Volume<Scalar>
) -> Set<UInt64> {
  var found: Set<UInt64> = []
  let values = volume.span
  var previous = values[0]
  found.insert(UInt64(truncatingIfNeeded: previous))
  for index in values.indices where values[index] != previous {
    previous = values[index]
    found.insert(UInt64(truncatingIfNeeded: previous))
  }
  return found
}
