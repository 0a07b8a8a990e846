import Voxels

/// The moments of eight voxels beside each other: the mass of an object around each, weighted by a
/// Gaussian, and its first and second moments about the voxel, in voxels, not divided by the mass.
struct MomentLanes {
  var mass = SIMD8<Float>()
  var z = SIMD8<Float>(), y = SIMD8<Float>(), x = SIMD8<Float>()
  var zz = SIMD8<Float>(), yy = SIMD8<Float>(), xx = SIMD8<Float>()
  var zy = SIMD8<Float>(), zx = SIMD8<Float>(), yx = SIMD8<Float>()
}

/// Local moments of objects under a Gaussian.
///
/// The Gaussian is cut off at three standard deviations, and its discrete weights sum to 1. It is
/// taken one axis after the other: of the runs along x by sums of weights looked up, then across
/// sections, then along y, each only where the object is and only for the rows asked for.
struct GaussianMoments {
  private let kernels: [MomentKernel]

  /// The Gaussian of standard deviations along z, y, x, in voxels.
  init(sigma: [Double]) { kernels = sigma.map { MomentKernel(sigma: $0) } }

  /// How far the Gaussian reaches on both sides of each axis.
  var reach: VoxelExtent {
    VoxelExtent(z: kernels[0].radius, y: kernels[1].radius, x: kernels[2].radius)
  }

  /// Gives the moments of each row of cells that holds part of an object, eight voxels at a time
  /// from the first of the object's cells on.
  func forEachRow(
    of object: ObjectRuns, _ body: (_ z: Int, _ y: Int, _ moments: [MomentLanes]) -> Void
  ) {
    let cells = object.cells
    let blocks = (cells.extent.x + 7) / 8
    let (kernelZ, kernelY) = (kernels[0], kernels[1])
    let rows = MomentRows(of: object, kernel: kernels[2], reach: reach, blocks: blocks)
    var acrossSections = Array(repeating: SectionLanes(), count: rows.columns.count * blocks)
    var isFilled = Array(repeating: false, count: rows.columns.count)
    var moments = Array(repeating: MomentLanes(), count: blocks)
    for z in cells.origin.z..<cells.end.z {
      let asked = (cells.origin.y..<cells.end.y).filter { object.holdsRow(z: z, y: $0) }
      guard let first = asked.first, let last = asked.last else { continue }
      for column in rows.columns.indices {
        let y = column + cells.origin.y - kernelY.radius
        let near = rows.range(of: column, around: z, reach: kernelZ.radius)
        isFilled[column] =
          y >= first - kernelY.radius && y <= last + kernelY.radius && !near.isEmpty
        guard isFilled[column] else { continue }
        let places = rows.columns[column]
        for block in 0..<blocks {
          var lanes = SectionLanes()
          for index in near {
            let place = places[index]
            lanes.add(
              rows.lanes[place.row &+ block], kernelZ.weights[place.z &- z &+ kernelZ.radius])
          }
          acrossSections[column * blocks + block] = lanes
        }
      }
      for y in asked {
        for block in 0..<blocks {
          var lanes = MomentLanes()
          for distance in 0...2 * kernelY.radius {
            let column = y &- cells.origin.y &+ distance
            guard isFilled[column] else { continue }
            lanes.add(acrossSections[column &* blocks &+ block], kernelY.weights[distance])
          }
          moments[block] = lanes
        }
        body(z, y, moments)
      }
    }
  }
}

/// A Gaussian times the powers 0, 1, 2 of the distance.
struct MomentKernel {
  let radius: Int
  /// The weights of the distances −radius … radius, one lane for each power.
  let weights: [SIMD4<Float>]
  /// The sums of the weights of all distances before one.
  let sums: [SIMD4<Double>]

  init(sigma: Double) {
    let gaussian = GaussianKernel(sigma: sigma)
    let radius = gaussian.radius
    self.radius = radius
    weights = (-radius...radius).map { distance in
      let step = Float(distance)
      return SIMD4(1, step, step * step, 0) * gaussian.weights[abs(distance)]
    }
    var sum = SIMD4<Double>()
    sums =
      [sum]
      + weights.map {
        sum += SIMD4<Double>($0)
        return sum
      }
  }

