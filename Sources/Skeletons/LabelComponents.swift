import Voxels

/// The connected parts of labels in a volume, each a row of voxels in raster order.
///
/// Voxels of a label that share a face, an edge or a corner are one part.
struct LabelComponents: Sendable {
  /// A connected part of a label.
  struct Component: Sendable {
    /// The label.
    var label: UInt64
    /// The number of voxels.
    var voxelCount: Int
    /// The box of its voxels, counted from the volume's first voxel.
    var box: VoxelBox
    /// Its runs' places in ``LabelComponents/order``.
    var runs: Range<Int>
  }

  /// Voxels of one label side by side along x.
  struct Run: Sendable {
    /// The row, `z · height + y`.
    var row: Int32
    /// The first voxel and the one past the last, along x.
    var start: Int32, end: Int32
  }

  /// The parts, by their first voxel.
  private(set) var list: [Component] = []
  /// The runs of all parts, part by part.
  private(set) var runs: [Run] = []
  /// 0 where no part is, otherwise its index in the list, plus 1.
  let numbers: Volume<UInt32>
  /// The place of each voxel in the row of its part's voxels.
  let ranks: Volume<UInt32>

  /// Finds the parts of labels.
  ///
  /// - Parameters:
  ///   - labels: (1, z, y, x); 0 is no label.
  ///   - least: Parts of fewer voxels are left out.
  ///   - isWanted: Whether a label's parts are to be found.
  /// - Complexity: O(*n*) for *n* voxels.
  init(
    of labels: borrowing Volume<UInt64>, least: Int, where isWanted: (UInt64) -> Bool
  ) {
    let extent = labels.extent
    let found = LabelRuns(of: labels, where: isWanted)
    let roots = found.roots()
    var sizes = [Int](repeating: 0, count: roots.count)
    for (index, run) in found.runs.enumerated() {
      sizes[Int(roots[index])] += Int(run.end - run.start)
    }
    // Parts are numbered by their first voxel, which is in the run that all others lead to.
    var places = [Int32](repeating: -1, count: roots.count)
    var runCounts: [Int] = []
    for index in roots.indices {
      let root = Int(roots[index])
      guard sizes[root] >= least else { continue }
      let run = found.runs[index]
      let (z, y) = Int(run.row).quotientAndRemainder(dividingBy: extent.y)
      let box = VoxelBox(
        from: VoxelPosition(z: z, y: y, x: Int(run.start)),
        to: VoxelPosition(z: z + 1, y: y + 1, x: Int(run.end)))
      if places[root] < 0 {
        places[root] = Int32(list.count)
        list.append(
          Component(label: found.labels[index], voxelCount: sizes[root], box: box, runs: 0..<0))
        runCounts.append(0)
      }
      let place = Int(places[root])
      let known = list[place].box
      list[place].box = known.union(box)
      runCounts[place] += 1
    }
    var first = 0
    for place in list.indices {
      list[place].runs = first..<first + runCounts[place]
      first += runCounts[place]
    }
    runs = [Run](repeating: Run(row: 0, start: 0, end: 0), count: first)
    var next = list.map(\.runs.lowerBound)
    for index in roots.indices {
      let place = Int(places[Int(roots[index])])
      guard place >= 0 else { continue }
      runs[next[place]] = found.runs[index]
      next[place] += 1
    }
    (numbers, ranks) = Self.filled(list, runs, VoxelBox(extent: extent))
  }

