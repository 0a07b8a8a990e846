public import VolumeStore
public import Voxels

/// Places along the contact of two segments, for looking at it from end to end.
public struct ContactPlaces: Hashable, Sendable {
  /// The places, far from each other; the first is nearest to where one began to look.
  public let places: [VoxelPosition]

  /// Finds places where two segments touch, or where at most two voxels lie between.
  ///
  /// - Parameters:
  ///   - segments: the two segments.
  ///   - box: where to look.
  ///   - start: where looking begins.
  ///   - volume: the supervoxels.
  ///   - count: how many places are given at most.
  /// - Throws: ``VolumeError`` where the supervoxels cannot be read.
  /// - Complexity: O(*n*) in the voxels of the box.
  public init(
    of segments: (first: UInt64, second: UInt64), in box: VoxelBox, from start: VoxelPosition,
    _ volume: any ReviewVolume, count: Int = 9
  ) throws(VolumeError) {
    let searched = box.intersection(volume.box)
    guard !searched.isEmpty, segments.second != 0 else {
      places = []
      return
    }
    let found = Self.contacts(
      Self.parts(try volume.supervoxels(searched), segments, volume), of: searched)
    places = Self.spread(found, from: start, size: volume.voxelSize, count: count)
  }

  /// 1 where the first segment is, 2 where the second is, 0 elsewhere.
  private static func parts(
    _ supervoxels: Volume<UInt64>, _ segments: (first: UInt64, second: UInt64),
    _ volume: any ReviewVolume
  ) -> [UInt8] {
    var known: [UInt64: UInt8] = [0: 0]
    var last: (supervoxel: UInt64, part: UInt8) = (0, 0)
    let values = supervoxels.span
    var parts = [UInt8](repeating: 0, count: values.count)
    for index in values.indices {
      let supervoxel = values[index]
      if supervoxel != last.supervoxel {
        let segment = volume.segment(of: supervoxel)
        let part: UInt8 = segment == segments.first ? 1 : segment == segments.second ? 2 : 0
        last = (supervoxel, known[supervoxel] ?? part)
        known[supervoxel] = last.part
      }
      parts[index] = last.part
    }
    return parts
  }

  private static func contacts(_ parts: [UInt8], of box: VoxelBox) -> [VoxelPosition] {
    var found: [VoxelPosition] = []
    let extent = box.extent
    let axes = [(extent.x, 1), (extent.y, extent.x), (extent.z, extent.y * extent.x)]
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = (z * extent.y + y) * extent.x
        for x in 0..<extent.x where parts[row + x] != 0 {
          let place = [x, y, z]
          let other = 3 - parts[row + x]
          let isContact = (0..<3).contains { axis in
            (1...3).contains { step in
              place[axis] + step < axes[axis].0 && parts[row + x + step * axes[axis].1] == other
            }
          }
          if isContact {
            found.append(
              VoxelPosition(z: box.origin.z + z, y: box.origin.y + y, x: box.origin.x + x))
          }
        }
      }
    }
    return found
  }

  /// Places of which each is as far as can be from those before it.
  private static func spread(
    _ found: [VoxelPosition], from start: VoxelPosition, size: VoxelSize, count: Int
  ) -> [VoxelPosition] {
    func distance(_ first: VoxelPosition, _ second: VoxelPosition) -> Double {
      let z = Double(first.z - second.z) * size.z
      let y = Double(first.y - second.y) * size.y
      let x = Double(first.x - second.x) * size.x
      return z * z + y * y + x * x
    }
    let nearest = found.indices.min {
      distance(found[$0], start) < distance(found[$1], start)
    }
    guard var next = nearest else { return [] }
    var chosen: [VoxelPosition] = []
    var apart = found.map { _ in Double.infinity }
    while chosen.count < count, apart[next] > 0 {
      chosen.append(found[next])
      for index in found.indices {
        apart[index] = min(apart[index], distance(found[index], found[next]))
      }
      next = apart.indices.max { apart[$0] < apart[$1] } ?? next
    }
    return chosen
  }
}
