public import Codecs
import Glibc
public import Voxels

/// Changes contrast, brightness and gamma, of the whole sample or of each section by itself.
///
/// A value *v* becomes (mean + (*v* − mean) · contrast + brightness) to the power of gamma, kept
/// within [0, 1]; the mean is that of what is changed.
public struct IntensityChange: Augmentation {
  /// `intensity`.
  public static let name = "intensity"

  private let probability: Double
  private let contrast: ClosedRange<Double>
  private let brightness: ClosedRange<Double>
  private let gamma: ClosedRange<Double>
  private let sectionWise: Bool

  /// Reads `probability` (0.8), `contrast` ([0.75, 1.25]), `brightness` ([-0.15, 0.15]), `gamma`
  /// ([0.7, 1.4]) and `per_section` (false).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.8)
    contrast = try settings.range("contrast", default: 0.75...1.25, in: 0...10)
    brightness = try settings.range("brightness", default: -0.15...0.15, in: -1...1)
    gamma = try settings.range("gamma", default: 0.7...1.4, in: 0.1...10)
    sectionWise = try settings.bool("per_section", default: false)
  }

  /// Draws the changes.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    let curves = (0..<(sectionWise ? extent.z : 1)).map { _ in
      GreyCurve(
        contrast: Float(generator.number(in: contrast)),
        brightness: Float(generator.number(in: brightness)),
        gamma: Float(generator.number(in: gamma)))
    }
    return SampleChange(image: { [sectionWise] image in
      let mean = sectionWise ? 0 : image.mean
      for z in 0..<image.extent.z {
        let table =
          sectionWise
          ? GreyTable(curves[z % curves.count], mean: image.mean(ofSection: z))
          : GreyTable(curves[0], mean: mean)
        image.updateSection(z) { row in
          for x in row.indices { row[x] = table.value(row[x]) }
        }
      }
    })
  }
}

/// What happens to grey values.
private struct GreyCurve {
  let contrast: Float
  let brightness: Float
  let gamma: Float
}

/// A curve with the mean it turns about, its power looked up and interpolated: within 10⁻³ of the
/// exact one.
private struct GreyTable {
  private static let steps = 1024
  private let contrast: Float
  private let offset: Float
  private let powers: [Float]

  init(_ curve: GreyCurve, mean: Float) {
    contrast = curve.contrast
    offset = mean * (1 - curve.contrast) + curve.brightness
    let gamma = curve.gamma
    powers = (0...Self.steps).map { powf(Float($0) / Float(Self.steps), gamma) }
  }

  func value(_ grey: Float) -> Float {
    let place = min(max(grey * contrast + offset, 0), 1) * Float(Self.steps)
    let index = min(Int(place), Self.steps - 1)
    let low = powers[index]
    return low + (powers[index + 1] - low) * (place - Float(index))
  }
}
