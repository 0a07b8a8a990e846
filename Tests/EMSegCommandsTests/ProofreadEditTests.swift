import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

/// Edits of a project by command.
@Suite struct ProofreadEditTests {
  private func labels(at path: String) throws -> [UInt64] {
    let array = try ZarrArray.openVolume(at: path)
    let volume = try array.read(array.metadata.box, as: UInt64.self)
    return (0..<volume.span.count).map { volume.span[$0] }
  }

  @Test func `a project is edited, undone, written and replayed by command`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder, extent: "16,40,44").status == 0)
    let (project, copy) = (folder("p"), folder("q"))
    for path in [project, copy] {
      let segmented = emseg(
        "segment", folder("image.zarr"), "--model", phantomModel, "--output", path,
        "--minimum-voxels", "0")
      try #require(segmented.status == 0, "\(segmented.diagnostics)")
    }
    func run(_ words: String...) -> Outcome {
      emseg(["proofread", words[0], project] + words.dropFirst())
    }
    func applied(_ name: String, _ options: String...) throws -> [UInt64] {
      let outcome = emseg(
        ["proofread", "apply", project, "--output", folder(name)] + options)
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      return try labels(at: folder(name))
    }

    // Without edits there is no database; the first edit makes it.
    let fragments = try labels(at: "\(project)/fragments.zarr")
    let segments = try labels(at: "\(project)/segmentation.zarr")
    var ends: (UInt64, UInt64)?
    for (fragment, segment) in zip(fragments, segments) where segment != 0 {
      if segment != segments.first(where: { $0 != 0 }) {
        let first = try #require(zip(fragments, segments).first { $0.1 != 0 }).0
        ends = (first, fragment)
        break
      }
    }
    let (a, b) = try #require(ends)

    let merged = run("merge", "\(a)", "\(b)", "--as", "ada", "--note", "one neuron")
    try #require(merged.status == 0, "\(merged.diagnostics)")
    #expect(merged["operation"] == "1")
    #expect(merged["status"] == "done")
    #expect(run("merge", "\(a)", "\(b)", "--as", "ada").status == 65)
    #expect(run("merge", "\(a)", "999999", "--as", "ada").status == 65)

    let why = run("why", "\(a)", "\(b)")
    #expect(why["joined"] == "yes")
    #expect(why["operation"] == "1")
    #expect(run("why", "\(a)", "\(b)", "--at", "0")["joined"] == "no")

    let before = try applied("before.zarr", "--at", "0")
    let after = try applied("after.zarr")
    // Before, the labels are those of the project under other numbers.
    #expect(Set(zip(before, segments).map { "\($0) \($1)" }).count == Set(segments).count)
    #expect(Set(after).count == Set(before).count - 1)
    let roots = Set(zip(fragments, before).filter { $0.0 == a || $0.0 == b }.map(\.1))
    let joined = Set(zip(fragments, after).filter { $0.0 == a || $0.0 == b }.map(\.1))
    #expect(roots.count == 2)
    #expect(joined == Set([roots.min() ?? 0]))

    let preview = run("split", "\(a)", "\(b)", "--as", "ada", "--isolate", "--preview")
    try #require(preview.status == 0, "\(preview.diagnostics)")
    #expect(preview["components"] == "2")
    #expect(run("split", "\(a)", "\(a)", "--as", "ada").status == 65)
    let split = run("split", "\(a)", "\(b)", "--as", "ada", "--isolate")
    #expect(split["operation"] == "2")
    let refused = run("undo", "1", "--as", "bob")
    #expect(refused.status == 65)
    #expect(refused.diagnostics.contains("operations 2"))
    #expect(run("undo", "2", "--as", "bob")["operation"] == "3")
    #expect(try applied("again.zarr") == after)
    #expect(run("redo", "2", "--as", "bob")["inverse_of"] == "3")
    #expect(
      run("log").output.split(separator: "\n").map { $0.split(separator: "\t")[0] }
        == ["operation", "1", "2", "3", "4"])
    #expect(run("log", "--at", "2").output.split(separator: "\n").count == 3)

    let exported = emseg(
      "proofread", "export", "edits", project, "--output", folder("edits.jsonl"))
    try #require(exported.status == 0, "\(exported.diagnostics)")
    #expect(exported["entries"] == "8")
    let replayed = emseg("proofread", "replay", copy, folder("edits.jsonl"))
    try #require(replayed.status == 0, "\(replayed.diagnostics)")
    #expect(replayed["head"] == exported["head"])
    let there = emseg("proofread", "apply", copy, "--output", folder("there.zarr"))
    try #require(there.status == 0, "\(there.diagnostics)")
    #expect(try labels(at: folder("there.zarr")) == applied("here.zarr"))
  }
}
