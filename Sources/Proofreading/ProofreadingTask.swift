public import Voxels

/// One question to a reviewer, such as whether two segments are one neuron.
public struct ProofreadingTask: Hashable, Sendable {
  /// What gave rise to a task.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// A contact that costs little more than the threshold of the agglomeration.
    case mergeCandidate = "merge candidate"
    /// A contact that a rule kept apart although it was cheap enough.
    case vetoed
    /// A contact on which a second segmentation, such as flood filling, says otherwise.
    case floodDisagreement = "flood disagreement"
    /// A segment that reaches no face of the volume and is too small to be a cell.
    case orphan
    /// A segment that is far larger than others, or a joint in one that barely held.
    case suspiciousShape = "suspicious shape"
    /// A connection of few or faint synapses.
    case weakSynapse = "weak synapse"
    /// A question with a known answer, which shows how well reviewers judge.
    case gold
    /// A question from a list of somebody else's.
    case imported

    /// Whether the question is about two segments rather than one.
    public var isAboutPair: Bool {
      switch self {
      case .mergeCandidate, .vetoed, .floodDisagreement: true
      case .orphan, .suspiciousShape, .weakSynapse, .gold, .imported: false
      }
    }
  }

  /// How far a task has come.
  public enum State: String, CaseIterable, Hashable, Sendable {
    /// Verdicts are wanted.
    case open
    /// Reviewers agree; the edit that follows is not done yet.
    case agreed
    /// Reviewers disagree; an arbiter decides.
    case conflict
    /// Reviewers agreed, and what follows is done.
    case done
    /// The question no longer arises; ``ProofreadingTask/reason`` says why.
    case void
  }

  /// The number of the task, which never changes.
  public var id: Int64
  /// What gave rise to it.
  public var kind: Kind
  /// The supervoxel that the question is about.
  public var segmentA: UInt64
  /// The supervoxel that it may belong with; 0 where the question is about one only.
  public var segmentB: UInt64
  /// Where to look, in voxels.
  public var point: VoxelPosition
  /// What to show, in voxels.
  public var box: VoxelBox
  /// What is known, as the text of a JSON object.
  public var evidence: String
  /// The order of work: the largest comes first.
  public var priority: Double
  /// How many reviewers must agree.
  public var need: Int
  /// How far it has come.
  public var state: State
  /// The last edit when the task was made; 0 before the first.
  public var baseOperation: Int64
  /// What settled it where reviewers did; nil before.
  public var outcome: Verdict?
  /// Why the question no longer arises; nil where it does.
  public var reason: String?
}
