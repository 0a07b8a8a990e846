/// How much each patch counts at each voxel along one axis.
///
/// A patch's weight rises linearly from the end of its margin over the zone it shares with its
/// neighbour and is divided by the sum of all patches' weights there. The weights of a voxel so sum
/// to one along each axis, and their products over the axes to one in the volume, at ragged ends
/// and faces too.
package struct BlendWeights: Sendable {
  /// For each patch the weights over the voxels that are kept of it.
  package let weights: [[Float]]

  package init(_ axis: PatchAxis) {
    let ranges = axis.starts.indices.map { axis.kept($0) }
    var raw: [[Double]] = []
    for (index, range) in ranges.enumerated() {
      // How far the neighbours' kept voxels reach into this patch's.
      let before = index == 0 ? 0 : max(ranges[index - 1].upperBound - range.lowerBound, 0)
      let after =
        index == ranges.count - 1 ? 0 : max(range.upperBound - ranges[index + 1].lowerBound, 0)
      raw.append(
        range.indices.map { position in
          let rise = (Double(position - range.lowerBound) + 0.5) / Double(max(before, 1))
          let fall = (Double(range.upperBound - position) - 0.5) / Double(max(after, 1))
          return min(before > 0 ? rise : 1, after > 0 ? fall : 1, 1)
        })
    }
    var sums = [Double](repeating: 0, count: axis.length)
    for (range, values) in zip(ranges, raw) {
      for (position, value) in zip(range, values) { sums[position] += value }
    }
    weights = zip(ranges, raw).map { range, values in
      zip(range, values).map { Float($1 / sums[$0]) }
    }
  }
}
