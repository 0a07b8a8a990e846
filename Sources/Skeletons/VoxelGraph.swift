import Voxels

/// The voxels of one connected part and which of their 26 neighbours belong to it.
///
/// Voxels are counted by their place in raster order.
struct VoxelGraph {
  /// A part's number in the volume of numbers.
  let number: UInt32
  /// The box of its voxels.
  let box: VoxelBox
  /// The size of the volume.
  let extent: VoxelExtent
  /// The index in the volume of each voxel.
  private(set) var indices: [UInt32] = []
  /// A bit for each neighbour that is of the part, in raster order of the steps to them.
  private(set) var neighbours: [UInt32] = []
  /// The steps to the 26 neighbours and, in the middle, to the voxel itself.
  let steps: [Int]
  /// The lengths of the steps.
  let lengths: [Float]

  /// Takes a part.
  init(_ place: Int, of components: borrowing LabelComponents, spacing: VoxelSize) {
    let component = components.list[place]
    number = UInt32(place + 1)
    box = component.box
    let extent = components.numbers.extent
    self.extent = extent
    var steps: [Int] = []
    var lengths: [Float] = []
    for z in -1...1 {
      for y in -1...1 {
        for x in -1...1 {
          steps.append((z * extent.y + y) * extent.x + x)
          let (dz, dy, dx) = (
            Double(z) * spacing.z, Double(y) * spacing.y, Double(x) * spacing.x
          )
          lengths.append(Float((dz * dz + dy * dy + dx * dx).squareRoot()))
        }
      }
    }
    (self.steps, self.lengths) = (steps, lengths)
    indices.reserveCapacity(component.voxelCount)
    neighbours.reserveCapacity(component.voxelCount)
    for run in components.runs[component.runs] {
      appendVoxels(of: run, components.numbers.span)
    }
  }

  private mutating func appendVoxels(of run: LabelComponents.Run, _ numbers: Span<UInt32>) {
    let (z, y) = Int(run.row).quotientAndRemainder(dividingBy: extent.y)
    let base = Int(run.row) * extent.x
    for x in Int(run.start)..<Int(run.end) {
      var bits: UInt32 = 0
      for dz in -1...1 where z + dz >= 0 && z + dz < extent.z {
        for dy in -1...1 where y + dy >= 0 && y + dy < extent.y {
          let row = (dz &+ 1) &* 9 &+ (dy &+ 1) &* 3
          let index = base &+ x &+ steps[row &+ 1]
          if x > 0, numbers[index &- 1] == number { bits |= 1 << UInt32(row) }
          if numbers[index] == number { bits |= 1 << UInt32(row &+ 1) }
          if x < extent.x &- 1, numbers[index &+ 1] == number { bits |= 1 << UInt32(row &+ 2) }
        }
      }
      indices.append(UInt32(base &+ x))
      neighbours.append(bits & ~(1 << 13))
    }
  }

  /// The number of voxels.
  var count: Int { indices.count }

  /// Where a voxel lies in the volume.
  func position(of voxel: Int) -> VoxelPosition {
    let (row, x) = Int(indices[voxel]).quotientAndRemainder(dividingBy: extent.x)
    let (z, y) = row.quotientAndRemainder(dividingBy: extent.y)
    return VoxelPosition(z: z, y: y, x: x)
  }

  /// The lengths of the shortest ways within the part from one voxel to all others.
  ///
  /// Ways are found bucket by bucket: no step is shorter than a bucket is wide, so the voxels of a
  /// bucket are final, whatever their order.
  ///
  /// - Complexity: O(*n*) for *n* voxels.
  ///
  /// Source: Dial 1969, Commun. ACM 12, 632–633.
  func distances(from source: Int, ranks: Span<UInt32>) -> [Float] {
    let edges = lengths.filter { $0 > 0 }
    let width = (edges.min() ?? 1) * 0.999
    // A power of two, so that buckets are gone round without a division.
    let needed = Int((edges.max() ?? 1) / width) + 2
    let bucketCount = 1 << (Int.bitWidth - (needed - 1).leadingZeroBitCount)
    let mask = bucketCount - 1
    let inverse = 1 / Double(width)
    var buckets = [[UInt32]](repeating: [], count: bucketCount)
    var distances = [Float](repeating: .infinity, count: count)
    var isFinal = [Bool](repeating: false, count: count)
    distances[source] = 0
    buckets[0].append(UInt32(source))
    var pending = 1
    var current = 0
    var voxels: [UInt32] = []
    while pending > 0 {
      voxels.removeAll(keepingCapacity: true)
      swap(&voxels, &buckets[current])
      pending &-= voxels.count
      for entry in voxels {
        let voxel = Int(entry)
        guard !isFinal[voxel] else { continue }
        isFinal[voxel] = true
        let (distance, index) = (distances[voxel], Int(indices[voxel]))
        var bits = neighbours[voxel]
        while bits != 0 {
          let direction = bits.trailingZeroBitCount
          bits &= bits &- 1
          let next = Int(ranks[index &+ steps[direction]])
          let way = distance + lengths[direction]
          guard way < distances[next] else { continue }
          distances[next] = way
          buckets[Int(Double(way) * inverse) & mask].append(
            UInt32(truncatingIfNeeded: next))
          pending &+= 1
        }
      }
      current = (current &+ 1) & mask
    }
    return distances
  }
}