  /// The weights of a run of voxels as seen from a place, summed.
  func weight(of run: Range<Int>, from place: Int) -> SIMD4<Float> {
    let low = min(max(run.lowerBound - place + radius, 0), sums.count - 1)
    let high = min(max(run.upperBound - place + radius, 0), sums.count - 1)
    return SIMD4<Float>(sums[high] - sums[low])
  }
}

/// The moments along x, of the powers 0, 1, 2.
struct RowLanes {
  var power0 = SIMD8<Float>(), power1 = SIMD8<Float>(), power2 = SIMD8<Float>()
}

/// The moments along x and across sections, named by the powers of z and x.
private struct SectionLanes {
  var mass = SIMD8<Float>()
  var z = SIMD8<Float>(), x = SIMD8<Float>()
  var zz = SIMD8<Float>(), zx = SIMD8<Float>(), xx = SIMD8<Float>()

  // Inlined by force: out of line the sums live in memory, which takes twice as long.
  @inline(__always)
  mutating func add(_ row: RowLanes, _ weight: SIMD4<Float>) {
    mass += row.power0 * weight[0]
    x += row.power1 * weight[0]
    xx += row.power2 * weight[0]
    z += row.power0 * weight[1]
    zx += row.power1 * weight[1]
    zz += row.power0 * weight[2]
  }
}

extension MomentLanes {
  @inline(__always)
  fileprivate mutating func add(_ section: SectionLanes, _ weight: SIMD4<Float>) {
    mass += section.mass * weight[0]
    z += section.z * weight[0]
    x += section.x * weight[0]
    zz += section.zz * weight[0]
    zx += section.zx * weight[0]
    xx += section.xx * weight[0]
    y += section.mass * weight[1]
    zy += section.z * weight[1]
    yx += section.x * weight[1]
    yy += section.mass * weight[2]
  }
}

/// The moments along x of the rows that an object lies in.
private struct MomentRows {
  /// A row of a column: its section, and where its lanes start.
  struct Place {
    let z: Int
    let row: Int
  }

  /// The rows at each y, from the reach before the object's cells to that behind them.
  private(set) var columns: [[Place]]
  private(set) var lanes: [RowLanes] = []

  /// The rows of a column that lie within a reach of a section.
  func range(of column: Int, around z: Int, reach: Int) -> Range<Int> {
    let places = columns[column]
    let first = places.firstIndex { $0.z >= z - reach } ?? places.count
    let end = places[first...].firstIndex { $0.z > z + reach } ?? places.count
    return first..<end
  }

  init(of object: ObjectRuns, kernel: MomentKernel, reach: VoxelExtent, blocks: Int) {
    let cells = object.cells
    columns = Array(repeating: [], count: cells.extent.y + 2 * reach.y)
    for run in object.runs {
      let column = run.y - cells.origin.y + reach.y
      let from = max(run.x.lowerBound - reach.x, cells.origin.x)
      let to = min(run.x.upperBound + reach.x, cells.end.x)
      guard columns.indices.contains(column), from < to, run.z >= cells.origin.z - reach.z,
        run.z < cells.end.z + reach.z
      else { continue }
      if columns[column].last?.z != run.z {
        columns[column].append(Place(z: run.z, row: lanes.count))
        lanes.append(contentsOf: repeatElement(RowLanes(), count: blocks))
      }
      guard let row = columns[column].last?.row else { continue }
      for x in from..<to {
        let weight = kernel.weight(of: run.x, from: x)
        let (block, lane) = (row + (x - cells.origin.x) / 8, (x - cells.origin.x) % 8)
        lanes[block].power0[lane] += weight[0]
        // The run lies at its distance from the voxel, so a run ahead has a positive moment.
        lanes[block].power1[lane] += weight[1]
        lanes[block].power2[lane] += weight[2]
      }
    }
  }
}
