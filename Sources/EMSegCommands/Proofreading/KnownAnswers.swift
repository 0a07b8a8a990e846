import CommandLineInterface
import Evaluation
import Proofreading
import Skeletons
import VolumeStore
import Voxels

/// What the true labels say of a project's supervoxels, segments and tasks.
struct KnownAnswers {
  /// The overlaps of the project's segments with the truth.
  let score: MergingScore
  private let segments: ProjectSegments
  private let supervoxels: MergingScore
  private let fragments: any VolumeReader
  private let runner: StageRunner

  /// Counts the overlaps of supervoxels with true labels, in one pass.
  ///
  /// - Throws: ``VolumeError`` where the volumes do not go together, or none of their voxels count.
  init(_ project: ProjectFolder, truth: String, dataset: String?, runner: StageRunner) throws {
    segments = try ProjectSegments(project)
    fragments = try InputVolume.stored(project.fragments).reader
    self.runner = runner
    var options = ComparisonOptions()
    options.truthDataset = dataset
    let labels = try options.labels(truth, context: runner.context)
    let comparison = try options.comparison(of: fragments, with: labels, context: runner.context)
    let overlaps = try options.table(of: comparison, truth: truth, runner).overlaps
    supervoxels = MergingScore(
      overlaps.map {
        MergingScore.Overlap(segment: $0.segmentation, object: $0.truth, voxels: $0.voxelCount)
      })
    let segments = segments
    score = MergingScore(
      overlaps.map {
        MergingScore.Overlap(
          segment: segments.segment(of: $0.segmentation), object: $0.truth, voxels: $0.voxelCount)
      })
  }

  /// The tasks about two segments of which the truth is known.
  func questions(_ drafts: [TaskDraft]) -> [ReviewSimulation.Question] {
    drafts.compactMap { draft in
      guard draft.kind.isAboutPair,
        let first = supervoxels.mainObject(of: draft.segmentA),
        let second = supervoxels.mainObject(of: draft.segmentB)
      else { return nil }
      var draft = draft
      draft.bodyA = segments.segment(of: draft.segmentA)
      draft.bodyB = segments.segment(of: draft.segmentB)
      guard draft.bodyA != 0, draft.bodyB != 0, draft.bodyA != draft.bodyB else { return nil }
      return ReviewSimulation.Question(draft, isOne: first == second)
    }
  }

  /// What gives the expected run length of segments that have merged.
  ///
  /// - Throws: ``VolumeError`` where no cable lies within the volume.
  func runLength(
    of skeletons: [(name: String, skeleton: Skeleton)], _ path: String
  ) throws -> (MergingScore) -> Double? {
    let found = try SegmentLookup(fragments, runner).labels(
      at: skeletons.flatMap { $0.skeleton.nodes.map(\.position) })
    let bases = found.map { $0.map(segments.segment) }
    func score(_ merged: MergingScore) -> ExpectedRunLength? {
      var traced: [TracedSkeleton] = []
      var first = 0
      for (name, skeleton) in skeletons {
        let end = first + skeleton.nodes.count
        traced.append(
          TracedSkeleton(
            name: name, skeleton: skeleton,
            segments: bases[first..<end].map { $0.map(merged.root) }))
        first = end
      }
      return ExpectedRunLength(of: traced)
    }
    guard score(self.score) != nil else {
      throw VolumeError(
        .unsupportedFeature, path: path, "no cable of the skeletons lies within the volume",
        remedy: "correct --unit, or the offset of the volume")
    }
    return { score($0)?.value }
  }
}
