public import Codecs
public import Voxels

/// Whether each voxel and the one at an offset from it lie in the same object.
///
/// Channel *c* at voxel *v* is 1 where *v* and *v* + offset *c* have the same label and it is not
/// 0, as watershed and agglomeration take affinities: offset (−1, 0, 0) is the edge towards the
/// previous section.
///
/// Source: Turaga et al. 2010, "Convolutional networks can learn to generate affinity graphs";
/// offsets as in gunpowder's `AddAffinities`.
public struct AffinityTarget: TrainingTarget {
  /// `affinities`.
  public static let name = "affinities"

  /// The step from a voxel to its partner, one per channel.
  public let offsets: [VoxelExtent]
  private let erosion: LabelErosion

  /// Reads `offsets` (the three nearest neighbours towards the origin), `erode_labels` (0) and
  /// `erode_labels_axes`.
  public init(_ settings: inout SettingsReader) throws(SettingsError) {
    offsets = try settings.offsets("offsets")
    erosion = try LabelErosion("erode_labels", default: 0, &settings)
  }

  /// One per offset.
  public var channels: Int { offsets.count }

  /// The longest offset and what thinning looks at.
  public func halo(for voxelSize: VoxelSize) -> VoxelExtent {
    let reach = VoxelExtent(
      z: offsets.map { abs($0.z) }.max() ?? 0, y: offsets.map { abs($0.y) }.max() ?? 0,
      x: offsets.map { abs($0.x) }.max() ?? 0)
    return reach + erosion.halo(for: voxelSize)
  }

  /// Makes the affinities of a box.
  ///
  /// - Returns: 0 or 1 each; the weight is 0 where either voxel is not annotated or outside.
  public func make(
    from sample: TrainingSample, in box: VoxelBox
  ) -> (values: Volume<Float>, weights: Volume<Float>) {
    let labels = erosion.thinned(sample.labels, voxelSize: sample.voxelSize)
    let mask = erosion.known(sample.mask, voxelSize: sample.voxelSize)
    var values = Volume<Float>(channels: channels, box: box)
    var weights = values
    let whole = labels.extent
    let start = box.origin - labels.box.origin
    for (channel, offset) in offsets.enumerated() {
      // The voxels along x whose partners lie in the sample.
      let low = max(0, -(start.x + offset.x))
      let high = min(box.extent.x, whole.x - start.x - offset.x)
      guard low < high else { continue }
      for z in 0..<box.extent.z {
        let partnerZ = start.z + z + offset.z
        guard (0..<whole.z).contains(partnerZ) else { continue }
        for y in 0..<box.extent.y {
          let partnerY = start.y + y + offset.y
          guard (0..<whole.y).contains(partnerY) else { continue }
          let here = start.x + low..<start.x + high
          let there = here.lowerBound + offset.x..<here.upperBound + offset.x
          let label = labels.row(z: start.z + z, y: start.y + y).extracting(here)
          let partner = labels.row(z: partnerZ, y: partnerY).extracting(there)
          let known = mask.row(z: start.z + z, y: start.y + y).extracting(here)
          let partnerKnown = mask.row(z: partnerZ, y: partnerY).extracting(there)
          var value = values.mutableRow(channel: channel, z: z, y: y)
          var weight = weights.mutableRow(channel: channel, z: z, y: y)
          for x in 0..<high - low {
            value[low &+ x] = label[x] == partner[x] && label[x] != 0 ? 1 : 0
            weight[low &+ x] = known[x] != 0 && partnerKnown[x] != 0 ? 1 : 0
          }
        }
      }
    }
    return (values, weights)
  }
}

extension SettingsReader {
  /// Offsets as lists of three whole numbers (z, y, x); the nearest neighbours when left out.
  mutating func offsets(_ name: String) throws(SettingsError) -> [VoxelExtent] {
    let nearest: [JSONValue] = (0..<3).map { axis in
      .array((0..<3).map { .integer($0 == axis ? -1 : 0) })
    }
    let given = has(name)
    let list = try list(name)
    complete(name, with: .array(given ? list : nearest))
    var offsets: [VoxelExtent] = []
    for value in given ? list : nearest {
      let steps = value.array?.compactMap(\.int) ?? []
      guard steps.count == 3, value.array?.count == 3, steps.allSatisfy({ abs($0) <= 256 }),
        steps != [0, 0, 0]
      else {
        throw SettingsError(
          key(of: name), "cannot be understood", found: value.shortText,
          expected: "offsets as [z, y, x], from -256 to 256, not all 0")
      }
      offsets.append(VoxelExtent(z: steps[0], y: steps[1], x: steps[2]))
    }
    guard !offsets.isEmpty, Set(offsets).count == offsets.count else {
      throw SettingsError(
        key(of: name), offsets.isEmpty ? "is empty" : "names an offset twice",
        expected: "one offset per channel")
    }
    return offsets
  }
}
