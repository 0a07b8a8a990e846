import Voxels

/// A block that could not be computed or stored, and why.
///
/// Blocks finished before it are in the ledger: once the cause is mended, the same run goes on.
public struct BlockFailure: Error, Sendable, CustomStringConvertible {
  /// The name of the stage.
  public var stage: String
  /// The block; where several failed, the first of them in grid order.
  public var block: Block
  /// What went wrong in it.
  public var cause: any Error

  /// Creates a failure.
  public init(stage: String, block: Block, cause: any Error) {
    self.stage = stage
    self.block = block
    self.cause = cause
  }

  /// The failure as one line.
  public var description: String {
    let box = block.writeBox
    return "\(stage): block \(block.index) (z,y,x \(box.origin.text), \(box.extent.text) voxels)"
      + " failed: \(cause)"
  }
}

/// A run that was asked to stop before every block was done.
public struct Cancelled: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the stage.
  public var stage: String
  /// The blocks in the ledger.
  public var blocksDone: Int
  /// All blocks of the grid.
  public var blocksTotal: Int

  /// Creates the error.
  public init(stage: String, blocksDone: Int, blocksTotal: Int) {
    self.stage = stage
    self.blocksDone = blocksDone
    self.blocksTotal = blocksTotal
  }

  /// The error as one line.
  public var description: String {
    "\(stage): stopped after \(blocksDone) of \(blocksTotal) blocks; run again to resume"
  }
}

/// What stands in the way of using a ledger.
public struct LedgerError: Error, Sendable, CustomStringConvertible {
  /// The kind of fault.
  public enum Code: String, Hashable, Sendable {
    /// The ledger is of a run with other parameters, another grid or another input.
    case stale
    /// Another process is at work on the same output.
    case inUse
    /// The ledger's first line does not say what run it belongs to.
    case damaged
  }

  /// The kind of fault.
  public var code: Code
  /// The ledger's file.
  public var path: String
  /// What is wrong, lower case, no full stop.
  public var message: String
  /// What the user can do.
  public var remedy: String

  /// Creates an error.
  public init(_ code: Code, path: String, _ message: String, remedy: String) {
    self.code = code
    self.path = path
    self.message = message
    self.remedy = remedy
  }

  /// The error as one line.
  public var description: String { "\(path): \(message); \(remedy)" }
}

extension VoxelExtent {
  /// The lengths as users write them, `z,y,x`.
  var text: String { "\(z),\(y),\(x)" }
}

extension VoxelPosition {
  /// The coordinates as users write them, `z,y,x`.
  var text: String { "\(z),\(y),\(x)" }
}
