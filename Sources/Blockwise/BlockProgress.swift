/// How far a stage has come.
public struct BlockProgress: Hashable, Sendable {
  /// What the stage is doing.
  public enum Phase: String, Hashable, Sendable {
    /// Checking what an earlier run stored.
    case verifying
    /// Running blocks.
    case processing
    /// Joining the blocks' reports and closing the outputs.
    case reducing
    /// Everything is done.
    case finished
  }

  /// The stage's name.
  public var stage: String
  /// What the stage is doing.
  public var phase: Phase
  /// The blocks in the ledger, earlier runs' included.
  public var blocksDone: Int
  /// The blocks an earlier run did; a rate counts from here.
  public var blocksResumed: Int
  /// All blocks.
  public var blocksTotal: Int
  /// The voxels of the blocks done.
  public var voxelsDone: Int
  /// The voxels of the blocks an earlier run did.
  public var voxelsResumed: Int
  /// The voxels of all blocks.
  public var voxelsTotal: Int

  /// Creates the state of a stage that has done nothing yet.
  public init(stage: String, phase: Phase, blocksTotal: Int, voxelsTotal: Int) {
    self.stage = stage
    self.phase = phase
    self.blocksTotal = blocksTotal
    self.voxelsTotal = voxelsTotal
    blocksDone = 0
    blocksResumed = 0
    voxelsDone = 0
    voxelsResumed = 0
  }
}

/// What a run found done and what it did.
public struct BlockwiseSummary: Hashable, Sendable {
  /// The blocks this run computed.
  public var blocksRun: Int
  /// The blocks an earlier run had done and whose output was found intact.
  public var blocksResumed: Int
  /// The blocks an earlier run had done but whose output was missing or damaged; computed again.
  public var blocksRepeated: Int

  /// Creates a summary.
  public init(blocksRun: Int, blocksResumed: Int, blocksRepeated: Int) {
    self.blocksRun = blocksRun
    self.blocksResumed = blocksResumed
    self.blocksRepeated = blocksRepeated
  }
}
