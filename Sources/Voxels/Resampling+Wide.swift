// Coarser voxels that cover more than two along an axis. Pyramids, where nearly all the time goes,
// halve and do without this.

extension VoxelExtent {
  /// Whether factors halve or keep every axis.
  var isHalving: Bool { max(z, y, x) <= 2 }
}

extension Volume {
  /// ``downsampledByMean(_:)`` for any factors.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  @specialized(where Scalar == Float)
  func downsampledByWideMean(_ factors: VoxelExtent) -> Volume where Scalar: MeanScalar {
    var result = Volume(channels: channels, box: box.coarsened(factors))
    let coarse = result.extent
    for channel in 0..<channels {
      for z in 0..<coarse.z {
        let planes = z * factors.z..<min((z + 1) * factors.z, extent.z)
        for y in 0..<coarse.y {
          let rows = y * factors.y..<min((y + 1) * factors.y, extent.y)
          var sums = [Double](repeating: 0, count: coarse.x)
          for plane in planes {
            for row in rows {
              let values = self.row(channel: channel, z: plane, y: row)
              var x = 0
              for group in 0..<coarse.x {
                let end = min(x &+ factors.x, values.count)
                var sum = 0.0
                while x < end {
                  sum += values[x].doubleValue
                  x &+= 1
                }
                sums[group] += sum
              }
            }
          }
          var target = result.mutableRow(channel: channel, z: z, y: y)
          for x in 0..<coarse.x {
            let width = min((x + 1) * factors.x, extent.x) - x * factors.x
            let mean = sums[x] / Double(planes.count * rows.count * width)
            target[x] =
              Scalar.dataType.isInteger
              ? Scalar(nearest: (mean + 0.5).rounded(.down)) : Scalar(nearest: mean)
          }
        }
      }
    }
    return result
  }

  /// ``downsampledByMode(_:)`` for any factors.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt32)
  @specialized(where Scalar == UInt64)
  func downsampledByWideMode(_ factors: VoxelExtent) -> Volume {
    var result = Volume(channels: channels, box: box.coarsened(factors))
    let coarse = result.extent
    var group: [Scalar] = []
    for channel in 0..<channels {
      for z in 0..<coarse.z {
        let planes = z * factors.z..<min((z + 1) * factors.z, extent.z)
        for y in 0..<coarse.y {
          let rows = y * factors.y..<min((y + 1) * factors.y, extent.y)
          for x in 0..<coarse.x {
            group.removeAll(keepingCapacity: true)
            for plane in planes {
              for row in rows {
                let values = self.row(channel: channel, z: plane, y: row)
                for x in x * factors.x..<min((x + 1) * factors.x, extent.x) {
                  group.append(values[x])
                }
              }
            }
            var target = result.mutableRow(channel: channel, z: z, y: y)
            target[x] = group.mode
          }
        }
      }
    }
    return result
  }
}

extension Array where Element: VoxelScalar {
  /// The most frequent of the values, of equally frequent ones the smallest that is not zero.
  fileprivate var mode: Element {
    mutating get {
      let first = self[0]
      guard contains(where: { $0 != first }) else { return first }
      sort()
      var (best, bestCount) = (first, 0)
      var start = 0
      while start < count {
        var end = start
        while end < count, self[end] == self[start] { end += 1 }
        // In ascending order, only a zero gives way to a value as frequent.
        if end - start > bestCount || (end - start == bestCount && best == .zero) {
          best = self[start]
          bestCount = end - start
        }
        start = end
      }
      return best
    }
  }
}
