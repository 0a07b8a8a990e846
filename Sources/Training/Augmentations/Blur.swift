public import Codecs
public import Voxels

/// Blurs the whole sample, or single sections, as microscopes out of focus do.
public struct Blur: Augmentation {
  /// `blur`.
  public static let name = "blur"

  private let probability: Double
  private let sigma: ClosedRange<Double>
  private let sectionWise: Bool
  private let sectionProbability: Double

  /// Reads `probability` (0.3), `sigma` ([0.3, 1.2] voxels along x), `per_section` (false) and
  /// `section_probability` of each section (0.2).
  ///
  /// The whole sample is blurred by the same physical length along each axis.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.3)
    sigma = try settings.range("sigma", default: 0.3...1.2, in: 0...20)
    sectionWise = try settings.bool("per_section", default: false)
    sectionProbability = try settings.probability("section_probability", default: 0.2)
  }

  /// Draws the width of the blur, or of each section's.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    guard sectionWise else {
      let width = generator.number(in: sigma)
      let kernels = (
        z: GaussianKernel(sigma: width * voxelSize.x / voxelSize.z),
        y: GaussianKernel(sigma: width * voxelSize.x / voxelSize.y),
        x: GaussianKernel(sigma: width)
      )
      return SampleChange(image: { image in
        image = kernels.z.alongZ(image)
        for z in 0..<image.extent.z { kernels.y.blurSection(z, of: &image, alongX: kernels.x) }
      })
    }
    let sections = generator.sections(extent.z, probability: sectionProbability).map { z in
      (z: z, width: generator.number(in: sigma))
    }
    guard !sections.isEmpty else { return nil }
    return SampleChange(image: { image in
      for (z, width) in sections where z < image.extent.z {
        GaussianKernel(sigma: width * voxelSize.x / voxelSize.y)
          .blurSection(z, of: &image, alongX: GaussianKernel(sigma: width))
      }
    })
  }
}
