import CommandLineInterface
import FoundationEssentials

/// The options of commands that compute for a while.
struct ResourceOptions {
  var memory = ByteCount.gibibytes(1)
  var requestedThreads: Int?

  /// The threads to use.
  var threads: Int { requestedThreads ?? ProcessInfo.processInfo.activeProcessorCount }

  static let arguments: [Argument<ResourceOptions>] = [
    .option(
      "--memory", \.memory,
      "Memory for the values at work; decides how many sections are taken at a time. Never changes "
        + "the result."),
    .option(
      "--threads", \.requestedThreads, accepting: .ifGiven(.atLeast(1)),
      "Threads to use, all cores when left out; never changes the result."),
  ]
}
