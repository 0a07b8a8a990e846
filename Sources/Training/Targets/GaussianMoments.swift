import Glibc
import Voxels

/// How many voxels of an object lie around a voxel, weighted by a Gaussian, and their first and
/// second moments about it.
///
/// The Gaussian is cut off at three standard deviations, its discrete weights sum to 1, and nothing
/// lies outside the volume.
struct GaussianMoments {
  /// The moments of one voxel: the mass, and distances in voxels from it, not divided by the mass.
  enum Moment: Int, CaseIterable {
    case mass, z, y, x, zz, yy, xx, zy, zx, yx
  }

  private let kernels: [MomentKernel]

  /// The Gaussian of standard deviations along z, y, x, in voxels.
  init(sigma: [Double]) { kernels = sigma.map { MomentKernel(sigma: $0) } }

  /// How far the Gaussian reaches on both sides of each axis.
  var reach: VoxelExtent {
    VoxelExtent(z: kernels[0].radius, y: kernels[1].radius, x: kernels[2].radius)
  }

  /// The moments, one channel each in the order of ``Moment``, of an object at the voxels of a box.
  ///
  /// - Parameters:
  ///   - object: 1 in the object, 0 elsewhere; the object ends where the volume does.
  ///   - box: A part of the volume.
  /// - Returns: (10, z, y, x), covering the box.
  func moments(of object: Volume<Float>, in box: VoxelBox) -> Volume<Float> {
    // One axis after the other; the axes that are done are as short as the box.
    let whole = object.box
    let z = VoxelBox(
      origin: VoxelPosition(z: box.origin.z, y: whole.origin.y, x: whole.origin.x),
      extent: VoxelExtent(z: box.extent.z, y: whole.extent.y, x: whole.extent.x))
    let y = VoxelBox(
      origin: VoxelPosition(z: box.origin.z, y: box.origin.y, x: whole.origin.x),
      extent: VoxelExtent(z: box.extent.z, y: box.extent.y, x: whole.extent.x))
    let alongZ = convolved(object, channel: 0, axis: 0, orders: 3, in: z)
    let alongY = [3, 2, 1].enumerated().map { orderZ, orders in
      convolved(alongZ, channel: orderZ, axis: 1, orders: orders, in: y)
    }
    var result = Volume<Float>(channels: Moment.allCases.count, box: box)
    for orderZ in 0..<3 {
      for orderY in 0..<3 - orderZ {
        let part = convolved(
          alongY[orderZ], channel: orderY, axis: 2, orders: 3 - orderZ - orderY, in: box)
        for orderX in 0..<3 - orderZ - orderY {
          let moment = Self.moment(orderZ, orderY, orderX)
          for z in 0..<box.extent.z {
            for y in 0..<box.extent.y {
              let source = part.row(channel: orderX, z: z, y: y)
              var row = result.mutableRow(channel: moment.rawValue, z: z, y: y)
              for x in source.indices { row[x] = source[x] }
            }
          }
        }
      }
    }
    return result
  }

  private static func moment(_ z: Int, _ y: Int, _ x: Int) -> Moment {
    switch (z, y, x) {
    case (1, 0, 0): .z
    case (0, 1, 0): .y
    case (0, 0, 1): .x
    case (2, 0, 0): .zz
    case (0, 2, 0): .yy
    case (0, 0, 2): .xx
    case (1, 1, 0): .zy
    case (1, 0, 1): .zx
    case (0, 1, 1): .yx
    default: .mass
    }
  }

  /// The moments of the orders 0 ..< `orders` along an axis, one channel each, at the voxels of a
  /// box that is shorter along this axis at most.
  private func convolved(
    _ volume: Volume<Float>, channel: Int, axis: Int, orders: Int, in box: VoxelBox
  ) -> Volume<Float> {
    let kernel = kernels[axis]
    var result = Volume<Float>(channels: orders, box: box)
    let start = box.origin - volume.box.origin
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        if axis == 2 {
          kernel.addAlongRow(
            volume.row(channel: channel, z: z, y: y), from: start.x, z: z, y: y, orders: orders,
            to: &result)
          continue
        }
        let (place, count) =
          axis == 0 ? (start.z + z, volume.extent.z) : (start.y + y, volume.extent.y)
        for distance in 0...kernel.radius {
          let low = place - distance >= 0 ? place - distance : nil
          let high = distance > 0 && place + distance < count ? place + distance : nil
          for order in 0..<orders {
            let weight = kernel.weights[order][distance]
            guard weight != 0 else { continue }
            var row = result.mutableRow(channel: order, z: z, y: y)
            if let low {
              let source = volume.row(
                channel: channel, z: axis == 0 ? low : z, y: axis == 1 ? low : y)
              let signed = order == 1 ? -weight : weight
              for x in row.indices { row[x] += signed * source[x] }
            }
            if let high {
              let source = volume.row(
                channel: channel, z: axis == 0 ? high : z, y: axis == 1 ? high : y)
              for x in row.indices { row[x] += weight * source[x] }
            }
          }
        }
      }
    }
    return result
  }
}

/// A Gaussian times the powers 0, 1, 2 of the distance.
private struct MomentKernel {
  let radius: Int
  /// By power, then by distance.
  let weights: [[Float]]

  init(sigma: Double) {
    let gaussian = GaussianKernel(sigma: sigma)
    radius = gaussian.radius
    weights = (0..<3).map { power in
      gaussian.weights.enumerated().map { distance, weight in
        weight * Float(power == 0 ? 1 : power == 1 ? distance : distance * distance)
      }
    }
  }

  /// Adds the moments along a row for the places from a start on.
  func addAlongRow(
    _ source: Span<Float>, from start: Int, z: Int, y: Int, orders: Int,
    to result: inout Volume<Float>
  ) {
    let count = result.extent.x
    for order in 0..<orders {
      var row = result.mutableRow(channel: order, z: z, y: y)
      for distance in -radius...radius {
        let size = weights[order][abs(distance)]
        let weight = order == 1 && distance < 0 ? -size : size
        // The places whose neighbour at the distance lies in the row.
        let low = max(0, -(start + distance))
        let high = min(count, source.count - start - distance)
        guard low < high, weight != 0 else { continue }
        let part = source.extracting(start + distance + low..<start + distance + high)
        for x in part.indices { row[low &+ x] += weight * part[x] }
      }
    }
  }
}
