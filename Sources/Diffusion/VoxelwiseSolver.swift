import Synchronization
public import Voxels

/// Solves one problem in each voxel, from signals to unknowns.
protocol VoxelwiseSolver: Sendable {
  associatedtype Memory: Sendable
  /// The volumes that take part.
  var volumes: [Int] { get }
  /// The values that a voxel comes to.
  var unknowns: Int { get }
  func makeMemory() -> Memory
  /// Solves for the signals of one voxel, all of them finite.
  ///
  /// - Returns: Whether the iterations came to rest.
  func solve(_ signals: inout [Double], using memory: inout Memory, into solution: inout [Double])
    -> Bool
}

/// Fibre densities of a slab.
public struct DeconvolvedSlab: Sendable {
  /// (coefficient, z, y, x); those of several tissues one after the other.
  public var densities: Volume<Float>
  /// The voxels whose signals are not finite numbers; all zero.
  public var failed: Int
  /// The voxels whose iterations did not come to rest.
  public var unsettled: Int
}

extension VoxelwiseSolver {
  /// Solves in every voxel of a slab.
  func solve(
    _ signals: borrowing Volume<Float>, mask: Volume<UInt8>?, threads: Int
  ) -> DeconvolvedSlab {
    precondition(
      (volumes.max() ?? 0) < signals.channels && (mask == nil || mask?.box == signals.box),
      "a signal for each volume, and a mask of the same box")
    let batches = TensorFit.batches(of: signals.box, mask: mask, size: 32)
    let voxels = signals.extent.voxelCount
    let source = signals.span
    let found = Mutex([SolvedBatch?](repeating: nil, count: batches.count))
    let memories = Mutex([Memory]())
    concurrentForEach(0..<batches.count, threads: threads) { index in
      var memory = memories.withLock { $0.popLast() } ?? makeMemory()
      let result = solve(source, voxels, batches[index], &memory)
      memories.withLock { $0.append(memory) }
      found.withLock { $0[index] = result }
    }
    var densities = Volume<Float>(channels: unknowns, box: signals.box)
    var (failed, unsettled) = (0, 0)
    var target = densities.mutableSpan
    for (batch, result) in zip(batches, found.withLock { $0 }) {
      guard let result else { preconditionFailure("every batch was solved") }
      failed += result.failed
      unsettled += result.unsettled
      for (lane, voxel) in batch.enumerated() {
        for place in 0..<unknowns {
          target[place * voxels + voxel] = result.values[lane * unknowns + place]
        }
      }
    }
    return DeconvolvedSlab(densities: densities, failed: failed, unsettled: unsettled)
  }

  private func solve(
    _ source: Span<Float>, _ voxels: Int, _ batch: [Int], _ memory: inout Memory
  ) -> SolvedBatch {
    var result = SolvedBatch(values: [Float](repeating: 0, count: batch.count * unknowns))
    var signals = [Double](repeating: 0, count: volumes.count)
    var solution = [Double](repeating: 0, count: unknowns)
    for (lane, voxel) in batch.enumerated() {
      var (isFinite, isEmpty) = (true, true)
      for (place, volume) in volumes.enumerated() {
        let value = source[volume * voxels + voxel]
        signals[place] = Double(value)
        if !value.isFinite { isFinite = false }
        if value != 0 { isEmpty = false }
      }
      if isEmpty { continue }
      guard isFinite else {
        result.failed += 1
        continue
      }
      if !solve(&signals, using: &memory, into: &solution) { result.unsettled += 1 }
      for place in 0..<unknowns { result.values[lane * unknowns + place] = Float(solution[place]) }
    }
    return result
  }
}

/// What a batch of voxels comes to: (voxel, unknown).
private struct SolvedBatch: Sendable {
  var values: [Float]
  var failed = 0
  var unsettled = 0
}
