import Synapses
import Testing
import Voxels

struct DuplicateSynapsesTests {
  private func synapse(
    _ x: Double, to post: Double, _ preID: UInt64?, _ postID: UInt64?, score: Double? = nil
  ) -> Synapse {
    Synapse(
      pre: PhysicalPosition(z: 0, y: 0, x: x), post: PhysicalPosition(z: 0, y: 0, x: post),
      preID: preID, postID: postID, score: score)
  }

  @Test func `of those at the same place the surest stays`() {
    let synapses = [
      synapse(0, to: 50, 1, 2), synapse(10, to: 60, 1, 2, score: 0.9),
      // Its sending side is near, its receiving one is not: a second contact of a polyad.
      synapse(10, to: 300, 1, 2), synapse(10, to: 60, 1, 3), synapse(60, to: 10, 2, 1),
      synapse(10, to: 60, 0, 2), synapse(10, to: 60, nil, 2),
    ]
    #expect(DuplicateSynapses.kept(of: synapses, within: 15) == [1, 2, 3, 4, 5, 6])
    #expect(DuplicateSynapses.kept(of: synapses, within: 9) == Array(0...6))
    #expect(DuplicateSynapses.kept(of: [], within: 9).isEmpty)
  }

  @Test func `a chain of near ones does not become one`() {
    let chain = (0..<5).map { synapse(Double($0) * 10, to: 100 + Double($0) * 10, 1, 2) }
    #expect(DuplicateSynapses.kept(of: chain, within: 10) == [0, 2, 4])
    #expect(DuplicateSynapses.kept(of: [chain[0], chain[0]], within: 0) == [0])
  }

  @Test func `sizes and supervoxels are read`() throws {
    let text =
      "pre_pt_position,post_pt_position,pre_pt_supervoxel_id,post_pt_supervoxel_id,size,score\n"
      + "\"[1,2,3]\",\"[4,5,6]\",11,12,640,\n"
    let synapses = try SynapseTable.synapses(parsing: Array(text.utf8))
    #expect(synapses[0].preSupervoxelID == 11 && synapses[0].postSupervoxelID == 12)
    #expect(synapses[0].size == 640 && synapses[0].score == nil && synapses[0].preID == nil)
    let other = "pre_z,pre_y,pre_x,post_z,post_y,post_x,area\n1,2,3,4,5,6,2.5\n"
    #expect(try SynapseTable.synapses(parsing: Array(other.utf8))[0].size == 2.5)
    #expect(throws: SynapseTableError.self) {
      try SynapseTable.synapses(parsing: Array((other + "1,2,3,4,5,6,big\n").utf8))
    }
  }
}
