/// What a reviewer says of a task.
public enum Verdict: String, CaseIterable, Hashable, Sendable {
  /// The two segments are one neuron; or the one, or the synapse, is sound as it is.
  case merge
  /// The two segments are two neurons; or the joint, or the synapse, is false.
  case keepApart = "keep apart"
  /// A segment holds more than one neuron and is to be split.
  case split
  /// The reviewer cannot tell.
  case unsure
  /// The reviewer leaves the task to others.
  case skip

  /// Whether the verdict counts toward an agreement; one that is unsure or skips does not.
  public var isDecisive: Bool {
    switch self {
    case .merge, .keepApart, .split: true
    case .unsure, .skip: false
    }
  }
}
