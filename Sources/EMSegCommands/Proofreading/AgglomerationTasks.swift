import Blockwise
import CommandLineInterface
import Proofreading
import Segmentation
import VolumeStore
import Voxels

/// Makes tasks of what an agglomeration left in a project.
struct AgglomerationTasks {
  let project: ProjectFolder
  let runner: StageRunner
  /// How far from the threshold, above and below it, the costs of contacts in question lie.
  let band: Double

  private let merges: GraphFolder.Merges
  private let threshold: Double
  /// The segment of every supervoxel at the threshold; 0 for background.
  private let segments: [UInt64]

  /// - Throws: ``VolumeError`` where the project is not so far.
  init(_ project: ProjectFolder, band: Double, _ runner: StageRunner) throws {
    self.project = project
    self.runner = runner
    self.band = band
    let stored = try GraphFolder(path: project.graph).storedMerges()
    let threshold = try SegmentTable.threshold(in: "\(project.graph)/segments")
    guard let stored, let threshold else {
      throw VolumeError(
        .notFound, path: project.path, "the project has no segments yet",
        remedy: "run emseg segment again to resume it, then this")
    }
    merges = stored
    self.threshold = threshold
    segments = try BlockFiles(path: "\(project.graph)/segments/columns").read(0).column(
      0, as: UInt64.self)
    guard segments.count == stored.fragmentSizes.count else {
      throw VolumeError(
        .corruptChunk, path: project.graph, "segments and merges are of different supervoxels",
        found: "\(segments.count - 1) supervoxels",
        expected: "\(stored.fragmentSizes.count - 1)",
        remedy: "run emseg segment again")
    }
  }

  /// The volume.
  var volume: VoxelBox { merges.description.volume }

  /// Contacts that were kept apart: those that cost too much, and those that a rule vetoed.
  func candidates(_ sources: TaskSources) throws -> [TaskDraft] {
    let fragments = try InputVolume.stored(project.fragments)
    let merging = VolumeMerging(
      fragments: fragments, fragmentCount: merges.tree.fragmentCount, affinities: nil,
      classes: nil, folder: GraphFolder(path: project.graph))
    let file = CandidateFile(path: "", band: band, isReplacing: true)
    let found = try file.find(
      in: merges, segments: segments, threshold: threshold, merging: merging, runner: runner)
    let voxels = segmentVoxels
    return found.rows.map { row in
      let contact = SegmentContact(
        supervoxels: (row.peak.fragments.first, row.peak.fragments.second),
        segments: row.segments,
        voxels: (voxels[Int(row.segments.0)], voxels[Int(row.segments.1)]),
        score: min(1, max(0, row.affinity.mean)), links: row.affinity.count,
        strongest: row.peak.affinity, point: row.peak.point.position(in: volume))
      return sources.candidate(contact, row.rule == nil ? .mergeCandidate : .vetoed)
    }
  }

  /// Contacts that were merged although they cost nearly too much.
  func joints(_ sources: TaskSources) throws -> [TaskDraft] {
    var drafts: [TaskDraft] = []
    try GraphFolder(path: project.graph).forEachBox(of: merges) { box in
      for decision in box.decisions
      where decision.rule.isMerge && decision.cost <= threshold
        && decision.cost > threshold - band
      {
        let pair = decision.peak.fragments
        let segment = segments[Int(pair.first)]
        guard segment != 0 else { continue }
        let contact = SegmentContact(
          supervoxels: (pair.first, pair.second), segments: (segment, segment),
          voxels: (decision.firstVoxels, decision.secondVoxels),
          score: min(1, max(0, 1 - decision.cost)), links: decision.affinity.count,
          strongest: decision.peak.affinity, point: decision.peak.point.position(in: volume))
        if let draft = sources.joint(contact) { drafts.append(draft) }
      }
    }
    return drafts
  }

  /// The segments, with their boxes and a place in each.
  func summaries() throws -> [SegmentSummary] {
    let fragments = try InputVolume.stored(project.fragments).reader
    let walk = VolumeWalk(
      reader: fragments, runner: runner, label: "outline", bytesPerVoxel: 8,
      sharedBytes: 160 * merges.tree.fragmentCount)
    var places = SupervoxelPlaces()
    let parts = try walk.results { box -> SupervoxelPlaces in
      var part = SupervoxelPlaces()
      part.add(try fragments.readConverting(box, to: UInt64.self))
      return part
    }
    for part in parts { places.merge(part) }
    return places.segments(segments)
  }

  private var segmentVoxels: [UInt64] {
    var voxels = [UInt64](repeating: 0, count: Int(segments.max() ?? 0) + 1)
    for (segment, size) in zip(segments, merges.fragmentSizes) { voxels[Int(segment)] += size }
    return voxels
  }
}
