public import VolumeStore
public import Voxels

/// One block of a region, and the part of the volume its computation may look at.
public struct Block: Hashable, Sendable {
  /// The block's place in the grid's raster order.
  public let index: Int
  /// What the block writes; the blocks' write boxes tile the region.
  public let writeBox: VoxelBox
  /// The write box grown by the stage's halo and clipped to the volume.
  public let readBox: VoxelBox

  /// Creates a block.
  public init(index: Int, writeBox: VoxelBox, readBox: VoxelBox) {
    self.index = index
    self.writeBox = writeBox
    self.readBox = readBox
  }
}

/// The report of a stage that has nothing to tell.
public struct NoReport: Codable, Hashable, Sendable {
  /// Creates the report.
  public init() {}
}

/// What running one block gave.
public struct BlockResult<Report: Codable & Sendable>: Sendable {
  /// What the block tells ``BlockStage/reduce(_:)``.
  public var report: Report
  /// What the block stored, one list for each of the stage's outputs, in their order.
  public var written: [[ChunkRecord]]

  /// Creates a result.
  public init(report: Report, written: [[ChunkRecord]]) {
    self.report = report
    self.written = written
  }
}

/// One computation, applied independently to every block of a volume.
///
/// A stage holds the volumes it reads and writes. For one block it must give the
/// same answer however often, and in whatever order, blocks are run.
///
///     |---------------------------|  region
///     |rrrr|wwwwww|rrrr|             block 0:  w writeBox, r+w readBox (halo = 4)
///            |rrrr|wwwwww|rrrr|      block 1
public protocol BlockStage: Sendable {
  /// What one block tells ``reduce(_:)``; kept in the ledger until every block is done.
  associatedtype Report: Codable & Sendable = NoReport
  /// The stage's name in the ledger, in progress lines and in messages.
  var name: String { get }
  /// How far beyond its write box a block looks.
  var halo: VoxelExtent { get }
  /// Everything the result depends on, one `name=value` a line: input identities, parameters,
  /// algorithm version.
  ///
  /// A ledger begun with another fingerprint is refused, naming the values that differ. What does
  /// not change the result, such as the number of workers, stays out.
  var fingerprint: String { get }
  /// What the blocks write to.
  var outputs: [any RecordedOutput] { get }
  /// Runs one block.
  func process(_ block: Block) throws -> BlockResult<Report>
  /// Joins the blocks' reports, in grid order, after every block is done.
  ///
  /// A run killed here does it again: it must give the same result, and what it stores must be
  /// durable, however often it runs.
  func reduce(_ reports: [Report]) throws
  /// Whether what an earlier ``reduce(_:)`` stored is still there; where not, it runs again.
  func reductionIsIntact() throws -> Bool
}

extension BlockStage {
  /// True: what the stage stores, it stores in its outputs.
  public func reductionIsIntact() -> Bool { true }
}

extension BlockStage where Report == NoReport {
  /// Does nothing: blocks of this stage are independent.
  public func reduce(_ reports: [NoReport]) {}
}
