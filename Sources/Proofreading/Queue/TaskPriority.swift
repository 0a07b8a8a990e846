import Glibc

/// The order of work: what a verdict is worth, times how likely it changes anything, over the time
/// that it takes.
///
/// Source: the order follows Plaza, Scheffer & Saunders 2012, "Minimizing manual image segmentation
/// turn-around time for neuronal reconstruction", doi:10.1371/journal.pone.0044448: impact times
/// uncertainty. The impact in bits is ours.
public enum TaskPriority {
  /// By how much the variation of information falls when two parts of one neuron are joined, times
  /// the volume's weight, in bits.
  ///
  /// - Parameters:
  ///   - first: the weight of one part, at least 0.
  ///   - second: the weight of the other.
  /// - Returns: the gain, which is also what a split of a false joint gains.
  public static func impact(_ first: Double, _ second: Double) -> Double {
    guard first > 0, second > 0 else { return 0 }
    let sum = first + second
    return first * log2(sum / first) + second * log2(sum / second)
  }

  /// What settling a task is worth in bits, from the weights of its segments.
  public static func impact(
    _ kind: ProofreadingTask.Kind, _ first: Double, _ second: Double
  ) -> Double {
    // A synapse has no volume; its weight counts as it is.
    kind == .weakSynapse ? first : impact(first, second)
  }

  /// How long a verdict takes, in units of one look at a contact.
  public static func effort(_ kind: ProofreadingTask.Kind) -> Double {
    switch kind {
    case .mergeCandidate, .vetoed, .floodDisagreement, .weakSynapse, .gold, .imported: 1
    // One has to look around for where the segment goes on.
    case .orphan: 3
    // One has to look through the whole of it.
    case .suspiciousShape: 6
    }
  }

  /// The priority of a task.
  ///
  /// - Parameters:
  ///   - kind: the kind of the task.
  ///   - weights: what its segments weigh.
  ///   - probability: how likely an edit is needed, in 0...1. The segmentation stands as it is
  ///     until somebody edits it, so that this is the uncertainty about it.
  /// - Returns: the bits that a unit of work is expected to gain.
  public static func value(
    _ kind: ProofreadingTask.Kind, weights: (Double, Double), probability: Double
  ) -> Double {
    impact(kind, weights.0, weights.1) * probability / effort(kind)
  }
}
