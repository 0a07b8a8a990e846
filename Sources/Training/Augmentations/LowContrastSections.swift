public import Codecs
public import Voxels

/// Sections of which little but the mean is left.
///
/// Source: gunpowder's `DefectAugment`, `prob_low_contrast`.
public struct LowContrastSections: Augmentation {
  /// `low_contrast_sections`.
  public static let name = "low_contrast_sections"

  private let probability: Double
  private let sectionProbability: Double
  private let contrast: ClosedRange<Double>

  /// Reads `probability` (0.5), `section_probability` of each section (0.05) and `contrast`
  /// ([0.1, 0.5] of what it was).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.5)
    sectionProbability = try settings.probability("section_probability", default: 0.05)
    contrast = try settings.range("contrast", default: 0.1...0.5, in: 0...1)
  }

  /// Draws the sections and what is left of each.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    let sections = generator.sections(extent.z, probability: sectionProbability).map { z in
      (z: z, contrast: Float(generator.number(in: contrast)))
    }
    guard !sections.isEmpty else { return nil }
    return SampleChange(image: { image in
      for (z, contrast) in sections where z < image.extent.z {
        let mean = image.mean(ofSection: z)
        image.updateSection(z) { row in
          for x in row.indices { row[x] = mean + (row[x] - mean) * contrast }
        }
      }
    })
  }
}
