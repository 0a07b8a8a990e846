import Proofreading
import SQLite
import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct TaskExchangeTests {
  @Test func `tasks go out as a table and come back the same`() throws {
    let test = try TestQueue()
    var drafts = [contact(.max, 12, need: 2), contact(3, 4, at: 77)]
    drafts[0].kind = .vetoed
    drafts[0].evidence = #"{"links":7,"why":"a, \"b\""}"#
    drafts[1].box = VoxelBox(
      origin: VoxelPosition(z: 1, y: 2, x: 3), extent: VoxelExtent(z: 4, y: 5, x: 6))
    try test.queue.add(drafts)
    var text = TaskExport.taskColumns.joined(separator: ",") + "\r\n"
    try test.queue.forEachTask { (task) throws(VolumeError) in
      text += TaskExport.row(task).map(CommaSeparatedRows.quoted).joined(separator: ",") + "\r\n"
    }
    let back = try TaskTable.drafts(Array(text.utf8), path: "tasks.csv")
    #expect(back.map(\.kind) == [.vetoed, .mergeCandidate])
    #expect(back.map(\.segmentA) == [.max, 3] && back.map(\.segmentB) == [12, 4])
    #expect(back.map(\.point) == drafts.map(\.point) && back.map(\.box) == drafts.map(\.box))
    #expect(back.map(\.need) == [2, 1])
    #expect(back.map(\.evidence) == drafts.map(\.evidence))
    #expect(try test.queue.add(back) == 0)
  }

  @Test func `the candidates of the agglomeration are read`() throws {
    let table = """
      kind,segment_a,segment_b,voxels_a,voxels_b,score,cost,links,strongest,fragment_a,fragment_b,\
      z,y,x,z_nm,y_nm,x_nm
      residual,5,9,1200,90,0.31,0.69,44,0.9,501,907,1,2,3,10,20,30
      size veto,5,10,1200,70,0.7,0.3,12,0.8,502,1001,4,5,6,40,50,60

      """
    let drafts = try TaskTable.drafts(Array(table.utf8), path: "candidates.csv")
    #expect(drafts.map(\.kind) == [.mergeCandidate, .vetoed])
    #expect(drafts.map(\.segmentA) == [501, 502] && drafts.map(\.bodyA) == [5, 5])
    #expect(drafts.map(\.weightB) == [90, 70] && drafts.map(\.score) == [0.31, 0.7])
    #expect(drafts[0].point == VoxelPosition(z: 1, y: 2, x: 3))
    #expect(
      drafts[0].evidence
        == #"{"cost":0.69,"links":44,"strongest":0.9,"x_nm":30,"y_nm":20,"z_nm":10}"#)
  }

  @Test func `a table of focused proofreading is read`() throws {
    let table = "sv_a,xa,ya,za,sv_b,xb,yb,zb,score\n11,10,20,30,12,14,24,34,0.4\n"
    let draft = try #require(try TaskTable.drafts(Array(table.utf8), path: "t").first)
    #expect(draft.segmentA == 11 && draft.segmentB == 12 && draft.kind == .imported)
    #expect(draft.point == VoxelPosition(z: 32, y: 22, x: 12))
  }

  @Test(
    arguments: [
      ("", "the table is empty"),
      ("z,y,x,z\n", "a column is named twice"),
      ("supervoxel_a,z,y,x\n1,2,3\n", "line 2 does not fit the heading"),
      ("supervoxel_a,z,y,x\n1,2,3,\"4\n", "the quotation in line 2 does not end"),
      ("supervoxel_a,z,y,x\n1,2,3,-4\n", "line 2: x is no such number"),
      ("supervoxel_a,z,y,x\n1,2,3,99999999999999\n", "line 2: x is no such number"),
      ("supervoxel_a,z,y,x\n18446744073709551616,1,1,1\n", "line 2: supervoxel_a"),
      ("z,y,x\n1,1,1\n", "line 2: there is no supervoxel_a"),
      ("supervoxel_a,y,x\n1,1,1\n", "line 2: there is no z"),
      ("supervoxel_a,z,y,x,score\n1,1,1,1,1.5\n", "line 2: score is no such number"),
      ("supervoxel_a,z,y,x,score\n1,1,1,1,nan\n", "line 2: score is no such number"),
      ("supervoxel_a,z,y,x,need\n1,1,1,1,0\n", "line 2: a task needs a reviewer"),
      ("supervoxel_a,z,y,x,need\n1,1,1,1,101\n", "line 2: need is no such number"),
      ("supervoxel_a,z,y,x,kind\n1,1,1,1,joke\n", "line 2: the kind is unknown"),
      ("supervoxel_a,z,y,x,truth\n1,1,1,1,unsure\n", "line 2: the truth is no verdict"),
      ("supervoxel_a,z,y,x,evidence\n1,1,1,1,[1]\n", "line 2: the evidence is no JSON object"),
      ("supervoxel_a,z,y,x,size_z\n1,1,1,1,5\n", "line 2: the box is none"),
    ])
  func `a table that makes no sense is refused, naming the line`(
    text: String, message: String
  ) throws {
    let error = #expect(throws: VolumeError.self) {
      try TaskTable.drafts(Array(text.utf8), path: "tasks.csv")
    }
    #expect(error?.code == .malformedMetadata)
    #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
  }

  @Test func `a task list of Neu3 is read, points x first`() throws {
    let list = """
      {"file type": "Neu3 task list", "file version": 1, "task list": [
        {"task type": "body merge", "supervoxel ID 1": 18446744073709551615,
         "supervoxel point 1": [10, 20, 30], "supervoxel ID 2": 12,
         "supervoxel point 2": [14, 24, 34]},
        {"task type": "body cleave", "body ID": 77, "maximum level": 1}]}
      """
    let drafts = try Neu3Assignment.drafts(Array(list.utf8), path: "list.json")
    #expect(drafts.map(\.kind) == [.imported, .suspiciousShape])
    #expect(drafts[0].segmentA == .max && drafts[0].segmentB == 12)
    #expect(drafts[0].point == VoxelPosition(z: 32, y: 22, x: 12))
    #expect(drafts[1].segmentA == 77 && drafts[1].segmentB == 0)
    #expect(drafts[1].evidence.contains(#""maximum level":1"#))
  }

  @Test(
    arguments: [
      ("[", "not JSON"), ("{}", "not a task list of Neu3"),
      (#"{"file type": "Neu3 task list", "file version": 2, "task list": []}"#, "the task list"),
      (
        #"{"file type":"Neu3 task list","file version":1,"task list":[{"task type":"body merge"}]}"#,
        #"task 1 has no sound "supervoxel point 1""#
      ),
      (
        #"{"file type":"Neu3 task list","file version":1,"task list":[{"task type":"dance"}]}"#,
        "task 1 is of a type that is not read"
      ),
      (
        #"{"file type":"Neu3 task list","file version":1,"task list":[{"task type":"body cleave","body ID":-3}]}"#,
        #"task 1 has no sound "body ID""#
      ),
      (#"{"file type":"Neu3 task list","file version":1,"task list":[7]}"#, "task 1 is of a type"),
    ])
  func `a task list that makes no sense is refused`(text: String, message: String) throws {
    let error = #expect(throws: VolumeError.self) {
      try Neu3Assignment.drafts(Array(text.utf8), path: "list.json")
    }
    #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
  }

  @Test func `verdicts go out in their order`() throws {
    let test = try TestQueue()
    try test.queue.add([contact(1, 2)])
    let claim = try #require(try test.queue.claim(for: "ada"))
    _ = try test.queue.decide(claim, .merge, seconds: 1.5, note: "thin, but clear")
    _ = try test.queue.withdraw(task: 1, by: "ada")
    var rows: [[String]] = []
    try test.queue.forEachVote { (vote) throws(VolumeError) in rows.append(TaskExport.row(vote)) }
    #expect(
      rows == [
        ["1", "1", "ada", "merge", "0", "1.5", "thin, but clear", "1000000.0"],
        ["2", "1", "ada", "withdrawn", "0", "", "", "1000000.0"],
      ])
  }
}
