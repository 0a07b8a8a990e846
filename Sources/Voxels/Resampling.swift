extension Volume {
  /// The block at a coarser resolution, each voxel the mean of those it covers.
  ///
  /// Voxels are grouped from the dataset's origin, not the block's, so that blocks resampled one
  /// by one join to the whole resampled. A group cut off by the block's far side is the mean of
  /// what there is. Integer means are rounded to the nearest, halves upwards; the mean of no number
  /// (NaN) and others is NaN.
  ///
  /// - Parameter factors: The voxels that one covers along each axis; the block's origin must be a
  ///   multiple. Where one is above 2, 64-bit integers are averaged with the precision of doubles.
  /// - Returns: (channel, z, y, x) values of the covering block of the coarser grid.
  /// - Complexity: O(*n*) in the voxels.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  @specialized(where Scalar == UInt64)
  @specialized(where Scalar == Float)
  public func downsampledByMean(_ factors: VoxelExtent) -> Volume where Scalar: MeanScalar {
    guard factors.isHalving else { return downsampledByWideMean(factors) }
    var result = Volume(channels: channels, box: box.coarsened(factors))
    let coarse = result.extent
    var sums = [Scalar.Sum](repeating: .zero, count: coarse.x)
    for channel in 0..<channels {
      for z in 0..<coarse.z {
        let planes = z * factors.z..<min((z + 1) * factors.z, extent.z)
        for y in 0..<coarse.y {
          let rows = y * factors.y..<min((y + 1) * factors.y, extent.y)
          for x in sums.indices { sums[x] = .zero }
          for plane in planes {
            for row in rows {
              Self.add(self.row(channel: channel, z: plane, y: row), factors.x, to: &sums)
            }
          }
          let rowCount = planes.count * rows.count
          var target = result.mutableRow(channel: channel, z: z, y: y)
          let wholeCount = extent.x / factors.x
          for x in 0..<wholeCount {
            target[x] = Scalar.mean(of: sums[x], count: rowCount * factors.x)
          }
          if wholeCount < coarse.x {
            target[wholeCount] = Scalar.mean(of: sums[wholeCount], count: rowCount)
          }
        }
      }
    }
    return result
  }

  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  @specialized(where Scalar == UInt64)
  @specialized(where Scalar == Float)
  private static func add(_ row: Span<Scalar>, _ factor: Int, to sums: inout [Scalar.Sum])
  where Scalar: MeanScalar {
    var sums = sums.mutableSpan
    guard factor == 2 else {
      for x in row.indices { sums[x] = Scalar.adding(row[x], to: sums[x]) }
      return
    }
    let pairs = row.count / 2
    for x in 0..<pairs {
      sums[x] = Scalar.adding(row[2 &* x &+ 1], to: Scalar.adding(row[2 &* x], to: sums[x]))
    }
    if row.count > 2 * pairs { sums[pairs] = Scalar.adding(row[2 * pairs], to: sums[pairs]) }
  }

  /// The block at a coarser resolution, each voxel the most frequent of those it covers: for
  /// labels, whose means mean nothing.
  ///
  /// Of values that are equally frequent, one other than zero is preferred, so that thin objects
  /// stay, and among those the smallest. Grouping and cut-off groups are as in
  /// ``downsampledByMean(_:)``.
  ///
  /// - Parameter factors: The voxels that one covers along each axis; the block's origin must be a
  ///   multiple.
  /// - Returns: (channel, z, y, x) values of the covering block of the coarser grid.
  /// - Complexity: O(*n* log *g*) in the voxels, *g* of them to a coarser one.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  @specialized(where Scalar == UInt32)
  @specialized(where Scalar == UInt64)
  public func downsampledByMode(_ factors: VoxelExtent) -> Volume {
    guard factors.isHalving else { return downsampledByWideMode(factors) }
    var result = Volume(channels: channels, box: box.coarsened(factors))
    let coarse = result.extent
    for channel in 0..<channels {
      for z in 0..<coarse.z {
        let firstPlane = z * factors.z
        let lastPlane = min(firstPlane + factors.z, extent.z) - 1
        for y in 0..<coarse.y {
          let firstRow = y * factors.y
          let lastRow = min(firstRow + factors.y, extent.y) - 1
          // An axis of factor 1, or cut off, gives the same row twice: frequencies double, and the
          // most frequent value stays the most frequent.
          let a = row(channel: channel, z: firstPlane, y: firstRow)
          let b = row(channel: channel, z: firstPlane, y: lastRow)
          let c = row(channel: channel, z: lastPlane, y: firstRow)
          let d = row(channel: channel, z: lastPlane, y: lastRow)
          var target = result.mutableRow(channel: channel, z: z, y: y)
          let width = extent.x
          for x in 0..<coarse.x {
            let first = x &* factors.x
            let last = min(first &+ factors.x, width) &- 1
            let group = Group(
              a[first], a[last], b[first], b[last], c[first], c[last], d[first], d[last])
            target[x] = group.isUniform ? a[first] : group.mode
          }
        }
      }
    }
    return result
  }

  /// The eight voxels that one coarser voxel covers.
  private struct Group {
    let values: InlineArray<8, Scalar>

    @inline(__always)
    init(
      _ a: Scalar, _ b: Scalar, _ c: Scalar, _ d: Scalar, _ e: Scalar, _ f: Scalar, _ g: Scalar,
      _ h: Scalar
    ) {
      values = [a, b, c, d, e, f, g, h]
    }

    @inline(__always)
    var isUniform: Bool {
      let first = values[0]
      return first == values[1] && first == values[2] && first == values[3] && first == values[4]
        && first == values[5] && first == values[6] && first == values[7]
    }

    @inline(__always)
    var mode: Scalar {
      var best = values[0]
      var bestCount = 0
      for candidate in values.indices {
        var count = 0
        for other in values.indices where values[other] == values[candidate] { count &+= 1 }
        let value = values[candidate]
        let isPreferred = value != .zero && (best == .zero || value < best)
        if count > bestCount || (count == bestCount && isPreferred) {
          best = value
          bestCount = count
        }
      }
      return best
    }
  }
}

