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
          from: VoxelPosition(z: 0, y: 0, x: 35), to: VoxelPosition(z: 100, y: 100, x: 100)))
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

@Suite struct SupervoxelPlacesTests {
  /// Two layers of 3 by 5 voxels.
  private let labels: [UInt64] = [
    1, 1, 0, 2, 2,
    1, 1, 1, 2, 0,
    0, 0, 0, 0, 3,

    1, 0, 0, 0, 3,
    0, 4, 4, 0, 3,
    0, 4, 4, 0, 3,
  ]

  private func volume(_ box: VoxelBox) -> Volume<UInt64> {
    let whole = Volume(
      channels: 1, box: VoxelBox(extent: VoxelExtent(z: 2, y: 3, x: 5)), values: labels)
    return whole.cropped(to: box)
  }

  @Test func `sizes, boxes and places are those of the voxels, however the volume is cut`() throws {
    var places = SupervoxelPlaces()
    places.add(volume(VoxelBox(extent: VoxelExtent(z: 2, y: 3, x: 5))))
    let one = try #require(places.entries[1])
    #expect(one.voxels == 6 && one.point == VoxelPosition(z: 0, y: 1, x: 1))
    #expect(one.box == VoxelBox(extent: VoxelExtent(z: 2, y: 2, x: 3)))
    #expect(places.entries[3]?.voxels == 4 && places.entries[0] == nil)
    #expect(places.entries[4]?.point == VoxelPosition(z: 1, y: 1, x: 2))

    var layers = SupervoxelPlaces()
    for z in [1, 0] {
      var part = SupervoxelPlaces()
      part.add(
        volume(
          VoxelBox(
            origin: VoxelPosition(z: z, y: 0, x: 0), extent: VoxelExtent(z: 1, y: 3, x: 5))))
      layers.merge(part)
    }
    #expect(layers == places)
  }

  @Test func `a segment has the place of its largest supervoxel`() {
    var places = SupervoxelPlaces()
    places.add(volume(VoxelBox(extent: VoxelExtent(z: 2, y: 3, x: 5))))
    let segments = places.segments([0, 8, 8, 9, 0])
    #expect(segments.map(\.id) == [8, 9] && segments.map(\.supervoxel) == [1, 3])
    #expect(segments.map(\.voxels) == [9, 4])
    #expect(segments[0].point == VoxelPosition(z: 0, y: 1, x: 1))
    #expect(segments[0].box == VoxelBox(extent: VoxelExtent(z: 2, y: 2, x: 5)))
  }
}
