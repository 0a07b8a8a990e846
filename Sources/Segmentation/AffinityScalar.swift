public import Voxels

/// A type in which affinities are stored: `UInt8` (value / 255) or `Float`, both in [0, 1].
///
/// A NaN is no link. Values outside [0, 1] count as the nearer end.
public protocol AffinityScalar: VoxelScalar {
  /// The largest stored value that stands for at most an affinity in [0, 1].
  static func largest(atMost affinity: Double) -> Self
  /// The smallest stored value that stands for at least an affinity in [0, 1].
  static func smallest(atLeast affinity: Double) -> Self
  /// The affinity in units of 1 / (2²⁴ − 1), in which both types' sums are whole numbers.
  ///
  /// 2²⁴ − 1 = 255 · 65 793, so every stored byte is an exact multiple.
  var fixedPoint: UInt64 { get }
}

/// How many units of ``AffinityScalar/fixedPoint`` make an affinity of 1.
let fixedPointOne: UInt64 = 1 << 24 - 1

extension UInt8: AffinityScalar {
  /// The largest byte `v` with `v / 255 ≤ affinity`.
  public static func largest(atMost affinity: Double) -> UInt8 {
    var value = UInt8(nearest: affinity * 255)
    while value > 0 && Double(value) / 255 > affinity { value -= 1 }
    return value
  }

  /// The smallest byte `v` with `v / 255 ≥ affinity`.
  public static func smallest(atLeast affinity: Double) -> UInt8 {
    var value = UInt8(nearest: affinity * 255)
    while value < 255 && Double(value) / 255 < affinity { value += 1 }
    return value
  }

  /// The byte times 65 793.
  @inlinable
  public var fixedPoint: UInt64 { UInt64(self) &* 65_793 }
}

extension Float: AffinityScalar {
  /// The largest float not above an affinity.
  public static func largest(atMost affinity: Double) -> Float {
    let value = Float(affinity)
    return Double(value) > affinity ? value.nextDown : value
  }

  /// The smallest float not below an affinity.
  public static func smallest(atLeast affinity: Double) -> Float {
    let value = Float(affinity)
    return Double(value) < affinity ? value.nextUp : value
  }

  /// The affinity rounded to the nearest unit; NaN becomes 0.
  @inlinable
  public var fixedPoint: UInt64 {
    // `max` and `min` of a NaN give the other argument's side only one way round, so ask first.
    guard self > 0 else { return 0 }
    return UInt64((Double(Swift.min(self, 1)) * 16_777_215).rounded())
  }
}
