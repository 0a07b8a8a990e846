public import Codecs
public import Voxels

/// Adds Gaussian noise, and black and white voxels.
public struct Noise: Augmentation {
  /// `noise`.
  public static let name = "noise"

  private let probability: Double
  private let sigma: ClosedRange<Double>
  private let saltAndPepper: Double

  /// Reads `probability` (0.5), `sigma` ([0, 0.05] of the range from black to white) and
  /// `salt_and_pepper` (the part of voxels, 0).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.5)
    sigma = try settings.range("sigma", default: 0...0.05, in: 0...1)
    saltAndPepper = try settings.probability("salt_and_pepper", default: 0)
  }

  /// Draws the noise's width and where it starts.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    let width = Float(generator.number(in: sigma))
    let start = generator.split()
    return SampleChange(image: { [saltAndPepper] image in
      var chance = start
      var values = image.mutableSpan
      for index in values.indices {
        values[index] = min(max(values[index] + width * chance.normal(), 0), 1)
      }
      guard saltAndPepper > 0 else { return }
      for index in values.indices where chance.happens(saltAndPepper) {
        values[index] = chance.next() & 1 == 0 ? 0 : 1
      }
    })
  }
}
