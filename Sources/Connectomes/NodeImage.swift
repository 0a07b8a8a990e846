public import Voxels

/// The regions of a parcellation: a label for every voxel, 0 where there is none.
///
/// Only the box around the labelled voxels is held.
public struct NodeImage: Sendable {
  /// Where the voxels lie.
  public let grid: VoxelGrid
  /// The number of voxels of each label, from 0 to the largest label.
  public let voxelCounts: [Int]
  /// How far the box held reaches beyond the labelled voxels, so that searches seldom leave it.
  private static let margin = 6
  /// The first voxel of the box held, and its size.
  let origin: SIMD3<Int>
  let size: SIMD3<Int>
  let labels: [UInt32]
  /// How many steps to any of the 26 neighbours lead from each voxel of the box to a labelled one.
  private let clearance: [UInt8]

  /// Takes the labels of an image.
  ///
  /// - Parameters:
  ///   - labels: One channel of labels.
  ///   - grid: The image's grid.
  /// - Precondition: The grid is that of the labels' box, which starts at the origin.
  public init(_ labels: borrowing Volume<UInt32>, grid: VoxelGrid) {
    let extent = labels.box.extent
    self.grid = grid
    var largest: UInt32 = 0
    var low = VoxelPosition(z: extent.z, y: extent.y, x: extent.x)
    var high = VoxelPosition(z: -1, y: -1, x: -1)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = labels.row(z: z, y: y)
        for x in 0..<extent.x where row[x] != 0 {
          largest = max(largest, row[x])
          low = VoxelPosition(z: min(low.z, z), y: min(low.y, y), x: min(low.x, x))
          high = VoxelPosition(z: max(high.z, z), y: max(high.y, y), x: max(high.x, x))
        }
      }
    }
    var counts = [Int](repeating: 0, count: Int(largest) + 1)
    guard largest > 0 else {
      counts[0] = extent.voxelCount
      (voxelCounts, origin, size, self.labels, clearance) = (counts, SIMD3(), SIMD3(), [], [])
      return
    }
    var (first, last) = (SIMD3<Int>(), SIMD3<Int>())
    let (lowest, highest) = ([low.x, low.y, low.z], [high.x, high.y, high.z])
    for axis in 0..<3 {
      let stored = grid.order[axis]
      let isFlipped = grid.isFlipped[axis]
      first[axis] = isFlipped ? grid.extent[axis] - 1 - highest[stored] : lowest[stored]
      last[axis] = isFlipped ? grid.extent[axis] - 1 - lowest[stored] : highest[stored]
    }
    origin = first &- Self.margin
    size = last &- first &+ (1 + 2 * Self.margin)
    var held = [UInt32](repeating: 0, count: size.x * size.y * size.z)
    for z in Self.margin..<size.z - Self.margin {
      for y in Self.margin..<size.y - Self.margin {
        for x in Self.margin..<size.x - Self.margin {
          let place = grid.stored(origin &+ SIMD3(x, y, z))
          let label = labels.row(z: place.z, y: place.y)[place.x]
          guard label != 0 else { continue }
          held[(z * size.y + y) * size.x + x] = label
          counts[Int(label)] += 1
        }
      }
    }
    counts[0] = extent.voxelCount - counts.reduce(0, +)
    voxelCounts = counts
    clearance = Self.clearance(of: held, size: size)
    self.labels = held
  }

  /// The largest label: the number of nodes.
  public var nodeCount: Int { voxelCounts.count - 1 }

  /// The labels from 1 to the largest that no voxel has.
  public var missingLabels: [Int] {
    (1..<max(1, voxelCounts.count)).filter { voxelCounts[$0] == 0 }
  }

  /// The volume of a voxel in mm³.
  public var voxelVolume: Double { grid.spacing.x * grid.spacing.y * grid.spacing.z }

  /// The label of a voxel; 0 outside the image.
  @inline(__always)
  func label(at voxel: SIMD3<Int>) -> UInt32 {
    let place = voxel &- origin
    guard place.x >= 0, place.y >= 0, place.z >= 0, place.x < size.x, place.y < size.y,
      place.z < size.z
    else { return 0 }
    return labels[(place.z &* size.y &+ place.y) &* size.x &+ place.x]
  }

  /// The index in ``labels`` of a voxel that is at least `reach` voxels inside the box.
  @inline(__always)
  func index(of voxel: SIMD3<Int>, inside reach: Int) -> Int? {
    let place = voxel &- origin
    guard place.x >= reach, place.y >= reach, place.z >= reach, place.x < size.x &- reach,
      place.y < size.y &- reach, place.z < size.z &- reach
    else { return nil }
    return (place.z &* size.y &+ place.y) &* size.x &+ place.x
  }

  /// A number of steps that cannot be undercut on the way from a voxel to a labelled one.
  @inline(__always)
  func stepsToLabel(from voxel: SIMD3<Int>) -> Int {
    guard size.x > 0 else { return Int.max }
    let place = voxel &- origin
    var outside = 0
    var inside = SIMD3<Int>()
    for axis in 0..<3 {
      inside[axis] = min(max(place[axis], 0), size[axis] - 1)
      outside = max(outside, abs(place[axis] - inside[axis]))
    }
    let steps = Int(clearance[(inside.z * size.y + inside.y) * size.x + inside.x])
    // A step outside the box at most undoes one inside it.
    return max(outside, steps - outside)
  }

  /// Lets labels grow by a voxel at a time.
  ///
  /// The margin keeps what grows from the next row; what lies farther than it counts as one step more.
  private static func clearance(of labels: [UInt32], size: SIMD3<Int>) -> [UInt8] {
    var steps = labels.map { $0 == 0 ? UInt8(margin + 1) : 0 }
    var grown = labels.map { $0 == 0 ? UInt8(0) : 1 }
    var source = grown
    for step in 1...margin {
      for stride in [1, size.x, size.x * size.y] {
        swap(&source, &grown)
        grow(source.span, by: stride, into: &grown)
      }
      number(grown.span, UInt8(step), &steps)
    }
    return steps
  }

  /// Sets what is set itself or beside, a stride away.
  private static func grow(_ source: Span<UInt8>, by stride: Int, into target: inout [UInt8]) {
    var target = target.mutableSpan
    let count = source.count
    let (before, after) = (
      source.extracting(0..<count - 2 * stride), source.extracting(2 * stride..<count)
    )
    let middle = source.extracting(stride..<count - stride)
    for index in 0..<middle.count {
      target[index &+ stride] = before[index] | middle[index] | after[index]
    }
  }

  private static func number(_ grown: Span<UInt8>, _ step: UInt8, _ steps: inout [UInt8]) {
    var steps = steps.mutableSpan
    for index in 0..<grown.count where grown[index] != 0 && steps[index] > step {
      steps[index] = step
    }
  }
}
