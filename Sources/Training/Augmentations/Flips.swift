public import Codecs
public import Voxels

/// Mirrors samples along each axis independently.
public struct Flips: Augmentation {
  /// `flips`.
  public static let name = "flips"

  /// The probability of each axis.
  public let probability: Double
  /// The axes that may be mirrored (0 z, 1 y, 2 x).
  let axes: [Int]

  /// Reads `probability` (0.5) and `axes` (`zyx`).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.5)
    axes = try settings.axes("axes", default: "zyx")
  }

  /// Draws the axes to mirror.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    var order = AxisOrder()
    for axis in axes { order.isReversed[axis] = generator.happens(probability) }
    guard order != AxisOrder() else { return nil }
    return SampleChange { [order] sample in sample.move(order) }
  }
}
