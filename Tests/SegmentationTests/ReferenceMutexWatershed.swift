import Segmentation
import TestSupport
import Voxels

/// The mutex watershed by its definition: all links in one sorted list, sets of sets.
struct ReferenceMutexWatershed {
  private struct Link {
    var strength: Int
    var attracts: Bool
    /// Shorter offsets first, then by the offset that points ahead.
    var offset: [Int]
    var first: Int
    var second: Int
  }

  /// The segments, numbered by first appearance; 0 where the mask is 0.
  ///
  /// `value` gives the affinity at an index in whole units, of which 2²⁴ − 1 make 1; nil is no link.
  static func segments(
    of affinities: Volume<some AffinityScalar>, value: (Int) -> Int?, channels: [MutexChannel],
    mask: [UInt8]? = nil
  ) -> [Int] {
    let box = affinities.box
    let positions = box.positions
    let places = Dictionary(uniqueKeysWithValues: positions.enumerated().map { ($1, $0) })
    var links: [Link] = []
    for channel in channels {
      let offset = channel.offset
      let steps = [offset.z, offset.y, offset.x]
      let length = steps.map(abs).reduce(0, +)
      let ahead = steps.first { $0 != 0 }.map { $0 > 0 } == true ? steps : steps.map { -$0 }
      for (place, position) in positions.enumerated() {
        guard let other = places[position + offset],
          mask.map({ $0[place] != 0 && $0[other] != 0 }) ?? true,
          let affinity = value(channel.channel * positions.count + place),
          position.z % channel.stride.z == 0, position.y % channel.stride.y == 0,
          position.x % channel.stride.x == 0
        else { continue }
        let pull = affinity - Int((channel.bias * 16_777_215).rounded())
        guard pull != 0 else { continue }
        links.append(
          Link(
            strength: abs(pull), attracts: pull > 0, offset: [length] + ahead,
            first: min(place, other), second: max(place, other)))
      }
    }
    links.sort { left, right in
      if left.strength != right.strength { return left.strength > right.strength }
      if left.attracts != right.attracts { return left.attracts }
      if left.offset != right.offset { return left.offset.lexicographicallyPrecedes(right.offset) }
      return (left.first, left.second) < (right.first, right.second)
    }
    var clusters = Array(positions.indices)
    var apart: Set<[Int]> = []
    for link in links {
      let (first, second) = (clusters[link.first], clusters[link.second])
      guard first != second else { continue }
      if !link.attracts {
        apart.insert([min(first, second), max(first, second)])
      } else if !apart.contains([min(first, second), max(first, second)]) {
        clusters = clusters.map { $0 == second ? first : $0 }
        apart = Set(
          apart.map { pair in
            let named = pair.map { $0 == second ? first : $0 }
            return [named.min() ?? 0, named.max() ?? 0]
          })
      }
    }
    return canonical(clusters.indices.map { mask?[$0] == 0 ? 0 : clusters[$0] + 1 })
  }
}
