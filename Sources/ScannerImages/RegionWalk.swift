/// Goes through a region of an image in the order in which its values are stored.
///
/// The region is cut into runs of values that follow one another in the file; a run is made of rows
/// along the fastest stored axis.
struct RegionWalk {
  /// Counts up along several axes, the first fastest, and keeps where that is in the target.
  struct Odometer {
    private let counts: [Int]
    private let steps: [Int]
    private var index: [Int]
    /// The place that the current index stands for.
    private(set) var target: Int

    init(counts: [Int], steps: [Int], start: Int) {
      self.counts = counts
      self.steps = steps
      index = counts.map { _ in 0 }
      target = start
    }

    /// Goes to the next index; false after the last.
    mutating func advance() -> Bool {
      for axis in counts.indices {
        index[axis] += 1
        target += steps[axis]
        if index[axis] < counts[axis] { return true }
        target -= steps[axis] * counts[axis]
        index[axis] = 0
      }
      return false
    }
  }

  /// The number of values of a run.
  let run: Int
  /// The number of values of a row.
  let rowCount: Int
  /// How far apart neighbours of a row are in the target.
  let rowStep: Int

  private let rowCounts: [Int]
  private let rowSteps: [Int]
  private var stored: Odometer
  private var target: Odometer

  /// Plans a walk.
  ///
  /// - Parameters:
  ///   - ranges: A range of indices for each axis.
  ///   - layout: How values are stored.
  ///   - mostValues: The most values of a run, unless a row has more.
  init(_ ranges: [Range<Int>], of layout: ImageLayout, mostValues: Int) {
    precondition(
      ranges.count == layout.lengths.count && ranges.allSatisfy { !$0.isEmpty },
      "a range of indices for each axis")
    let storedSteps = layout.storedSteps
    var targetSteps = [Int](repeating: 1, count: ranges.count)
    var step = 1
    for axis in ranges.indices {
      targetSteps[axis] = step
      step *= ranges[axis].count
    }
    // Where the first stored value of the region is, in the file and in the target.
    var (firstStored, firstTarget) = (0, 0)
    for axis in ranges.indices {
      let range = ranges[axis]
      if layout.isReversed[axis] {
        firstStored += (layout.lengths[axis] - range.upperBound) * storedSteps[axis]
        firstTarget += (range.count - 1) * targetSteps[axis]
        targetSteps[axis] = -targetSteps[axis]
      } else {
        firstStored += range.lowerBound * storedSteps[axis]
      }
    }
    let order = layout.order
    var joined = 1
    var run = ranges[order[0]].count
    while joined < order.count,
      ranges[order[joined - 1]].count == layout.lengths[order[joined - 1]],
      run * ranges[order[joined]].count <= mostValues
    {
      run *= ranges[order[joined]].count
      joined += 1
    }
    self.run = run
    rowCount = ranges[order[0]].count
    rowStep = targetSteps[order[0]]
    let (inner, outer) = (order[1..<joined], order[joined...])
    rowCounts = inner.map { ranges[$0].count }
    rowSteps = inner.map { targetSteps[$0] }
    stored = Odometer(
      counts: outer.map { ranges[$0].count }, steps: outer.map { storedSteps[$0] },
      start: firstStored)
    target = Odometer(
      counts: outer.map { ranges[$0].count }, steps: outer.map { targetSteps[$0] },
      start: firstTarget)
  }

  /// The number of the run's first value among those stored.
  var firstStored: Int { stored.target }

  /// The rows of the run.
  var rows: Odometer { Odometer(counts: rowCounts, steps: rowSteps, start: target.target) }

  /// Goes to the next run; false after the last.
  mutating func advance() -> Bool {
    let goesOn = stored.advance()
    _ = target.advance()
    return goesOn
  }
}
