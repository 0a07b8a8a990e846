import TestSupport
import Testing

@Suite struct ProofreadQueueTests {
  private let folder = TemporaryFolder()
  private var project: String { folder("project") }

  private func proofread(_ words: String...) -> Outcome { emseg(["proofread"] + words) }

  @Test func `a queue is built, worked through and checked from the command line`() throws {
    #expect(
      emseg(
        "segment", sample + "/gray", "--model", phantomModel, "--voxel-size", "10,10,10",
        "--output", project
      ).status == 0)
    #expect(proofread("next", project, "--as", "ada").status == 66)

    let built = proofread("build", project, "--band", "0.6", "--joint-voxels", "50")
    #expect(built.status == 0, "\(built.diagnostics)")
    let added = try #require(built["added"].flatMap { Int($0) })
    #expect(added > 0 && built["open"] == "\(added)")
    // A pair that is not one segment already: such a task would close by itself.
    let first = proofread("show", project, "1")
    let pair = try "\(#require(first["supervoxel_a"])),\(#require(first["supervoxel_b"]))"
    overwrite(
      folder("tasks.csv"),
      with: Array("supervoxel_a,supervoxel_b,z,y,x,need,score\n\(pair),3,4,5,2,0.5\n".utf8))
    #expect(proofread("import", project, folder("tasks.csv"))["added"] == "1")
    #expect(
      proofread("build", project, "--band", "0.6", "--joint-voxels", "50")["added"] == "0")
    let id = "\(added + 1)"
    let taken = proofread("next", project, "--as", "ada", "--task", id)
    let token = try #require(taken["token"], "\(taken.diagnostics)")
    #expect(taken["kind"] == "imported" && taken["point"] == "3,4,5")
    func decide(_ verdict: String, as name: String, _ token: String) -> Outcome {
      proofread("decide", project, id, verdict, "--as", name, "--token", token)
    }
    #expect(decide("keep-apart", as: "ada", token)["state"] == "open")
    #expect(decide("keep-apart", as: "ada", token)["repeated"] == "yes")
    #expect(decide("merge", as: "ada", token).status == 75)
    #expect(proofread("next", project, "--as", "ada", "--task", id).status == 69)
    let other = try #require(
      proofread("next", project, "--as", "bob", "--task", id)["token"])
    #expect(decide("keep-apart", as: "bob", "\(token)9").status == 75)
    #expect(decide("keep-apart", as: "bob", other)["state"] == "done")
    #expect(proofread("agreement", project)["agreement"] == "1")
    #expect(proofread("status", project)["done"] == "1")
    #expect(proofread("show", project, id, "--json").output.contains("\"reviewer\" : \"bob\""))

    #expect(proofread("decide", project, id, "withdraw", "--as", "bob")["state"] == "open")
    #expect(proofread("export", "tasks", project, folder("out.csv")).status == 0)
    #expect(proofread("export", "tasks", project, folder("out.csv")).status == 73)
    #expect(proofread("import", project, folder("out.csv"))["added"] == "0")
    #expect(proofread("export", "votes", project, folder("votes.jsonl")).status == 0)
    let votes = String(decoding: contents(of: folder("votes.jsonl")), as: UTF8.self)
    #expect(votes.split(separator: "\n").count == 3 && votes.contains("withdrawn"))
    #expect(proofread("backup", project, folder("copy.sqlite")).status == 0)
    #expect(proofread("verify", project)["faults"] == "0")
  }

  @Test func `a merge that is agreed on is done, and withdrawn with its verdict`() throws {
    #expect(
      emseg(
        "segment", sample + "/gray", "--model", phantomModel, "--voxel-size", "10,10,10",
        "--threshold", "0.1", "--output", project
      ).status == 0)
    #expect(proofread("build", project, "--band", "0.8").status == 0)
    let taken = proofread("next", project, "--as", "ada")
    let (task, token) = (try #require(taken["task"]), try #require(taken["token"]))
    #expect(taken["kind"] == "merge candidate")
    let decided = proofread("decide", project, task, "merge", "--as", "ada", "--token", token)
    #expect(decided["state"] == "done" && decided["operation"] == "1", "\(decided.diagnostics)")
    #expect(proofread("verify", project)["edits"] == "1")
    let undone = proofread("decide", project, task, "withdraw", "--as", "ada")
    #expect(undone["state"] == "open", "\(undone.diagnostics)")
    #expect(proofread("verify", project)["edits"] == "2")
  }
}
