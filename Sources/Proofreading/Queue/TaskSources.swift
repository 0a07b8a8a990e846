import Codecs
import Glibc
public import Voxels

/// Two segments that touch, as the agglomeration left them.
public struct SegmentContact: Hashable, Sendable {
  /// The supervoxels at the strongest link.
  public var supervoxelA: UInt64, supervoxelB: UInt64
  /// Their segments; the same twice where the contact was merged.
  public var segmentA: UInt64, segmentB: UInt64
  /// The voxels on either side: of the segments, or of the regions that were merged.
  public var voxelsA: UInt64, voxelsB: UInt64
  /// What the agglomeration scored the contact by, in 0...1: high for one neuron.
  public var score: Double
  /// The number of links, and the strongest affinity among them.
  public var links: UInt64, strongest: Double
  /// The voxel of the strongest link.
  public var point: VoxelPosition

  /// Creates a contact.
  public init(
    supervoxels: (UInt64, UInt64), segments: (UInt64, UInt64), voxels: (UInt64, UInt64),
    score: Double, links: UInt64, strongest: Double, point: VoxelPosition
  ) {
    (supervoxelA, supervoxelB) = supervoxels
    (segmentA, segmentB) = segments
    (voxelsA, voxelsB) = voxels
    self.score = score
    self.links = links
    self.strongest = strongest
    self.point = point
  }
}

/// A segment as a whole.
public struct SegmentSummary: Hashable, Sendable {
  /// The segment.
  public var id: UInt64
  /// Its largest supervoxel.
  public var supervoxel: UInt64
  /// Its size.
  public var voxels: UInt64
  /// The smallest box around it.
  public var box: VoxelBox
  /// A place of its largest supervoxel.
  public var point: VoxelPosition

  /// Creates a summary.
  public init(
    id: UInt64, supervoxel: UInt64, voxels: UInt64, box: VoxelBox, point: VoxelPosition
  ) {
    self.id = id
    self.supervoxel = supervoxel
    self.voxels = voxels
    self.box = box
    self.point = point
  }

  /// Whether the segment reaches a face of the volume, beyond which it may go on.
  public func touchesFace(of volume: VoxelBox) -> Bool {
    let (end, limit) = (box.origin + box.extent, volume.origin + volume.extent)
    return box.origin.z <= volume.origin.z || box.origin.y <= volume.origin.y
      || box.origin.x <= volume.origin.x || end.z >= limit.z || end.y >= limit.y
      || end.x >= limit.x
  }
}

/// Makes tasks of what an agglomeration left open.
public struct TaskSources: Sendable {
  /// Contacts of which the smaller side has this many voxels need two reviewers.
  public var twoReviewersAbove: UInt64
  /// Segments of fewer voxels that end inside the volume are orphans.
  public var orphanVoxels: UInt64
  /// Segments whose size lies this many robust deviations above the median are suspicious.
  public var sizeDeviations: Double
  /// Both sides of a joint must have this many voxels for the joint to be in question.
  public var jointVoxels: UInt64
  /// The volume.
  public var volume: VoxelBox

  /// Creates the rules.
  public init(
    volume: VoxelBox, twoReviewersAbove: UInt64, orphanVoxels: UInt64, sizeDeviations: Double,
    jointVoxels: UInt64
  ) {
    self.volume = volume
    self.twoReviewersAbove = twoReviewersAbove
    self.orphanVoxels = orphanVoxels
    self.sizeDeviations = sizeDeviations
    self.jointVoxels = jointVoxels
  }

  /// Asks whether two segments are one neuron.
  ///
  /// - Parameters:
  ///   - contact: a contact that was not merged.
  ///   - kind: `mergeCandidate` where it cost too much, `vetoed` where a rule kept it apart.
  /// - Returns: the task.
  public func candidate(
    _ contact: SegmentContact, _ kind: ProofreadingTask.Kind
  ) -> TaskDraft {
    var draft = question(kind, contact)
    (draft.bodyA, draft.bodyB) = (contact.segmentA, contact.segmentB)
    draft.score = contact.score
    return draft
  }

