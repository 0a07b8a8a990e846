public import Voxels

/// Marks the voxels at or above a value with 1, the others with 0; NaN is never marked.
///
/// - Complexity: O(*n*) in the voxels.
@specialized(where Scalar == UInt8)
@specialized(where Scalar == UInt16)
@specialized(where Scalar == UInt32)
@specialized(where Scalar == UInt64)
@specialized(where Scalar == Int8)
@specialized(where Scalar == Int16)
@specialized(where Scalar == Int32)
@specialized(where Scalar == Int64)
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func thresholded<Scalar: VoxelScalar>(
  _ volume: borrowing Volume<Scalar>, atLeast threshold: Scalar
) -> Volume<UInt8> {
  var mask = Volume<UInt8>(channels: volume.channels, box: volume.box)
  let values = volume.span
  var marks = mask.mutableSpan
  for index in values.indices { marks[index] = values[index] >= threshold ? 1 : 0 }
  return mask
}

/// Marks the voxels within a range of values with 1, the others with 0; NaN is never marked.
///
/// - Complexity: O(*n*) in the voxels.
@specialized(where Scalar == UInt8)
@specialized(where Scalar == UInt16)
@specialized(where Scalar == UInt32)
@specialized(where Scalar == UInt64)
@specialized(where Scalar == Int8)
@specialized(where Scalar == Int16)
@specialized(where Scalar == Int32)
@specialized(where Scalar == Int64)
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func thresholded<Scalar: VoxelScalar>(
  _ volume: borrowing Volume<Scalar>, within range: ClosedRange<Scalar>
) -> Volume<UInt8> {
  var mask = Volume<UInt8>(channels: volume.channels, box: volume.box)
  let values = volume.span
  let (lower, upper) = (range.lowerBound, range.upperBound)
  var marks = mask.mutableSpan
  for index in values.indices {
    let value = values[index]
    marks[index] = value >= lower && value <= upper ? 1 : 0
  }
  return mask
}

/// The first value of a block, in (channel, z, y, x) order, that is no number; nil where there is
/// none, as in whole-number types.
///
/// - Complexity: O(*n*) in the values.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func firstNaN<Scalar: VoxelScalar>(in volume: borrowing Volume<Scalar>) -> VoxelPosition? {
  let values = volume.span
  var isNumber = true
  // Only a value that is no number differs from itself.
  for index in values.indices { isNumber = isNumber && values[index] == values[index] }
  if isNumber { return nil }
  var index = 0
  while index < values.count && values[index] == values[index] { index += 1 }
  let place = index % volume.extent.voxelCount
  let (row, x) = place.quotientAndRemainder(dividingBy: volume.extent.x)
  let (z, y) = row.quotientAndRemainder(dividingBy: volume.extent.y)
  return volume.box.origin + VoxelExtent(z: z, y: y, x: x)
}
