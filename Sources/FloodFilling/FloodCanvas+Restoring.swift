public import Voxels

// Objects that an earlier run flooded, put back without flooding.
extension FloodCanvas {
  /// The voxels of an object within a box, as pairs of a first index and a count, in raster order;
  /// indices count the voxels of the whole canvas.
  ///
  /// - Complexity: O(*n*) in the voxels of the box.
  public func runs(of id: Int32, in part: VoxelBox) -> [Int64] {
    let start = part.origin - box.origin
    var runs: [Int64] = []
    for z in start.z..<start.z + part.extent.z {
      for y in start.y..<start.y + part.extent.y {
        let row = objects.row(z: z, y: y)
        let first = (z * box.extent.y + y) * box.extent.x
        var x = start.x
        while x < start.x + part.extent.x {
          guard row[x] == id else {
            x += 1
            continue
          }
          let begin = x
          while x < start.x + part.extent.x, row[x] == id { x += 1 }
          runs += [Int64(first + begin), Int64(x - begin)]
        }
      }
    }
    return runs
  }

  /// Takes up what became of a seed, as ``fill(from:as:by:_:where:checking:)`` did.
  ///
  /// - Parameters:
  ///   - record: What became of it.
  ///   - runs: The object's voxels, as ``runs(of:in:)`` gave them.
  /// - Returns: False where the runs are none of this canvas; it may then hold a part of them.
  public mutating func restore(_ record: SeedRecord, runs: ArraySlice<Int64>) -> Bool {
    guard case .object(let id, let count, _) = record.outcome else {
      guard box.contains(record.flood.seed) else { return false }
      switch record.outcome {
      case .tooNear, .weak, .tooSmall:
        if objects[record.flood.seed] == 0 { objects[record.flood.seed] = -1 }
      default: break
      }
      return runs.isEmpty
    }
    var values = objects.mutableSpan
    var sum = 0
    var index = runs.startIndex
    while index + 1 < runs.endIndex {
      let (first, length) = (runs[index], runs[index + 1])
      guard first >= 0, length > 0, length <= values.count, first <= Int64(values.count) - length
      else { return false }
      for place in Int(first)..<Int(first + length) { values[place] = id }
      sum += Int(length)
      index += 2
    }
    return sum == count && index == runs.endIndex
  }
}
