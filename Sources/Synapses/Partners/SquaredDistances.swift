public import Voxels

/// The squared distances, in nm², of a box's voxels to the nearest of some of them.
///
/// Exact, also for voxels of unequal lengths; infinite where there is none.
///
/// Source: Felzenszwalb & Huttenlocher 2012, Theory of Computing 8:415, §2.
public struct SquaredDistances: Sendable {
  /// (1, z, y, x) squared distances.
  public private(set) var values: Volume<Double>

  /// Measures the distances to all voxels that are marked.
  ///
  /// - Parameters:
  ///   - marks: (1, z, y, x) marks, not 0 at the voxels to reach.
  ///   - voxelSize: The voxels' size.
  /// - Complexity: O(*n*) in the voxels.
  public init(to marks: borrowing Volume<UInt8>, voxelSize: VoxelSize) {
    let size = voxelSize.converted(to: .nanometer)
    values = Volume<Double>(box: marks.box)
    let extent = marks.extent
    do {
      let source = marks.span
      var target = values.mutableSpan
      for index in source.indices { target[index] = source[index] == 0 ? .infinity : 0 }
    }
    let planes = extent.y * extent.x
    measure(
      lines: extent.z * extent.y, length: extent.x, stride: 1, spacing: size.x
    ) { $0 * extent.x }
    measure(lines: extent.z * extent.x, length: extent.y, stride: extent.x, spacing: size.y) {
      $0 / extent.x * planes + $0 % extent.x
    }
    measure(lines: planes, length: extent.z, stride: planes, spacing: size.z) { $0 }
  }

  /// Takes the lower envelope of the parabolas over each line's values.
  private mutating func measure(
    lines: Int, length: Int, stride: Int, spacing: Double, start: (Int) -> Int
  ) {
    var span = values.mutableSpan
    var heights = [Double](repeating: 0, count: length)
    var vertices = [Int](repeating: 0, count: length)
    var bounds = [Double](repeating: 0, count: length + 1)
    for line in 0..<lines {
      let first = start(line)
      var last = -1
      for place in 0..<length {
        heights[place] = span[first + place * stride]
        guard heights[place] < .infinity else { continue }
        let q = Double(place) * spacing
        var bound = -Double.infinity
        while last >= 0 {
          let v = Double(vertices[last]) * spacing
          bound = ((heights[place] + q * q) - (heights[vertices[last]] + v * v)) / (2 * (q - v))
          if bound > bounds[last] { break }
          last -= 1
          bound = -.infinity
        }
        last += 1
        vertices[last] = place
        bounds[last] = bound
        bounds[last + 1] = .infinity
      }
      guard last >= 0 else { continue }
      var piece = 0
      for place in 0..<length {
        let q = Double(place) * spacing
        while piece < last, bounds[piece + 1] < q { piece += 1 }
        let distance = q - Double(vertices[piece]) * spacing
        span[first + place * stride] = distance * distance + heights[vertices[piece]]
      }
    }
  }
}

extension SynapseScene {
  /// The voxel of some that lies deepest among them; of equally deep ones the first.
  ///
  /// - Parameter marks: (1, z, y, x) marks over the scene, not 0 at those voxels.
  /// - Returns: The voxel; nil where none is marked.
  func deepest(of marks: borrowing Volume<UInt8>) -> VoxelPosition? {
    var outside = Volume<UInt8>(box: marks.box)
    do {
      let source = marks.span
      var target = outside.mutableSpan
      for index in source.indices { target[index] = source[index] == 0 ? 1 : 0 }
    }
    let depths = SquaredDistances(to: outside, voxelSize: voxelSize)
    var best: (depth: Double, voxel: VoxelPosition)?
    forEachRow { z, y in
      let (isMarked, depth) = (marks.row(z: z, y: y), depths.values.row(z: z, y: y))
      for x in isMarked.indices where isMarked[x] != 0 && depth[x] > best?.depth ?? -1 {
        best = (depth[x], position(z, y, x))
      }
    }
    return best?.voxel
  }

  /// Marks of the scene's object.
  var objectMarks: Volume<UInt8> {
    var marks = Volume<UInt8>(box: objects.box)
    let source = objects.span
    var target = marks.mutableSpan
    for index in source.indices { target[index] = source[index] == object ? 1 : 0 }
    return marks
  }
}
