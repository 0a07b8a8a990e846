import Synchronization
import Voxels

/// Streamlines, one after the other.
public struct TrackedStreamlines: Hashable, Sendable {
  /// x, y, z of every point, in scanner mm.
  public var positions: [Float] = []
  /// The points of each streamline.
  public var bounds: [Range<Int>] = []

  mutating func append(_ points: [SIMD3<Float>]) {
    let first = positions.count / 3
    for point in points {
      positions.append(point.x)
      positions.append(point.y)
      positions.append(point.z)
    }
    bounds.append(first..<first + points.count)
  }
}

/// What became of the seeds of a run.
public struct TrackingTally: Hashable, Sendable {
  /// By outcome.
  public internal(set) var counts: [Tracker.Outcome: Int] = [:]

  /// The number of seeds.
  public var seeds: Int { counts.values.reduce(0, +) }
  /// The number of streamlines that count.
  public var selected: Int { counts[.selected] ?? 0 }
}

/// Follows streamlines from many seeds on several threads.
///
/// Streamlines come in the order of their seeds, and are the same for any number of threads.
public struct TrackingRun: Sendable {
  private let tracker: Tracker
  private let seeds: any SeedSource
  private let seedCount: Int
  private let selected: Int
  private let randomSeed: UInt64

  /// The seeds that a thread takes at a time.
  private static let piece = 64
  /// The pieces for each thread between deliveries.
  private static let piecesPerThread = 8

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - tracker: Follows streamlines.
  ///   - seeds: Where they start.
  ///   - seedCount: The most seeds to use.
  ///   - selected: The streamlines after which the run ends.
  ///   - randomSeed: What the random numbers of directions start from.
  public init(
    _ tracker: Tracker, seeds: any SeedSource, seedCount: Int = .max, selected: Int = .max,
    randomSeed: UInt64 = 1
  ) {
    self.randomSeed = randomSeed
    self.tracker = tracker
    self.seeds = seeds
    self.seedCount = min(seedCount, seeds.count ?? .max)
    self.selected = selected
  }

  /// What a piece of the seeds came to.
  private struct Piece: Sendable {
    var outcomes: [Tracker.Outcome] = []
    var streamlines = TrackedStreamlines()
  }

  /// Follows the streamlines.
  ///
  /// - Parameters:
  ///   - threads: The most threads.
  ///   - deliver: Receives some streamlines and what became of all seeds so far.
  /// - Returns: What became of the seeds.
  /// - Throws: What delivering throws.
  public func callAsFunction<Failure>(
    threads: Int,
    _ deliver: (_ streamlines: TrackedStreamlines, _ tally: TrackingTally) throws(Failure) -> Void
  ) throws(Failure) -> TrackingTally {
    var tally = TrackingTally()
    var next = 0
    let memories = Mutex([TrackingMemory]())
    while next < seedCount, tally.selected < selected {
      let first = next
      let count = min(
        seedCount - first, TrackingRun.piece * TrackingRun.piecesPerThread * max(1, threads))
      let pieces = (count + TrackingRun.piece - 1) / TrackingRun.piece
      let found = Mutex([Piece](repeating: Piece(), count: pieces))
      concurrentForEach(0..<pieces, threads: threads) { index in
        var memory = memories.withLock { $0.popLast() } ?? TrackingMemory()
        let start = first + index * TrackingRun.piece
        let piece = follow(start..<min(start + TrackingRun.piece, first + count), &memory)
        memories.withLock { $0.append(memory) }
        found.withLock { $0[index] = piece }
      }
      for piece in found.withLock({ $0 }) where tally.selected < selected {
        let streamlines = take(piece, &tally)
        try deliver(streamlines, tally)
      }
      next += count
    }
    return tally
  }

  private func follow(_ numbers: Range<Int>, _ memory: inout TrackingMemory) -> Piece {
    var piece = Piece()
    var points: [SIMD3<Float>] = []
    for number in numbers {
      memory.begin(run: randomSeed, seed: number)
      let outcome = tracker.track(from: seeds.seed(number), using: &memory, into: &points)
      piece.outcomes.append(outcome)
      if outcome == .selected { piece.streamlines.append(points) }
    }
    return piece
  }

  /// Counts a piece's seeds up to the last streamline that is wanted.
  private func take(_ piece: Piece, _ tally: inout TrackingTally) -> TrackedStreamlines {
    var taken = 0
    for outcome in piece.outcomes {
      if tally.selected == selected { break }
      tally.counts[outcome, default: 0] += 1
      if outcome == .selected { taken += 1 }
    }
    guard taken < piece.streamlines.bounds.count else { return piece.streamlines }
    var streamlines = piece.streamlines
    streamlines.bounds.removeLast(streamlines.bounds.count - taken)
    streamlines.positions.removeLast(
      streamlines.positions.count - 3 * (streamlines.bounds.last?.upperBound ?? 0))
    return streamlines
  }
}