extension VoxelBox {
  /// The box of a grid with voxels `factors` times as long that covers this one.
  ///
  /// - Parameter factors: How many times as long along each axis; the origin must be a multiple.
  /// - Returns: The box in voxels of the coarser grid.
  public func coarsened(_ factors: VoxelExtent) -> VoxelBox {
    precondition(
      factors.z > 0 && factors.y > 0 && factors.x > 0, "a coarser voxel covers at least one")
    precondition(
      origin.z % factors.z == 0 && origin.y % factors.y == 0 && origin.x % factors.x == 0,
      "the box does not start where a coarser voxel does")
    return VoxelBox(
      origin: VoxelPosition(
        z: origin.z / factors.z, y: origin.y / factors.y, x: origin.x / factors.x),
      extent: VoxelExtent(
        z: (extent.z + factors.z - 1) / factors.z, y: (extent.y + factors.y - 1) / factors.y,
        x: (extent.x + factors.x - 1) / factors.x))
  }
}

/// A scalar that has an exact sum of eight.
public protocol MeanScalar: VoxelScalar {
  /// A type that holds the sum of eight values exactly, or as nearly as the type itself does.
  associatedtype Sum: BitwiseCopyable, Sendable, AdditiveArithmetic
  /// A sum with one more value.
  static func adding(_ value: Self, to sum: Sum) -> Sum
  /// The mean from the sum of `count` values, 1 to 8; integers are rounded, halves upwards.
  static func mean(of sum: Sum, count: Int) -> Self
}

extension MeanScalar where Self: FixedWidthInteger, Sum: FixedWidthInteger {
  /// A sum with one more value.
  @inlinable
  public static func adding(_ value: Self, to sum: Sum) -> Sum {
    sum &+ Sum(truncatingIfNeeded: value)
  }

  /// The mean from the sum of `count` values, rounded to the nearest, halves upwards.
  @inlinable
  public static func mean(of sum: Sum, count: Int) -> Self {
    let count = Sum(truncatingIfNeeded: count)
    if count & (count &- 1) == 0 {
      // The shift rounds down, also below zero.
      return Self(truncatingIfNeeded: (sum &+ count >> 1) >> Sum(count.trailingZeroBitCount))
    }
    let (quotient, remainder) = (sum &* 2 &+ count).quotientAndRemainder(dividingBy: count &* 2)
    return Self(truncatingIfNeeded: remainder < 0 ? quotient &- 1 : quotient)
  }
}

extension MeanScalar where Self: BinaryFloatingPoint, Sum == Double {
  /// A sum with one more value.
  @inlinable
  public static func adding(_ value: Self, to sum: Double) -> Double { sum + Double(value) }

  /// The mean from the sum of `count` values.
  @inlinable
  public static func mean(of sum: Double, count: Int) -> Self { Self(sum / Double(count)) }
}

extension UInt8: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = UInt16
}

extension UInt16: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = UInt32
}

extension UInt32: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = UInt64
}

extension UInt64: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = UInt128
}

extension Int8: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = Int16
}

extension Int16: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = Int32
}

extension Int32: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = Int64
}

extension Int64: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = Int128
}

extension Float16: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = Double
}

extension Float: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = Double
}

extension Double: MeanScalar {
  /// Holds the sum of eight.
  public typealias Sum = Double
}
