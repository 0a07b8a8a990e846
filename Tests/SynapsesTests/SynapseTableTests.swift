import Synapses
import Testing
import Voxels

private func synapses(_ text: String, unit: VoxelSize = VoxelSize(z: 1, y: 1, x: 1)) throws
  -> [Synapse]
{
  try SynapseTable.synapses(parsing: Array(text.utf8), unit: unit)
}

struct SynapseTableTests {
  private static let expected = Synapse(
    pre: PhysicalPosition(z: 1, y: 2, x: 3), post: PhysicalPosition(z: 4, y: 5, x: 6.5),
    preID: 7, postID: .max, score: 0.5)

  @Test(arguments: [
    "pre_z,pre_y,pre_x,post_z,post_y,post_x,pre_id,post_id,score\n"
      + "1,2,3,4,5,6.5,7,18446744073709551615,0.5\n",
    "post_x_nm\tpost_y_nm\tpost_z_nm\tPre_X\tPre_Y\tPre_Z\tpre_segment\tpost_segment\tconfidence\r\n"
      + "6.5\t5\t4\t3\t2\t1\t7\t18446744073709551615\t0.5\r\n\r\n",
    "id,pre_pt_position,post_pt_position,pre_pt_root_id,post_pt_root_id,cleft_score\n"
      + "12,\"[3, 2, 1]\",\"[6.5 5 4]\",7,18446744073709551615,0.5",
    "\u{feff}pre_pt_position_x,pre_pt_position_y,pre_pt_position_z,post_pt_position_x,"
      + "post_pt_position_y,post_pt_position_z,id_segm_pre,id_segm_post,score,\"a \"\"note\"\"\"\n"
      + "3,2,1,6.5,5,4,7,18446744073709551615,0.5,\"two\nlines\"\n",
  ])
  func `columns are known by their names`(text: String) throws {
    var found = try synapses(text)
    #expect(found.count == 1 && found[0].id == (text.hasPrefix("id,") ? 12 : nil))
    found[0].id = nil
    #expect(found == [Self.expected])
  }

  @Test func `a number that is none is left out`() throws {
    let found = try synapses("id,pre_position,post_position\nsyn-1,1 2 3,4 5 6\n")
    #expect(found.map(\.id) == [nil] && found[0].post == PhysicalPosition(z: 6, y: 5, x: 4))
  }

  @Test func `ids and scores may be left out, and units are converted`() throws {
    let found = try synapses(
      "pre_z,pre_y,pre_x,post_z,post_y,post_x,pre_id,post_id\n1,1,1,2,2,2,,5\n",
      unit: VoxelSize(z: 40, y: 4, x: 8))
    #expect(
      found == [
        Synapse(
          pre: PhysicalPosition(z: 40, y: 4, x: 8), post: PhysicalPosition(z: 80, y: 8, x: 16),
          postID: 5)
      ])
    #expect(try synapses("pre_z,pre_y,pre_x,post_z,post_y,post_x\n").isEmpty)
  }

  @Test(arguments: [
    ("", 1, "empty"), ("pre_z,pre_y,pre_x\n", 1, "post"), ("post_z,pre_x\n", 1, "pre"),
    ("pre_z,pre_y,pre_x,post_z,post_y,post_x\n1,2,3,4,5\n", 2, "number of fields"),
    ("pre_z,pre_y,pre_x,post_z,post_y,post_x\n1,2,3,4,5,nan\n", 2, "position"),
    ("pre_z,pre_y,pre_x,post_z,post_y,post_x,pre_id\n\n1,2,3,4,5,6,-1\n", 3, "id"),
    ("pre_z,pre_y,pre_x,post_z,post_y,post_x,score\n1,2,3,4,5,6,high\n", 2, "score"),
    ("pre_position,post_position\n\"[1,2]\",\"[1,2,3]\"\n", 2, "position"),
    ("pre_position,post_position\n\"[1,2,3]\",\"[1,2,3]\n", 2, "quote"),
  ])
  func `what is no table is refused with its line`(text: String, line: Int, message: String) {
    let error = #expect(throws: SynapseTableError.self) { try synapses(text) }
    #expect(error?.line == line)
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }
}

struct SynapseTableWritingTests {
  private let synapses = [
    Synapse(
      pre: PhysicalPosition(z: 40, y: 12.5, x: 8), post: PhysicalPosition(z: 80, y: 16, x: 4),
      preID: 3, postID: 4, score: 0.25, size: 1200, preSupervoxelID: 11,
      postSupervoxelID: .max, id: 9, center: PhysicalPosition(z: 60, y: 14, x: 6),
      method: "cleft network", model: "file \"a\", b"),
    Synapse(
      pre: PhysicalPosition(z: 0.1, y: 1e-7, x: 123_456_789), post: .zero),
  ]

  @Test func `what is written is read, but for neurons' ids`() throws {
    let text = SynapseTable.text(of: synapses)
    #expect(
      String(decoding: text, as: UTF8.self).hasPrefix(
        "id,pre_pt_position,post_pt_position,ctr_pt_position,pre_pt_supervoxel_id,"
          + "post_pt_supervoxel_id,size,score,method,model\n"
          + "9,\"[8, 12.5, 40]\",\"[4, 16, 80]\",\"[6, 14, 60]\",11,18446744073709551615,1200,0.25,"
          + "cleft network,\"file \"\"a\"\", b\"\n"))
    var expected = synapses
    (expected[0].preID, expected[0].postID) = (nil, nil)
    (expected[1].id, expected[1].center) = (2, expected[1].middle)
    #expect(try SynapseTable.synapses(parsing: text) == expected)
  }

  @Test func `a unit makes voxels of nanometres, and back`() throws {
    let unit = VoxelSize(z: 40, y: 4, x: 4)
    let text = SynapseTable.text(of: [synapses[0]], unit: unit)
    #expect(String(decoding: text, as: UTF8.self).contains("\"[2, 3.125, 1]\""))
    let read = try SynapseTable.synapses(parsing: text, unit: unit)
    #expect(read[0].pre == synapses[0].pre && read[0].center == synapses[0].center)
  }

  @Test func `a middle that is no place is an error`() {
    let text = Array("pre_pt_position,post_pt_position,ctr_pt_position\n1 2 3,4 5 6,7 8\n".utf8)
    #expect(throws: SynapseTableError.self) { try SynapseTable.synapses(parsing: text) }
  }
}
