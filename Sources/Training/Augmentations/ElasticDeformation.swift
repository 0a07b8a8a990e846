public import Codecs
public import Voxels

/// Bends, turns and stretches samples, and moves and turns single sections.
///
/// Image values are interpolated linearly, labels and masks keep the nearest voxel's.
public struct ElasticDeformation: Augmentation {
  /// `elastic`.
  public static let name = "elastic"

  private let probability: Double
  private let spacing: VoxelLengths
  private let amplitude: VoxelLengths
  private let rotation: Double
  private let scale: ClosedRange<Double>
  private let sectionShift: Double
  private let sectionRotation: Double

  /// Reads `probability` (0.5), `spacing` (40 voxels) and `amplitude` (2 voxels) of the bends,
  /// `rotation` (within sections, 180 degrees at most), `scale` ([0.9, 1.1]), `section_shift` (0
  /// voxels) and `section_rotation` (0 degrees).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.5)
    spacing = try settings.lengths("spacing", default: 40, in: 1...10_000)
    amplitude = try settings.lengths("amplitude", default: 2, in: 0...100)
    rotation = try settings.number("rotation", default: 180, in: 0...180)
    scale = try settings.range("scale", default: 0.9...1.1, in: 0.25...4)
    sectionShift = try settings.number("section_shift", default: 0, in: 0...100)
    sectionRotation = try settings.number("section_rotation", default: 0, in: 0...180)
  }

  /// Draws the bends, turns and stretches.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    let warp = Warp(
      extent: extent, isCubic: voxelSize.isCubic, squash: voxelSize.x / voxelSize.y,
      angle: generator.number(in: -rotation...rotation) * .pi / 180,
      scale: generator.number(in: scale),
      sections: (0..<extent.z).map { _ in
        SectionMove(
          y: Double(generator.normal()) * sectionShift,
          x: Double(generator.normal()) * sectionShift,
          angle: Double(generator.normal()) * sectionRotation * .pi / 180)
      },
      grid: ControlGrid(
        extent: extent, spacing: spacing.along(voxelSize, acrossSections: .scaled),
        amplitude: amplitude.along(voxelSize, acrossSections: .onlyCubic), using: &generator))
    return SampleChange(sourceExtent: warp.sourceExtent) { sample in warp.apply(to: &sample) }
  }
}

/// How one section of a sample is moved within its plane.
struct SectionMove {
  /// In voxels.
  let y: Double, x: Double
  /// In radians.
  let angle: Double
}
