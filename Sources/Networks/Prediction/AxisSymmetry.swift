public import Voxels

/// A way to turn or mirror a box of voxels so that its axes stay axes: one of 48.
///
/// Along axis `k` of what it gives, the voxels lie as along axis `axes[k]` of what it takes, the
/// other way round where `reversed[k]`.
public struct AxisSymmetry: Hashable, Sendable {
  /// For each axis of the result, z, y and x, the number of the original axis.
  public let axes: [Int]
  /// For each axis of the result, whether it runs the other way.
  public let reversed: [Bool]

  /// Creates a symmetry.
  ///
  /// - Parameters:
  ///   - axes: 0, 1 and 2 in any order.
  ///   - reversed: Three choices.
  public init(axes: [Int], reversed: [Bool]) {
    precondition(axes.sorted() == [0, 1, 2] && reversed.count == 3, "a symmetry has three axes")
    self.axes = axes
    self.reversed = reversed
  }

  /// The symmetry that changes nothing.
  public static let identity = AxisSymmetry(axes: [0, 1, 2], reversed: [false, false, false])

  /// The extent of what a box of an extent becomes.
  public func applied(to extent: VoxelExtent) -> VoxelExtent {
    let lengths = axes.map { extent.components[$0] }
    return VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
  }

  /// The step in the original that a step in the result is.
  public func original(ofStep step: VoxelExtent) -> VoxelExtent {
    var lengths = [0, 0, 0]
    for (axis, length) in step.components.enumerated() {
      lengths[axes[axis]] = reversed[axis] ? -length : length
    }
    return VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
  }

  /// Turns a volume; the result begins at the volume's origin.
  ///
  /// - Complexity: O(*n*) in the values.
  public func applied(to volume: borrowing Volume<Float>) -> Volume<Float> {
    let extent = applied(to: volume.extent)
    var result = Volume<Float>(
      channels: volume.channels, box: VoxelBox(origin: volume.box.origin, extent: extent))
    let walk = inverse.walk(over: extent)
    let values = volume.span
    for channel in 0..<volume.channels {
      let first = channel * extent.voxelCount
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          var place = first + walk.start + z * walk.steps[0] + y * walk.steps[1]
          let step = walk.steps[2]
          var row = result.mutableRow(channel: channel, z: z, y: y)
          for x in 0..<row.count {
            row[x] = values[place]
            place &+= step
          }
        }
      }
    }
    return result
  }

  /// The symmetry that undoes this one.
  package var inverse: AxisSymmetry {
    var (axes, reversed) = ([0, 0, 0], [false, false, false])
    for axis in 0..<3 {
      axes[self.axes[axis]] = axis
      reversed[self.axes[axis]] = self.reversed[axis]
    }
    return AxisSymmetry(axes: axes, reversed: reversed)
  }

  /// Where in the result a voxel of the original lies.
  struct Walk {
    /// The index of the original's first voxel.
    var start: Int
    /// How far the index goes with one step along z, y and x of the original.
    var steps: [Int]
  }

  /// How the original's voxels lie in the result.
  ///
  /// - Parameter extent: The original's.
  /// - Returns: The walk through the result.
  func walk(over extent: VoxelExtent) -> Walk {
    let lengths = applied(to: extent).components
    let strides = [lengths[1] * lengths[2], lengths[2], 1]
    var walk = Walk(start: 0, steps: [0, 0, 0])
    for axis in 0..<3 {
      walk.steps[axes[axis]] = reversed[axis] ? -strides[axis] : strides[axis]
      if reversed[axis] { walk.start += (lengths[axis] - 1) * strides[axis] }
    }
    return walk
  }
}
