import CommandLineInterface
import FoundationEssentials

/// The options of every command that works block by block.
struct BlockwiseOptions {
  var memory = ByteCount.gibibytes(2)
  var threads = ProcessInfo.processInfo.activeProcessorCount
  var block: ExtentArgument?

  static let arguments: [Argument<BlockwiseOptions>] = [
    .option(
      "--memory", \.memory, "Memory to stay within; decides how large the blocks are."),
    .option(
      "--threads", \.threads, accepting: .atLeast(1),
      "Threads to use; never changes the result."),
    .option(
      "--block", \.block,
      "Block shape in voxels; chosen from --memory when left out. Never changes the result."),
  ]
}
