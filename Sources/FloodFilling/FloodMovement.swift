public import Voxels

/// Where the field of view goes next.
public protocol MovementPolicy: Sendable {
  /// The steps that it may take along each axis.
  var step: VoxelExtent { get }

  /// The places to go to from what was just predicted.
  ///
  /// - Parameters:
  ///   - logits: The field of view, in (z, y, x) order.
  ///   - fieldOfView: Its extent.
  ///   - threshold: The least logit of a place to go to.
  /// - Returns: Offsets from the middle, the best first.
  func moves(
    in logits: Span<Float>, _ fieldOfView: VoxelExtent, threshold: Float
  ) -> [VoxelExtent]
}

/// Goes to the strongest voxel of each face of a box around the middle.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, §"FFN inference".
public struct FaceMaximumMovement: MovementPolicy {
  /// The box's reach from the middle.
  public let step: VoxelExtent

  /// Creates the policy; with steps of 8 voxels, as published.
  public init(step: VoxelExtent = VoxelExtent(cube: 8)) { self.step = step }

  private struct Move: Equatable {
    var score: Float
    var offset: VoxelExtent

    /// By score, then by offset along z, y and x.
    static func precedes(_ first: Move, _ second: Move) -> Bool {
      let (a, b) = (first.offset, second.offset)
      if first.score != second.score { return first.score > second.score }
      return (a.z, a.y, a.x) > (b.z, b.y, b.x)
    }
  }

  /// The strongest voxel of each face that is at or above the threshold, strongest first.
  ///
  /// Of equal voxels of a face the first in raster order counts; one that two faces share is given
  /// once.
  public func moves(
    in logits: Span<Float>, _ fieldOfView: VoxelExtent, threshold: Float
  ) -> [VoxelExtent] {
    precondition(
      step.z <= fieldOfView.z / 2 && step.y <= fieldOfView.y / 2 && step.x <= fieldOfView.x / 2,
      "the faces lie within the field of view")
    var moves: [Move] = []
    for axis in 0..<3 where [step.z, step.y, step.x][axis] > 0 {
      for side in [-1, 1] {
        let move = strongest(of: logits, fieldOfView, axis: axis, side: side)
        if move.score >= threshold, !moves.contains(move) { moves.append(move) }
      }
    }
    return moves.sorted(by: Move.precedes).map { $0.offset }
  }

  private func strongest(
    of logits: Span<Float>, _ fieldOfView: VoxelExtent, axis: Int, side: Int
  ) -> Move {
    func range(_ own: Int, _ length: Int) -> ClosedRange<Int> {
      own == axis ? side * length...side * length : -length...length
    }
    var best = Move(score: -.infinity, offset: .zero)
    for z in range(0, step.z) {
      for y in range(1, step.y) {
        let row =
          ((fieldOfView.z / 2 + z) * fieldOfView.y + fieldOfView.y / 2 + y) * fieldOfView.x
          + fieldOfView.x / 2
        for x in range(2, step.x) where logits[row + x] > best.score {
          best = Move(score: logits[row + x], offset: VoxelExtent(z: z, y: y, x: x))
        }
      }
    }
    return best
  }
}
