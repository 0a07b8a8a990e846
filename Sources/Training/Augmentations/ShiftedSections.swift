public import Codecs
public import Voxels

/// Sections that lie beside where they should: a single one slipped, or all from one on shifted.
///
/// Labels follow, so that the affinities across a slip are those of the misaligned image.
/// Source: gunpowder's `ShiftAugment`.
public struct ShiftedSections: Augmentation {
  /// `shifted_sections`.
  public static let name = "shifted_sections"

  private let probability: Double
  private let slipProbability: Double
  private let shiftProbability: Double
  private let sigma: Double

  /// Reads `probability` (0.5), `slip_probability` and `shift_probability` of each section (0.05)
  /// and `sigma` (2 voxels).
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    probability = try settings.probability(default: 0.5)
    slipProbability = try settings.probability("slip_probability", default: 0.05)
    shiftProbability = try settings.number(
      "shift_probability", default: 0.05, in: 0...(1 - slipProbability))
    sigma = try settings.number("sigma", default: 2, in: 0...100)
  }

  /// Draws where each section lies.
  public func draw(
    for extent: VoxelExtent, voxelSize: VoxelSize, using generator: inout SampleGenerator
  ) -> SampleChange? {
    guard generator.happens(probability) else { return nil }
    var base = (y: 0, x: 0)
    let places = (0..<extent.z).map { _ -> (y: Int, x: Int) in
      let chance = generator.unit()
      let step = (
        y: Int((Double(generator.normal()) * sigma).rounded()),
        x: Int((Double(generator.normal()) * sigma).rounded())
      )
      if chance < slipProbability { return (base.y + step.y, base.x + step.x) }
      if chance < slipProbability + shiftProbability { base = (base.y + step.y, base.x + step.x) }
      return base
    }
    // The middle of where sections lie is the middle of what is read.
    let middle = (
      y: ((places.map(\.y).min() ?? 0) + (places.map(\.y).max() ?? 0)) / 2,
      x: ((places.map(\.x).min() ?? 0) + (places.map(\.x).max() ?? 0)) / 2
    )
    let shifts = SectionShifts(
      extent: extent, steps: places.map { ($0.y - middle.y, $0.x - middle.x) })
    guard shifts.steps.contains(where: { $0 != (0, 0) }) else { return nil }
    let margin = shifts.margin
    return SampleChange(sourceExtent: { $0 + margin * 2 }) { $0.move(shifts) }
  }
}

/// Whole sections moved by whole voxels.
private struct SectionShifts: VoxelMove {
  let extent: VoxelExtent
  /// How far the content of each section moves.
  let steps: [(y: Int, x: Int)]

  var margin: VoxelExtent {
    VoxelExtent(z: 0, y: steps.map { abs($0.y) }.max() ?? 0, x: steps.map { abs($0.x) }.max() ?? 0)
  }

  func moved<Scalar: VoxelScalar>(_ volume: Volume<Scalar>) -> Volume<Scalar> {
    let margin = margin
    let box = VoxelBox(origin: volume.box.origin, extent: extent)
    var result = Volume<Scalar>(channels: volume.channels, box: box)
    for channel in 0..<volume.channels {
      for (z, step) in steps.enumerated() {
        for y in 0..<extent.y {
          let from = margin.x - step.x
          let source = volume.row(channel: channel, z: z, y: y + margin.y - step.y)
            .extracting(from..<from + extent.x)
          var row = result.mutableRow(channel: channel, z: z, y: y)
          for x in row.indices { row[x] = source[x] }
        }
      }
    }
    return result
  }
}
