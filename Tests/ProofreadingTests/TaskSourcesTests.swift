import Proofreading
import Testing
import Voxels

@Suite struct TaskSourcesTests {
  private let volume = VoxelBox(extent: VoxelExtent(cube: 100))
  private var sources: TaskSources {
    TaskSources(
      volume: volume, twoReviewersAbove: 500, orphanVoxels: 50, sizeDeviations: 3.5,
      jointVoxels: 20)
  }

  private func contact(_ voxels: (UInt64, UInt64)) -> SegmentContact {
    SegmentContact(
      supervoxels: (11, 12), segments: (1, 2), voxels: voxels, score: 0.25, links: 9,
      strongest: 0.5, point: VoxelPosition(z: 50, y: 0, x: 99))
  }

  private func segment(
    _ id: UInt64, voxels: UInt64, from origin: Int = 10, edge: Int = 10
  ) -> SegmentSummary {
    let start = VoxelPosition(z: origin, y: origin, x: origin)
    return SegmentSummary(
      id: id, supervoxel: 100 + id, voxels: voxels,
      box: VoxelBox(origin: start, extent: VoxelExtent(cube: edge)), point: start)
  }

  @Test func `a contact becomes a question, a large one for two reviewers`() {
    let draft = sources.candidate(contact((499, 1000)), .vetoed)
    #expect(draft.kind == .vetoed && draft.segmentA == 11 && draft.bodyB == 2)
    #expect(draft.weightA == 499 && draft.score == 0.25 && draft.need == 1)
    #expect(
      draft.box
        == VoxelBox(
          from: VoxelPosition(z: 0, y: 0, x: 35), to: VoxelPosition(z: 100, y: 64, x: 100)))
    #expect(draft.evidence.contains(#""links":9"#))
    #expect(sources.candidate(contact((500, 500)), .mergeCandidate).need == 2)
  }

  @Test func `a joint is in question where both sides matter`() {
    #expect(sources.joint(contact((19, 5000))) == nil)
    let draft = sources.joint(contact((20, 5000)))
    // The poorer the score, the likelier the joint is false.
    #expect(draft?.kind == .suspiciousShape && draft?.score == 0.75)
    #expect(draft?.bodyA == 0 && draft?.weightB == 5000)
  }

  @Test func `orphans are small, end inside, and are not asked about elsewhere`() {
    let segments = [
      segment(1, voxels: 49), segment(2, voxels: 50), segment(3, voxels: 10, from: 0),
      segment(4, voxels: 10, from: 90), segment(5, voxels: 10, from: 89), segment(6, voxels: 9),
    ]
    let drafts = sources.orphans(segments, besides: [6])
    #expect(drafts.map(\.bodyA) == [1, 5] && drafts.map(\.segmentA) == [101, 105])
    // The mean over voxels of the size of their segment.
    let squares = [49, 50, 10, 10, 10, 9].map { Double($0 * $0) }.reduce(0, +)
    #expect(drafts[0].weightB == squares / 138)
  }

  @Test func `outliers are far above the median, by the deviation of logarithms`() {
    let usual = (1...20).map { segment($0, voxels: 80 + 2 * $0) }
    #expect(sources.outliers(usual).isEmpty)
    let drafts = sources.outliers(usual + [segment(21, voxels: 400), segment(22, voxels: 130)])
    #expect(drafts.map(\.segmentA) == [121])
    #expect(drafts.first?.weightA == 200 && drafts.first?.weightB == 200)
    #expect(sources.outliers(Array(usual.prefix(15))).isEmpty)
  }
}
