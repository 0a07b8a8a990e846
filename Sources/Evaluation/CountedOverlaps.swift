/// A contingency table's overlaps as one background convention counts them, with the marginals.
struct CountedOverlaps {
  /// The overlaps counted; none of a segment whose voxels are counted one by one.
  private(set) var overlaps: [ContingencyTable.Overlap] = []
  /// For each object, the voxels that are each a segment of their own.
  private(set) var singletons: [ContingencyTable.Overlap] = []
  /// The voxels of each segment, singletons excepted.
  private(set) var segments: [UInt64: Int] = [:]
  /// The voxels of each object.
  private(set) var objects: [UInt64: Int] = [:]
  /// The voxels counted in all.
  private(set) var voxelCount = 0

  init(_ table: ContingencyTable, _ convention: BackgroundConvention) {
    for overlap in table.overlaps {
      if overlap.truth == 0 && convention.truth == .ignored { continue }
      let isBackground = overlap.segmentation == 0
      if isBackground && convention.segmentation == .ignored { continue }
      objects[overlap.truth, default: 0] += overlap.voxelCount
      voxelCount += overlap.voxelCount
      if isBackground && convention.segmentation == .singletons {
        singletons.append(overlap)
      } else {
        segments[overlap.segmentation, default: 0] += overlap.voxelCount
        overlaps.append(overlap)
      }
    }
  }
}