  /// Takes one part whose voxels are those of a mask that are not 0.
  init(mask: borrowing Volume<UInt8>, label: UInt64) {
    let extent = mask.extent
    var count = 0
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let row = mask.row(z: z, y: y)
        var x = 0
        while x < row.count {
          guard row[x] != 0 else {
            x += 1
            continue
          }
          let start = x
          while x < row.count, row[x] != 0 { x += 1 }
          runs.append(Run(row: Int32(z * extent.y + y), start: Int32(start), end: Int32(x)))
          count += x - start
        }
      }
    }
    let box = VoxelBox(extent: extent)
    list = [Component(label: label, voxelCount: count, box: box, runs: 0..<runs.count)]
    (numbers, ranks) = Self.filled(list, runs, box)
  }

  /// Numbers and ranks, from the runs.
  private static func filled(
    _ list: [Component], _ runs: [Run], _ box: VoxelBox
  ) -> (numbers: Volume<UInt32>, ranks: Volume<UInt32>) {
    let width = box.extent.x
    var numbers = Volume<UInt32>(box: box)
    var values = numbers.mutableSpan
    for (place, component) in list.enumerated() {
      for run in runs[component.runs] {
        let base = Int(run.row) * width
        for index in base + Int(run.start)..<base + Int(run.end) {
          values[index] = UInt32(place + 1)
        }
      }
    }
    var ranks = Volume<UInt32>(box: box)
    var rankValues = ranks.mutableSpan
    for component in list {
      var rank: UInt32 = 0
      for run in runs[component.runs] {
        let base = Int(run.row) * width
        for index in base + Int(run.start)..<base + Int(run.end) {
          rankValues[index] = rank
          rank &+= 1
        }
      }
    }
    return (numbers, ranks)
  }
}

/// The runs of labels along the rows of a volume, and which of them touch.
private struct LabelRuns {
  var runs: [LabelComponents.Run] = []
  var labels: [UInt64] = []
  /// Where the runs of each row begin, and where the last row's end.
  var rowStarts: [Int] = []
  let height: Int

  init(of volume: borrowing Volume<UInt64>, where isWanted: (UInt64) -> Bool) {
    let extent = volume.extent
    height = extent.y
    rowStarts.reserveCapacity(extent.z * extent.y + 1)
    // Neighbouring runs are often of the same few labels.
    var (lastLabel, lastIsWanted) = (UInt64(0), false)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        rowStarts.append(runs.count)
        let row = volume.row(z: z, y: y)
        var x = 0
        while x < row.count {
          let label = row[x]
          let start = x
          while x < row.count, row[x] == label { x += 1 }
          guard label != 0 else { continue }
          if label != lastLabel { (lastLabel, lastIsWanted) = (label, isWanted(label)) }
          guard lastIsWanted else { continue }
          runs.append(
            LabelComponents.Run(
              row: Int32(z * extent.y + y), start: Int32(start), end: Int32(x)))
          labels.append(label)
        }
      }
    }
    rowStarts.append(runs.count)
  }

  /// For each run, the first run of its part.
  func roots() -> [Int32] {
    var parents = (0..<runs.count).map { Int32($0) }
    for row in 0..<rowStarts.count - 1 {
      let (z, y) = row.quotientAndRemainder(dividingBy: height)
      if y > 0 { join(row, row - 1, &parents) }
      guard z > 0 else { continue }
      let above = row - height
      if y > 0 { join(row, above - 1, &parents) }
      join(row, above, &parents)
      if y < height - 1 { join(row, above + 1, &parents) }
    }
    for index in parents.indices {
      let parent = Int(parents[index])
      parents[index] = parents[parent]
    }
    return parents
  }

  /// Joins the runs of a row with those of an earlier one that they touch.
  private func join(_ row: Int, _ earlier: Int, _ parents: inout [Int32]) {
    var own = rowStarts[row]
    var other = rowStarts[earlier]
    let (ownEnd, otherEnd) = (rowStarts[row + 1], rowStarts[earlier + 1])
    while own < ownEnd, other < otherEnd {
      let (first, second) = (runs[own], runs[other])
      if first.start <= second.end, second.start <= first.end, labels[own] == labels[other] {
        let (a, b) = (Self.root(of: own, &parents), Self.root(of: other, &parents))
        if a < b { parents[b] = Int32(a) } else { parents[a] = Int32(b) }
      }
      if first.end < second.end { own += 1 } else { other += 1 }
    }
  }

  private static func root(of index: Int, _ parents: inout [Int32]) -> Int {
    var index = index
    while Int(parents[index]) != index {
      let parent = Int(parents[index])
      parents[index] = parents[parent]
      index = Int(parents[index])
    }
    return index
  }
}
