import Voxels

/// Where all voxels of a window around a voxel are annotated.
struct KnownWindow {
  private let reach: VoxelExtent

  /// The window reaches so far on both sides of each axis.
  init(_ reach: VoxelExtent) { self.reach = reach }

  /// 1 where the window holds annotated voxels only, 0 elsewhere; what lies outside does not count.
  func known(_ mask: Volume<UInt8>) -> Volume<UInt8> {
    guard !mask.isFilled else { return mask }
    var result = mask
    let extent = mask.extent
    let plane = extent.y * extent.x
    // The unknown voxels before each place of a line.
    var before = Array(repeating: 0, count: max(extent.z, extent.y, extent.x) + 1)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        narrow(
          &result, from: z * plane + y * extent.x, stride: 1, count: extent.x, reach: reach.x,
          &before)
      }
      for x in 0..<extent.x {
        narrow(
          &result, from: z * plane + x, stride: extent.x, count: extent.y, reach: reach.y, &before)
      }
    }
    for place in 0..<plane {
      narrow(&result, from: place, stride: plane, count: extent.z, reach: reach.z, &before)
    }
    return result
  }

  private func narrow(
    _ volume: inout Volume<UInt8>, from first: Int, stride: Int, count: Int, reach: Int,
    _ before: inout [Int]
  ) {
    var values = volume.mutableSpan
    for place in 0..<count {
      before[place + 1] = before[place] + (values[first + place * stride] == 0 ? 1 : 0)
    }
    guard before[count] > before[0] else { return }
    for place in 0..<count {
      let unknown = before[min(place + reach + 1, count)] - before[max(place - reach, 0)]
      values[first + place * stride] = unknown == 0 ? 1 : 0
    }
  }
}
