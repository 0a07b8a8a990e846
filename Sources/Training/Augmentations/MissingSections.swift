public import Codecs
public import Voxels

/// Sections whose image is lost: black, grey, or the last section before in their place, which for
/// the first ones is the first after.
///
/// Labels stay, so that the network learns to bridge the gap.
/// Source: gunpowder's `DefectAugment`, `prob_missing`.
public struct MissingSections: Augmentation {
  /// `missing_sections`.
  public static let name = "missing_sections"

  private enum Fill: String, CaseIterable {
    case zero
    case mean
    case previous
  }

  private let probability: Double
  private let sectionProbability: Double
  private let fill: Fill

  /// Reads `probability` (0.5), `section_probability` of each section (0.05) and `fill` (`zero`,
  /// `mean` or `previous`).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.5)
    sectionProbability = try settings.probability("section_probability", default: 0.05)
    let word = try settings.word(
      "fill", among: Fill.allCases.map(\.rawValue), default: Fill.zero.rawValue)
    fill = Fill(rawValue: word) ?? .zero
  }

  /// Draws the sections.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    let missing = generator.sections(extent.z, probability: sectionProbability)
    guard !missing.isEmpty else { return nil }
    return SampleChange(image: { image in
      let grey = fill == .mean ? image.mean : 0
      let kept = (0..<image.extent.z).filter { !missing.contains($0) }
      for z in missing where z < image.extent.z {
        if fill == .previous, let other = kept.last(where: { $0 < z }) ?? kept.first {
          image.copySection(other, to: z)
        } else {
          image.updateSection(z) { row in for x in row.indices { row[x] = grey } }
        }
      }
    })
  }
}

extension Volume where Scalar == Float {
  fileprivate mutating func copySection(_ from: Int, to: Int) {
    for channel in 0..<channels {
      for y in 0..<extent.y {
        let source = Array(copying: row(channel: channel, z: from, y: y))
        var row = mutableRow(channel: channel, z: to, y: y)
        for x in row.indices { row[x] = source[x] }
      }
    }
  }
}

extension [Float] {
  fileprivate init(copying row: Span<Float>) {
    self.init(capacity: row.count) { output in
      for index in row.indices { output.append(row[index]) }
    }
  }
}
