import Labels
import Segmentation
import VolumeStore
import Voxels

/// Makes the fragments of an affinity volume.
struct WatershedStep {
  let affinities: AffinityVolume
  let rule: FragmentRule
  let output: String

  /// Runs the watershed, or what is left of it.
  func run(
    _ runner: StageRunner, policy: OutputImage.Policy
  ) throws -> LabellingStep<WatershedLabelling>.Summary {
    let metadata = affinities.reader.metadata
    let step = LabellingStep(
      labelling: WatershedLabelling(affinities: affinities, rule: rule),
      name: "fragments", output: output,
      voxelSize: metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1), offset: metadata.offset,
      filter: ComponentFilter(minimumVoxelCount: rule.dust))
    return try step.run(runner, policy: policy)
  }
}

/// The watershed of one block.
struct WatershedLabelling: BlockLabelling {
  let name = "watershed"
  let affinities: AffinityVolume
  let rule: FragmentRule

  var fingerprint: String { "\(rule.text)\naffinities=\(affinities.identity)" }
  var halo: VoxelExtent { rule.halo }
  var volume: VoxelBox { affinities.reader.metadata.box }
  var leavesUndecided: Bool { rule.needed != nil }
  var bytesPerVoxel: Int { affinities.bytesPerVoxel + rule.bytesPerVoxel }

  func label(_ ownBox: VoxelBox) throws -> LabelledBlock {
    affinities.reader.metadata.dataType == .uint8
      ? try fragments(ownBox, of: UInt8.self) : try fragments(ownBox, of: Float.self)
  }

  private func fragments<Affinity: AffinityScalar>(
    _ ownBox: VoxelBox, of type: Affinity.Type
  ) throws -> LabelledBlock {
    let looked = ownBox.grown(by: rule.halo).intersection(volume)
    let values = try affinities.read(looked, as: type)
    let found: BlockFragments
    switch rule.method {
    case .steepestAscent(let parameters, let weakest):
      let grown = BlockSeams.grownBox(of: ownBox, in: volume)
      let basins = watershed(
        affinities: values, box: grown, volume: volume, parameters: parameters)
      guard let needed = rule.needed else {
        return LabelledBlock(labels: basins.labels, count: basins.count)
      }
      found = basins.absorbed(
        links: values, weakest: Affinity.largest(atMost: weakest), until: needed, ownBox: ownBox,
        volume: volume)
    case .distanceTransform(let parameters):
      found = distanceWatershed(
        affinities: values, ownBox: ownBox, volume: volume, parameters: parameters,
        smallest: rule.smallest)
    }
    return LabelledBlock(
      labels: found.fragments.labels, count: found.fragments.count,
      undecided: found.undecided.encoded)
  }

  func join(
    _ map: ComponentMap, blockCounts: VoxelExtent, undecided: (Int) throws -> [UInt8]
  ) throws -> [UInt32] {
    guard let needed = rule.needed else { return Array(0...UInt32(map.kept.count)) }
    return try absorb(
      blockCounts: blockCounts, fragmentCount: map.kept.count, until: needed
    ) { index in
      try AbsorptionGraph(decoding: try undecided(index)).renamed(try map.table(ofBlock: index))
    }.numbers
  }
}
