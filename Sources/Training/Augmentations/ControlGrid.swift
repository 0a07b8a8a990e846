import Voxels

/// A smooth random displacement of a patch: one random vector at each node of a coarse grid,
/// interpolated in between.
///
/// Source: Catmull & Rom 1974, "A class of local interpolating splines".
struct ControlGrid {
  /// The distance of nodes along each axis, in voxels.
  private let spacing: [Double]
  private let nodes: VoxelExtent
  /// The displacements along z, y and x; nil for an axis that is left alone.
  private let displacements: [Volume<Float>?]
  /// The longest displacement at a node along each axis, in voxels.
  let reach: [Double]

  /// Draws the displacements for a patch, their standard deviation being `amplitude`; distances
  /// and displacements are in voxels, along z, y, x.
  init(
    extent: VoxelExtent, spacing: [Double], amplitude: [Double],
    using generator: inout SampleGenerator
  ) {
    self.spacing = spacing
    // One node before the patch and two past its last interval take part in the interpolation.
    let counts = zip([extent.z, extent.y, extent.x], spacing).map { Int(Double($0) / $1) + 4 }
    nodes = VoxelExtent(z: counts[0], y: counts[1], x: counts[2])
    var reach = [0.0, 0, 0]
    var displacements: [Volume<Float>?] = []
    for axis in 0..<3 {
      guard amplitude[axis] > 0 else {
        displacements.append(nil)
        continue
      }
      let values = (0..<nodes.voxelCount).map { _ in generator.normal() * Float(amplitude[axis]) }
      reach[axis] = Double(values.map { abs($0) }.max() ?? 0)
      displacements.append(Volume(box: VoxelBox(extent: nodes), values: values))
    }
    self.displacements = displacements
    self.reach = reach
  }

  /// The four nodes and their weights for the voxels 0..<count of an axis.
  struct Taps {
    let first: [Int]
    let weights: [SIMD4<Float>]

    init(count: Int, spacing: Double) {
      let places = (0..<count).map { Double($0) / spacing }
      first = places.map { Int($0) }
      weights = places.map { place in
        let t = Float(place - place.rounded(.down))
        let (t2, t3) = (t * t, t * t * t)
        return SIMD4(-t3 + 2 * t2 - t, 3 * t3 - 5 * t2 + 2, -3 * t3 + 4 * t2 + t, t3 - t2) / 2
      }
    }
  }

  /// The taps of an axis (0 z, 1 y, 2 x).
  func taps(axis: Int, count: Int) -> Taps { Taps(count: count, spacing: spacing[axis]) }

  /// The displacements of a section, interpolated across sections: (z, y, x) by axis, on the nodes
  /// of the section.
  func section(_ z: Int, taps: Taps) -> [Volume<Float>?] {
    displacements.map { volume in
      guard let volume else { return nil }
      var plane = Volume<Float>(
        box: VoxelBox(extent: VoxelExtent(z: 1, y: nodes.y, x: nodes.x)))
      for y in 0..<nodes.y {
        var row = plane.mutableRow(z: 0, y: y)
        for tap in 0..<4 {
          let weight = taps.weights[z][tap]
          let source = volume.row(z: taps.first[z] + tap, y: y)
          for x in source.indices { row[x] += weight * source[x] }
        }
      }
      return plane
    }
  }

  /// Adds the displacements of a row of a section to coordinates.
  static func add(
    _ plane: Volume<Float>, y: Int, tapsY: Taps, tapsX: Taps, to coordinates: inout [Float],
    nodes: inout [Float]
  ) {
    let count = plane.extent.x
    for x in 0..<count { nodes[x] = 0 }
    for tap in 0..<4 {
      let weight = tapsY.weights[y][tap]
      let source = plane.row(z: 0, y: tapsY.first[y] + tap)
      for x in 0..<count { nodes[x] += weight * source[x] }
    }
    for x in coordinates.indices {
      let first = tapsX.first[x]
      let values = SIMD4(nodes[first], nodes[first &+ 1], nodes[first &+ 2], nodes[first &+ 3])
      coordinates[x] += (values * tapsX.weights[x]).sum()
    }
  }
}
