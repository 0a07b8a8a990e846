/// The verdicts on one task, and what follows from them.
public struct VoteTally: Hashable, Sendable {
  /// How many reviewers may be unsure before an arbiter looks at the task.
  public static let unsureLimit = 2

  /// The decisive verdicts of reviewers.
  public private(set) var decisive: [Verdict] = []
  /// How many reviewers were unsure.
  public private(set) var unsureCount = 0
  /// The first decisive verdict of an arbiter.
  public private(set) var arbitration: Verdict?

  /// A tally without verdicts.
  public init() {}

  /// Counts a verdict.
  public mutating func add(_ verdict: Verdict, byArbiter isArbiter: Bool) {
    switch (verdict.isDecisive, isArbiter) {
    case (true, true): arbitration = arbitration ?? verdict
    case (true, false): decisive.append(verdict)
    case (false, false): if verdict == .unsure { unsureCount += 1 }
    case (false, true): break
    }
  }

  /// What the reviewers have made of the task.
  public enum Result: Hashable, Sendable {
    /// More verdicts are wanted.
    case open
    /// The reviewers, or an arbiter, agreed.
    case agreed(Verdict)
    /// An arbiter is wanted.
    case conflict
  }

  /// What follows from the verdicts.
  ///
  /// An arbiter's word settles the task; without one, as many decisive verdicts as are needed do,
  /// where they are the same. Different ones, and too many reviewers who are unsure, are a conflict.
  ///
  /// - Parameter need: how many reviewers must agree.
  /// - Returns: what has come of it.
  public func result(need: Int) -> Result {
    if let arbitration { return .agreed(arbitration) }
    if let first = decisive.first, decisive.count >= need {
      return decisive.allSatisfy { $0 == first } ? .agreed(first) : .conflict
    }
    return unsureCount >= Self.unsureLimit ? .conflict : .open
  }
}
