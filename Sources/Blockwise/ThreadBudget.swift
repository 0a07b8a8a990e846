/// How many threads a run may use, and how they are split between blocks and the work inside one.
///
/// Blocks side by side scale best, but each needs its working set in memory; cores that memory
/// leaves over work inside the blocks. `workers · threadsPerWorker` is never above `total`, so
/// that libraries with thread pools of their own (oneDNN) get `threadsPerWorker` and no more.
public struct ThreadBudget: Hashable, Sendable {
  /// The threads of the whole run.
  public let total: Int
  /// Blocks in work at once.
  public let workers: Int
  /// Threads inside each block.
  public let threadsPerWorker: Int

  /// Splits a number of threads.
  ///
  /// - Parameters:
  ///   - total: The threads of the whole run, at least one.
  ///   - blockCount: The blocks there are; more workers than that would idle.
  ///   - bytesPerWorker: What one block needs in memory; zero for no limit.
  ///   - memory: What all blocks together may take.
  public init(
    total: Int, blockCount: Int = .max, bytesPerWorker: Int = 0, memory: Int = .max
  ) {
    precondition(
      total > 0 && blockCount > 0 && bytesPerWorker >= 0, "a run needs a thread and a block")
    self.total = total
    let affordable = bytesPerWorker == 0 ? total : max(1, memory / bytesPerWorker)
    workers = min(total, blockCount, affordable)
    threadsPerWorker = max(1, total / workers)
  }
}
