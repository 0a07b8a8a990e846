public import Codecs
public import Voxels

/// Exchanges axes along which voxels have the same size: all three of isotropic volumes, y and x of
/// others.
///
/// Together with ``Flips`` this gives every turn by right angles.
public struct AxisTurns: Augmentation {
  /// `axis_turns`.
  public static let name = "axis_turns"

  /// The probability that one of the orders is chosen, all alike, the original among them.
  public let probability: Double
  /// The axes that may be exchanged (0 z, 1 y, 2 x).
  let axes: [Int]

  /// Reads `probability` (1) and `axes` (`zyx`).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 1)
    axes = try settings.axes("axes", default: "zyx")
  }

  /// Draws the order of the axes.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    let equal = axes.filter { axis in
      voxelSize.isCubic || (voxelSize.isSquare && axis > 0)
    }
    var order = AxisOrder()
    for (axis, source) in zip(equal, equal.shuffled(using: &generator)) {
      order.axes[axis] = source
    }
    guard order != AxisOrder() else { return nil }
    return SampleChange(sourceExtent: { [order] in order.sourceExtent(for: $0) }) {
      [order] sample in sample.move(order)
    }
  }
}
