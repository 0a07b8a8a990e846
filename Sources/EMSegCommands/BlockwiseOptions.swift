import CommandLineInterface
import FoundationEssentials

/// The options of every command that works block by block.
struct BlockwiseOptions {
  var memory = ByteCount.gibibytes(2)
  var requestedThreads: Int?
  var block: ExtentArgument?

  /// The threads to use.
  var threads: Int { requestedThreads ?? ProcessInfo.processInfo.activeProcessorCount }

  static let arguments: [Argument<BlockwiseOptions>] = [
    .option(
      "--memory", \.memory, "Memory to stay within; decides how large the blocks are."),
    .option(
      "--threads", \.requestedThreads, accepting: .ifGiven(.atLeast(1)),
      "Threads to use, all cores when left out; never changes the result."),
    .option(
      "--block", \.block,
      "Block shape in voxels; chosen from --memory when left out. Never changes the result."),
  ]
}
