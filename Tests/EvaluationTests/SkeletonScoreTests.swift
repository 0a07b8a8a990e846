import Evaluation
import Skeletons
import Testing
import Voxels

/// A straight cable of nodes 1 nm apart.
private func cable(_ name: String, _ segments: [UInt64?], step: Double = 1) -> TracedSkeleton {
  TracedSkeleton(
    name: name,
    skeleton: Skeleton(
      nodes: segments.indices.map {
        Skeleton.Node(
          position: PhysicalPosition(z: 0, y: 0, x: Double($0) * step),
          parent: $0 == 0 ? nil : $0 - 1)
      }), segments: segments)
}

struct ExpectedRunLengthTests {
  @Test func `a run is the cable of the same segment`() throws {
    let whole = try #require(ExpectedRunLength(of: [cable("a", [1, 1, 1, 1, 1])]))
    #expect(whole.value == 4 && whole.perfect == 4 && whole.normalized == 1)
    // 2 of 5 nm in one segment, 2 in another, one edge split.
    let split = try #require(ExpectedRunLength(of: [cable("a", [1, 1, 1, 2, 2, 2])]))
    #expect(split.value == 8.0 / 5 && split.perfect == 5)
    #expect(split.skeletons[0].correct == 4 && split.skeletons[0].split == 1)
    #expect(split.skeletons[0].segmentCount == 2)
  }

  @Test func `skeletons weigh by their cable`() throws {
    let score = try #require(
      ExpectedRunLength(of: [cable("a", [1, 1, 1, 1]), cable("b", [2, 3])]))
    // 3 of 4 nm with a run of 3, 1 with a run of 0.
    #expect(score.value == 0.75 * 3 && score.perfect == 0.75 * 3 + 0.25)
  }

  @Test func `a segment over two skeletons makes runs of nothing`() throws {
    let traced = [cable("a", [1, 1, 1, 2, 2]), cable("b", [1, 3, 3, 3])]
    let score = try #require(ExpectedRunLength(of: traced))
    #expect(score.merges.map(\.segment) == [1] && score.merges.map(\.skeletons) == [[0, 1]])
    #expect(score.skeletons[0].merged == 2 && score.skeletons[0].correct == 1)
    #expect(score.skeletons[1].merged == 0 && score.skeletons[1].split == 1)
    // One node of b off the track is forgiven.
    let tolerant = try #require(ExpectedRunLength(of: traced, mergeTolerance: 1))
    #expect(tolerant.merges.isEmpty && tolerant.skeletons[0].merged == 0)
    #expect(tolerant.value > score.value && tolerant.mergeTolerance == 1)
  }

  @Test func `background under two skeletons merges nothing`() throws {
    let score = try #require(
      ExpectedRunLength(of: [cable("a", [1, 1, 0, 0, 1]), cable("b", [0, 2, 2])]))
    #expect(score.merges.isEmpty)
    #expect(score.skeletons.map(\.omitted) == [3, 1])
    #expect(score.skeletons.map(\.correct) == [1, 1])
    let nothing = try #require(ExpectedRunLength(of: [cable("a", [0, 0, 0])]))
    #expect(nothing.value == 0 && nothing.normalized == 0)
  }

  @Test func `segments of tissue without skeletons merge too, where they are on one`() throws {
    let traced = [cable("a", [1, 1, 1, 2, 2])]
    let score = try #require(ExpectedRunLength(of: traced, forbidden: [1, 9]))
    #expect(score.merges.map(\.segment) == [1] && score.merges.map(\.skeletons) == [[0]])
    #expect(score.skeletons[0].merged == 2)
  }

  @Test func `cable that leaves the volume does not count`() throws {
    let score = try #require(ExpectedRunLength(of: [cable("a", [1, 1, nil, nil, .max, .max])]))
    #expect(score.length == 2 && score.skeletons[0].outside == 3)
    #expect(score.value == 1 && score.perfect == 2)
    #expect(ExpectedRunLength(of: [cable("a", [nil, 1])]) == nil)
    #expect(ExpectedRunLength(of: [cable("a", [1])]) == nil)
    #expect(ExpectedRunLength(of: []) == nil)
  }

  @Test func `nodes give a variation of information`() throws {
    let traced = [cable("a", [1, 1, 2, 2]), cable("b", [3, 3, nil, nil])]
    let information = try #require(VariationOfInformation(ofNodes: traced))
    #expect(information.voxelCount == 6)
    #expect(abs(information.split - 4.0 / 6) < 1e-12 && information.merge == 0)
  }
}
