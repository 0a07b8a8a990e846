/// How well objects such as synaptic clefts were found, by their overlap with true ones.
///
/// A found object is right where enough of its voxels lie in true objects; a true object is found
/// where enough of its voxels lie in found ones. Which of the other kind these are does not matter:
/// one found object may stand for two true ones, or two for one.
public struct ObjectDetectionScore: Hashable, Sendable {
  /// The least part of an object's voxels that must overlap, above 0.
  public let minimumOverlap: Double
  /// The objects found, and those of them that are right.
  public let foundCount: Int, rightCount: Int
  /// The true objects, and those of them that were found.
  public let truthCount: Int, detectedCount: Int

  /// The part of what was found that is right; 1 where nothing was found.
  public var precision: Double {
    foundCount == 0 ? 1 : Double(rightCount) / Double(foundCount)
  }
  /// The part of what is true that was found; 1 where there is nothing to find.
  public var recall: Double {
    truthCount == 0 ? 1 : Double(detectedCount) / Double(truthCount)
  }
  /// The harmonic mean of both; 0 where both are.
  public var f1: Double {
    let sum = precision + recall
    return sum == 0 ? 0 : 2 * precision * recall / sum
  }

  /// Scores the overlaps of found objects, the segmentation, with true ones; 0 is no object.
  ///
  /// - Complexity: O(*n*) in the overlaps.
  public init(of table: ContingencyTable, minimumOverlap: Double) {
    precondition(minimumOverlap > 0 && minimumOverlap <= 1, "an overlap is a part above 0")
    var found: [UInt64: (all: Int, shared: Int)] = [:]
    var truth: [UInt64: (all: Int, shared: Int)] = [:]
    for overlap in table.overlaps {
      let isShared = overlap.segmentation != 0 && overlap.truth != 0
      let shared = isShared ? overlap.voxelCount : 0
      if overlap.segmentation != 0 {
        let sum = found[overlap.segmentation] ?? (0, 0)
        found[overlap.segmentation] = (sum.all + overlap.voxelCount, sum.shared + shared)
      }
      if overlap.truth != 0 {
        let sum = truth[overlap.truth] ?? (0, 0)
        truth[overlap.truth] = (sum.all + overlap.voxelCount, sum.shared + shared)
      }
    }
    func count(_ objects: [UInt64: (all: Int, shared: Int)]) -> Int {
      objects.values.count { Double($0.shared) >= minimumOverlap * Double($0.all) }
    }
    self.minimumOverlap = minimumOverlap
    (foundCount, rightCount) = (found.count, count(found))
    (truthCount, detectedCount) = (truth.count, count(truth))
  }
}