  /// Asks whether a joint within a segment is sound.
  ///
  /// - Parameter contact: a contact that was merged although it cost nearly too much; its voxels
  ///   are those of the two regions before.
  /// - Returns: the task; nil where a side is too small to matter.
  public func joint(_ contact: SegmentContact) -> TaskDraft? {
    guard min(contact.voxelsA, contact.voxelsB) >= jointVoxels else { return nil }
    var draft = question(.suspiciousShape, contact)
    draft.score = 1 - contact.score
    return draft
  }

  private func question(
    _ kind: ProofreadingTask.Kind, _ contact: SegmentContact
  ) -> TaskDraft {
    var draft = TaskDraft(
      kind, segmentA: contact.supervoxelA, segmentB: contact.supervoxelB,
      point: contact.point, box: TaskDraft.surroundings(of: contact.point).intersection(volume))
    (draft.weightA, draft.weightB) = (Double(contact.voxelsA), Double(contact.voxelsB))
    draft.need = min(contact.voxelsA, contact.voxelsB) >= twoReviewersAbove ? 2 : 1
    draft.evidence = Self.text([
      "score": .number(contact.score), "links": .unsigned(contact.links),
      "strongest": .number(contact.strongest), "segment_a": .unsigned(contact.segmentA),
      "segment_b": .unsigned(contact.segmentB), "voxels_a": .unsigned(contact.voxelsA),
      "voxels_b": .unsigned(contact.voxelsB),
    ])
    return draft
  }

  /// Asks what segments belong to that end inside the volume.
  ///
  /// - Parameters:
  ///   - segments: every segment.
  ///   - asked: segments that a contact is asked about already.
  /// - Returns: the tasks, by segment.
  public func orphans(_ segments: [SegmentSummary], besides asked: Set<UInt64>) -> [TaskDraft] {
    let total = segments.reduce(0.0) { $0 + Double($1.voxels) }
    let squares = segments.reduce(0.0) { $0 + Double($1.voxels) * Double($1.voxels) }
    // The size of the segment that a voxel lies in, on average: what an orphan will belong to.
    let host = total > 0 ? squares / total : 1
    return segments.filter {
      $0.voxels < orphanVoxels && !asked.contains($0.id) && !$0.touchesFace(of: volume)
    }.map { segment in
      var draft = about(segment, .orphan, because: "ends inside the volume")
      draft.bodyA = segment.id
      draft.weightB = host
      return draft
    }
  }

  /// Asks whether segments that are far larger than others are one neuron each.
  ///
  /// Sizes are compared by their logarithms: median and median absolute deviation.
  ///
  /// - Parameter segments: every segment.
  /// - Returns: the tasks, by segment; none where there are too few segments to tell.
  public func outliers(_ segments: [SegmentSummary]) -> [TaskDraft] {
    let logarithms = segments.map { log(Double(max(1, $0.voxels))) }
    guard logarithms.count >= 16, let middle = median(logarithms),
      let deviation = median(logarithms.map { abs($0 - middle) }), deviation > 0
    else { return [] }
    // The deviation of a normal distribution is 1.4826 times its median absolute one.
    let limit = middle + sizeDeviations * 1.4826 * deviation
    return zip(segments, logarithms).filter { $1 > limit }.map { segment, _ in
      var draft = about(segment, .suspiciousShape, because: "far larger than others")
      // Where a split would part it is not known: halves are the most.
      draft.weightA = Double(segment.voxels) / 2
      draft.weightB = draft.weightA
      draft.score = Self.outlierScore
      return draft
    }
  }

  /// Most of the largest segments are simply large neurons.
  private static let outlierScore = 0.1

  private func about(
    _ segment: SegmentSummary, _ kind: ProofreadingTask.Kind, because reason: String
  ) -> TaskDraft {
    var draft = TaskDraft(
      kind, segmentA: segment.supervoxel, point: segment.point,
      box: TaskDraft.surroundings(of: segment.point).intersection(volume))
    draft.weightA = Double(segment.voxels)
    draft.need = kind != .orphan && segment.voxels >= twoReviewersAbove ? 2 : 1
    draft.evidence = Self.text([
      "segment_a": .unsigned(segment.id), "voxels_a": .unsigned(segment.voxels),
      "why": .string(reason),
    ])
    return draft
  }

  private static func text(_ object: JSONObject) -> String {
    String(decoding: (try? JSONValue.object(object).encoded()) ?? Array("{}".utf8), as: UTF8.self)
  }
}

private func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
