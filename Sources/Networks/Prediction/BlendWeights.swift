import Glibc

/// How the predictions of overlapping patches are put together.
public enum Blending: String, CaseIterable, Hashable, Sendable {
  /// The weight rises linearly over the zone that a patch shares with its neighbour.
  case linear
  /// The weight is a smooth bump over all that is kept of a patch, largest in its middle.
  ///
  /// Source: Lee, Zung, Li, Jain & Seung 2017, arXiv:1706.00120, §2.3.
  case bump
  /// Every voxel is taken from the one patch in whose middle it lies most.
  case crop
}

/// How much each patch counts at each voxel along one axis.
///
/// A patch's weight is divided by the sum of all patches' weights there. The weights of a voxel so
/// sum to one along each axis, and their products over the axes to one in the volume, at ragged
/// ends and faces too.
package struct BlendWeights: Sendable {
  /// For each patch the weights over the voxels that are kept of it.
  package let weights: [[Float]]

  package init(_ axis: PatchAxis) {
    let ranges = axis.starts.indices.map { axis.kept($0) }
    // Logarithms: far from its middle a bump is less than any number.
    let raw = ranges.indices.map { index in
      switch axis.blending {
      case .crop: [Double](repeating: 0, count: ranges[index].count)
      case .linear: Self.ramps(ranges, at: index)
      case .bump: Self.bump(length: ranges[index].count)
      }
    }
    var largest = [Double](repeating: -.infinity, count: axis.length)
    for (range, values) in zip(ranges, raw) {
      for (position, value) in zip(range, values) {
        largest[position] = max(largest[position], value)
      }
    }
    var sums = [Double](repeating: 0, count: axis.length)
    for (range, values) in zip(ranges, raw) {
      for (position, value) in zip(range, values) {
        sums[position] += exp(value - largest[position])
      }
    }
    weights = ranges.indices.map { index in
      ranges[index].map { position in
        let value = raw[index][position - ranges[index].lowerBound]
        return Float(exp(value - largest[position]) / sums[position])
      }
    }
  }

  /// The logarithm of a weight that rises over what the patch before also keeps, and falls over
  /// what the next one keeps.
  private static func ramps(_ ranges: [Range<Int>], at index: Int) -> [Double] {
    let range = ranges[index]
    let before = index == 0 ? 0 : max(ranges[index - 1].upperBound - range.lowerBound, 0)
    let after =
      index == ranges.count - 1 ? 0 : max(range.upperBound - ranges[index + 1].lowerBound, 0)
    return range.map { position in
      let rise = (Double(position - range.lowerBound) + 0.5) / Double(max(before, 1))
      let fall = (Double(range.upperBound - position) - 0.5) / Double(max(after, 1))
      return log(min(before > 0 ? rise : 1, after > 0 ? fall : 1, 1))
    }
  }

  /// The logarithm of a bump: −1 / (p (1 − p)), where p goes from 0 to 1 over the length.
  private static func bump(length: Int) -> [Double] {
    (0..<length).map { index in
      let place = (Double(index) + 0.5) / Double(length)
      return -1 / (place * (1 - place))
    }
  }
}
