public import Voxels

/// Leaves voxels near the borders between objects out of a comparison, section by section.
///
/// A pixel is on a border where one of its four neighbours in the section has another label. People
/// who trace objects do not agree on such pixels.
///
/// Source: CREMI's evaluation script, `border_threshold`.
public struct BorderMask: Sendable {
  /// Pixels up to this far from a border, in nanometres, are left out.
  public let distance: Double
  /// The size of a pixel in nanometres.
  public let pixel: (y: Double, x: Double)
  /// How far beyond a box labels must be known: z 0.
  public let halo: VoxelExtent

  /// Creates a mask.
  ///
  /// - Parameters:
  ///   - distance: Pixels up to this far from a border, in nanometres, are left out.
  ///   - voxelSize: The size of a voxel.
  public init(distance: Double, voxelSize: VoxelSize) {
    precondition(distance >= 0 && distance.isFinite, "a distance is not negative")
    let size = voxelSize.converted(to: .nanometer)
    self.distance = distance
    pixel = (size.y, size.x)
    halo = VoxelExtent(z: 0, y: Int(distance / size.y) + 1, x: Int(distance / size.x) + 1)
  }

  /// Marks the voxels of a box that count.
  ///
  /// - Parameters:
  ///   - labels: (1, z, y, x), over the box grown by ``halo``, as far as the volume goes.
  ///   - box: What to mark.
  /// - Returns: (1, z, y, x), 0 where voxels are left out, else 1.
  /// - Complexity: O(*n r*) for a distance of *r* pixels.
  public func counted(labels: borrowing Volume<UInt64>, box: VoxelBox) -> Volume<UInt8> {
    precondition(labels.box.contains(box), "the labels do not cover the box")
    var counted = Volume<UInt8>(box: box, fill: 1)
    let start = box.origin - labels.box.origin
    for z in 0..<box.extent.z {
      let heights = borderHeights(labels, z: start.z + z, rows: start.y..<start.y + box.extent.y)
      for y in 0..<box.extent.y {
        let nearest = heights[y]
        var row = counted.mutableRow(z: z, y: y)
        for x in 0..<row.count where isNear(nearest, x: start.x + x) { row[x] = 0 }
      }
    }
    return counted
  }

  /// For rows of a section, how far from each pixel the nearest border pixel of its column is; more
  /// than the halo where there is none so near.
  private func borderHeights(
    _ labels: borrowing Volume<UInt64>, z: Int, rows: Range<Int>
  ) -> [[Int]] {
    let (height, width, far) = (labels.extent.y, labels.extent.x, halo.y + 1)
    var heights = [[Int]](repeating: [Int](repeating: far, count: width), count: height)
    for y in 0..<height {
      let row = labels.row(z: z, y: y)
      let above = labels.row(z: z, y: max(0, y - 1))
      let below = labels.row(z: z, y: min(height - 1, y + 1))
      for x in 0..<width {
        let label = row[x]
        let isBorder =
          label != above[x] || label != below[x] || label != row[max(0, x - 1)]
          || label != row[min(width - 1, x + 1)]
        heights[y][x] = isBorder ? 0 : y > 0 ? min(far, heights[y - 1][x] + 1) : far
      }
    }
    for y in (0..<max(0, height - 1)).reversed() {
      for x in 0..<width { heights[y][x] = min(heights[y][x], heights[y + 1][x] + 1) }
    }
    return Array(heights[rows])
  }

  private func isNear(_ heights: [Int], x: Int) -> Bool {
    for near in max(0, x - halo.x)...min(heights.count - 1, x + halo.x) {
      let (across, along) = (Double(near - x) * pixel.x, Double(heights[near]) * pixel.y)
      if across * across + along * along <= distance * distance { return true }
    }
    return false
  }
}
