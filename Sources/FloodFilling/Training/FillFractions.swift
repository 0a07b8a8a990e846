public import Training
public import Voxels

/// Places to train from, sorted by how much of their surroundings their object fills.
///
/// Most places of thin objects look alike, and thick ones are rare: samples are drawn as often from
/// each range of fill fractions.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, "FFN training"; google/ffn,
/// `compute_partitions.py`.
public struct FillFractions: Sendable {
  /// The published bounds between ranges.
  public static let publishedBounds = [
    0.025, 0.05, 0.075, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
  ]

  /// The places of each range that has any.
  public let ranges: [[VoxelPosition]]

  /// Measures places drawn at random among those in objects.
  ///
  /// - Parameters:
  ///   - source: The annotated volume.
  ///   - inner: Where places may lie.
  ///   - reach: How far the surroundings reach along each axis.
  ///   - bounds: The fractions between the ranges, in increasing order.
  ///   - count: The places to draw.
  ///   - generator: What draws.
  /// - Throws: What reading throws; ``TrainingError`` with `data` where no place is in an object.
  /// - Complexity: O(*count* · *v*) for surroundings of *v* voxels.
  public init(
    of source: any PatchSource, within inner: VoxelBox, reach: VoxelExtent,
    bounds: [Double] = publishedBounds, count: Int, using generator: inout SampleGenerator
  ) throws {
    var ranges = [[VoxelPosition]](repeating: [], count: bounds.count + 1)
    var found = 0
    // Places in boundaries are drawn again, but not for ever.
    for _ in 0..<count * 20 where found < count && !inner.isEmpty {
      let place = Self.place(in: inner, using: &generator)
      let around = VoxelBox(origin: place, extent: VoxelExtent(cube: 1)).grown(by: reach)
      guard try source.labels(in: VoxelBox(origin: place, extent: VoxelExtent(cube: 1)))[place] > 0
      else { continue }
      let labels = try source.labels(in: around.intersection(source.box))
      let fraction = Self.fraction(of: labels[place], in: labels)
      ranges[bounds.firstIndex { fraction < $0 } ?? bounds.count].append(place)
      found += 1
    }
    self.ranges = ranges.filter { !$0.isEmpty }
    guard found > 0 else {
      throw TrainingError(
        .data, source.name, "no place in an object has room for the field of view and its moves",
        found: "objects within \(inner.extent.z), \(inner.extent.y), \(inner.extent.x) voxels",
        remedy: "choose a larger region, or a smaller field of view")
    }
  }

  /// A place, from each range as often.
  public func place(using generator: inout SampleGenerator) -> VoxelPosition {
    let range = ranges[generator.integer(in: 0...ranges.count - 1)]
    return range[generator.integer(in: 0...range.count - 1)]
  }

  private static func place(
    in box: VoxelBox, using generator: inout SampleGenerator
  ) -> VoxelPosition {
    let extent = box.extent
    let z = generator.integer(in: 0...extent.z - 1)
    let y = generator.integer(in: 0...extent.y - 1)
    return box.origin + VoxelExtent(z: z, y: y, x: generator.integer(in: 0...extent.x - 1))
  }

  private static func fraction(of id: UInt64, in labels: borrowing Volume<UInt64>) -> Double {
    let ids = labels.span
    var count = 0
    for index in ids.indices where ids[index] == id { count += 1 }
    return Double(count) / Double(ids.count)
  }
}
