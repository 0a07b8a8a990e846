import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

/// Scoring against truth, by the command line.
@Suite struct EvaluateTests {
  private static let box = VoxelBox(extent: VoxelExtent(z: 4, y: 20, x: 30))

  private static func labels(_ label: (Int, Int, Int) -> UInt64) -> Volume<UInt64> {
    var volume = Volume<UInt64>(box: box)
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        var row = volume.mutableRow(z: z, y: y)
        for x in 0..<box.extent.x { row[x] = label(z, y, x) }
      }
    }
    return volume
  }

  /// Two objects side by side, the left one's first row without a label; the segmentation cuts the
  /// left one across and leaves a corner of the right one out.
  private static func volumes(in folder: TemporaryFolder) throws -> [String] {
    try store(
      labels { _, y, x in y == 0 && x < 15 ? 0 : x < 15 ? 7 : .max - 1 }, at: folder("truth"))
    try store(
      labels { z, y, x in x >= 15 ? (y < 2 ? 0 : 3) : z < 2 ? 1 : 2 }, at: folder("found"))
    return ["evaluate", "segmentation", folder("found"), folder("truth")]
  }

  @Test func `every convention is what it says`() throws {
    let folder = TemporaryFolder()
    let words = try Self.volumes(in: folder)
    func outcome(_ more: String...) throws -> Outcome {
      let outcome = emseg(words + more)
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      return outcome
    }
    // Of 2340 voxels with an object, 120 have no segment.
    let plain = try outcome()
    #expect(plain["convention"]?.hasPrefix("cremi: ") == true)
    #expect(plain["voxels"] == "2340" && plain["objects"] == "2" && plain["segments"] == "3")
    #expect(plain["voi_merge"] == "0")
    #expect(try outcome("--convention", "labelled")["voxels"] == "2220")
    #expect(try outcome("--convention", "labelled")["voi_split"] == "0.513514")
    #expect(try outcome("--convention", "whole")["voxels"] == "2400")
    #expect(try outcome("--convention", "whole")["voi_merge"] != "0")
    let alone = try outcome("--segmentation-background", "singletons")
    #expect(alone["convention"]?.hasPrefix("snemi: ") == true)
    #expect(try outcome("--truth-background", "one-object")["voxels"] == "2400")
    #expect(
      try outcome("--truth-background", "one-object", "--segmentation-background", "ignored")[
        "voxels"] == "2280")
    #expect(try outcome("--ignore-label", "18446744073709551614")["voxels"] == "1140")

    let all = try outcome("--every-convention")
    let lines = all.output.split(separator: "\n").filter { $0.hasPrefix("convention\t") }
    #expect(lines.count == 5)
    #expect(lines[3].contains("labelled voi_split=0.513514 "))

    let score = try #require(plain["cremi_score"].flatMap(Double.init))
    let parts = ["voi_sum", "arand"].compactMap { plain[$0].flatMap(Double.init) }
    #expect(abs(score * score - parts.reduce(1, *)) < 1e-5)
  }

  @Test func `the worst errors are listed with voxels of the segmentation`() throws {
    let folder = TemporaryFolder()
    let words = try Self.volumes(in: folder)
    let outcome = emseg(words + ["--table", folder("errors.csv"), "--convention", "whole"])
    #expect(
      outcome["worst_split"]?.hasPrefix("object 7: ") == true, "\(outcome.output)")
    #expect(outcome["worst_split"]?.contains("1 (570 at 0,1,0) and 2 (570 at 2,1,0)") == true)
    #expect(outcome["worst_merge"]?.hasPrefix("segment 1: ") == true)
    #expect(outcome["worst_merge"]?.contains("7 (570 at 0,1,0) and 0 (30 at 0,0,0)") == true)
    let table = String(decoding: contents(of: folder("errors.csv")), as: UTF8.self)
      .split(separator: "\n")
    #expect(
      table[0]
        == "error,label,bits,voxels,parts,first_label,first_voxels,first_z,first_y,first_x,"
        + "first_z_nm,first_y_nm,first_x_nm,second_label,second_voxels,second_z,second_y,second_x,"
        + "second_z_nm,second_y_nm,second_x_nm")
    #expect(table.contains { $0.hasPrefix("split,18446744073709551614,") })
    #expect(table.contains { $0.hasSuffix(",2,570,2,1,0,20,10,0") })
    #expect(table.count == 1 + 3 + 2)
    let json = emseg(words + ["--json", "--worst", "1"])
    #expect(json.output.contains("\"object\" : \"7\""))
    #expect(json.output.contains("\"nm\" : ["))
  }

  @Test func `blocks, threads and memory change nothing`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 20, y: 40, x: 45))
    try store(randomVolume(UInt8.self, box: box, seed: 1), at: folder("found"))
    try store(randomVolume(UInt16.self, box: box, seed: 2), at: folder("truth"))
    let words = [
      "evaluate", "segmentation", folder("found"), folder("truth"), "--json", "--convention",
      "whole",
    ]
    let one = emseg(words + ["--threads", "1"])
    #expect(one.status == 0 && emseg(words + ["--threads", "3"]).output == one.output)
    let table = emseg(words + ["--memory", "66MiB"])
    #expect(table.status == 64 || table.status == 65, "\(table.output)")
  }

  @Test func `more overlaps than the memory holds are an error`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 80, y: 80, x: 80))
    // Every voxel is a pair of its own.
    try store(
      Volume<UInt64>(box: box, values: (0..<512_000).map { UInt64($0) + 1 }), at: folder("found"),
      chunk: VoxelExtent(cube: 50))
    try store(
      Volume<UInt8>(box: box, fill: 1), at: folder("truth"), chunk: VoxelExtent(cube: 50))
    let refused = emseg(
      "evaluate", "segmentation", folder("found"), folder("truth"), "--memory", "240MiB")
    #expect(refused.status == 65)
    #expect(refused.diagnostics.contains("more pairs of labels overlap than the memory holds"))
    #expect(
      refused.diagnostics.contains("raise --memory, or compare a --region"),
      "\(refused.diagnostics)")
  }

  @Test func `masks and borders leave voxels out`() throws {
    let folder = TemporaryFolder()
    let words = try Self.volumes(in: folder)
    try store(
      Volume<UInt8>(
        box: VoxelBox(extent: VoxelExtent(z: 2, y: 10, x: 15)),
        values: (0..<300).map { $0 < 150 ? 1 : 0 }), at: folder("mask"))
    #expect(emseg(words + ["--mask", folder("mask")])["voxels"] == "1170")
    // One column on either side of the seam, and the row beside the one without a label.
    #expect(emseg(words + ["--border-threshold", "0"])["voxels"] == "\(4 * (585 - 20 - 19 - 14))")
    #expect(emseg(words + ["--region", "1:3,:,10:20"])["voxels"] == "\(2 * (200 - 5))")
    let far = emseg(words + ["--border-threshold", "1000"])
    #expect(far.status == 65 && far.diagnostics.contains("no voxel counts"))
  }

  @Test func `what cannot be compared is refused`() throws {
    let folder = TemporaryFolder()
    let words = try Self.volumes(in: folder)
    try store(Self.labels { _, _, _ in 0 }, at: folder("nothing"))
    let nothing = emseg("evaluate", "segmentation", folder("found"), folder("nothing"))
    #expect(nothing.status == 65)
    #expect(nothing.diagnostics.contains("nothing can be scored"))
    // All background is a segmentation, if a poor one.
    let empty = emseg("evaluate", "segmentation", folder("nothing"), folder("truth"))
    #expect(empty.status == 0 && empty["voi_split"] == "0" && empty["segments"] == "0")

    #expect(
      emseg("import", folder("truth"), "--offset", "0,0,1000", "--output", folder("far")).status
        == 0)
    let apart = emseg("evaluate", "segmentation", folder("found"), folder("far"))
    #expect(apart.status == 65 && apart.diagnostics.contains("do not overlap"))
    #expect(
      emseg("import", folder("truth"), "--offset", "0,0,100", "--output", folder("near")).status
        == 0)
    let part = emseg("evaluate", "segmentation", folder("found"), folder("near"))
    #expect(part["region"] == "0,0,10 + 4,20,20", "\(part.diagnostics)")
    #expect(part.diagnostics.contains("only a part"))
    #expect(emseg(words + ["--region", "0:9,:,:"]).status == 64)
    try store(Volume<Float>(box: Self.box), at: folder("grey"), kind: .image)
    #expect(emseg("evaluate", "segmentation", folder("grey"), folder("truth")).status == 65)
  }

  @Test func `the mark of unlabelled voxels and labels below 0 are told`() throws {
    let folder = TemporaryFolder()
    try store(Self.labels { _, _, x in x < 15 ? 1 : .max }, at: folder("truth"))
    try store(
      Volume<Int32>(box: Self.box, values: (0..<2400).map { $0 % 30 < 15 ? 1 : -1 }),
      at: folder("found"))
    let words = ["evaluate", "segmentation", folder("found"), folder("truth")]
    let counted = emseg(words)
    #expect(counted["voxels"] == "2400" && counted["voi_sum"] == "0")
    #expect(counted.diagnostics.contains("2^64 − 1"))
    #expect(counted.diagnostics.contains("labels below 0"))
    let left = emseg(words + ["--ignore-label", "18446744073709551615"])
    #expect(left["voxels"] == "1200" && !left.diagnostics.contains("2^64"))
  }

  @Test func `skeletons are scored in nanometres`() throws {
    let folder = TemporaryFolder()
    _ = try Self.volumes(in: folder)
    // Voxels of 10 nm; 100 nm along z in segment 1, then 2; one beside it in 1; one outside.
    func swc(_ name: String, _ nodes: [(z: Int, y: Int, x: Int)]) {
      let lines = nodes.enumerated().map { index, node in
        "\(index + 1) 0 \(node.x) \(node.y) \(node.z) 1 \(index == 0 ? -1 : index)"
      }
      overwrite(
        folder(name), with: Array((lines.joined(separator: "\n") + "\n").utf8))
    }
    try FileStore(root: folder("swc")).write([UInt8]().rawSpan, to: "notes.txt")
    swc("swc/a.swc", [(0, 50, 50), (10, 50, 50), (20, 50, 50), (30, 50, 50)])
    swc("swc/b.SWC", [(0, 100, 200), (0, 150, 200), (0, 250, 200), (0, 10, 200)])
    let words = ["evaluate", "skeletons", folder("found"), folder("swc")]
    let outcome = emseg(words + ["--table", folder("t.csv")])
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["skeletons"] == "2")
    #expect(outcome["length_nm"] == "80" && outcome["outside_edges"] == "2")
    // a: 10 + 10 of 30 nm; b: one edge of 50 nm.
    #expect(outcome["erl_nm"] == "33.75" && outcome["perfect_erl_nm"] == "42.5")
    #expect(outcome["split_edges"] == "1" && outcome["correct_edges"] == "3")
    #expect(outcome["omitted_edges"] == "0" && outcome["merging_segments"] == "0")
    #expect(outcome["voi_merge"] != nil)
    let table = String(decoding: contents(of: folder("t.csv")), as: UTF8.self)
    #expect(
      table.hasPrefix("skeleton,length_nm,erl_nm,") && table.contains("\nb,50,50,1,0,0,0,2,1"))

    swc("swc/c.swc", [(0, 50, 60), (0, 50, 70), (0, 50, 80)])
    let merged = emseg(words)
    #expect(merged["merge"] == "segment 1: a c")
    #expect(merged["merged_edges"] == "3")
    #expect(emseg(words + ["--merge-tolerance", "2"])["merged_edges"] == "0")
    try store(
      Self.labels { z, y, x in z == 3 && y == 19 && x == 0 ? 1 : 0 }, at: folder("mask"))
    let masked = emseg(words + ["--merge-tolerance", "2", "--no-merge-mask", folder("mask")])
    #expect(masked["merge"] == "segment 2: a" || masked["merging_segments"] == "0")

    let voxels = emseg(words + ["--unit", "10,10,10"])
    #expect(voxels.status == 65 && voxels.diagnostics.contains("--unit"))
    swc("swc/d.swc", [])
    overwrite(folder("swc/d.swc"), with: Array("1 0 0 0 0 1 2\n".utf8))
    let broken = emseg(words)
    #expect(broken.status == 65 && broken.diagnostics.contains("d.swc: line 1"))
    #expect(emseg("evaluate", "skeletons", folder("found"), folder("none")).status == 66)
  }

  @Test func `synapses are scored by tables or by a volume`() throws {
    let folder = TemporaryFolder()
    _ = try Self.volumes(in: folder)
    let header = "pre_z,pre_y,pre_x,post_z,post_y,post_x"
    func table(_ name: String, _ lines: [String]) {
      overwrite(folder(name), with: Array((lines.joined(separator: "\n") + "\n").utf8))
    }
    table("truth.csv", [header, "0,50,50,0,50,200", "30,50,50,30,50,200"])
    table("found.csv", [header, "0,60,50,0,50,200", "30,50,200,30,50,50", "0,50,50,30,60,250"])
    let words = ["evaluate", "synapses", folder("found.csv"), folder("truth.csv")]
    let plain = emseg(words)
    try #require(plain.status == 0, "\(plain.diagnostics)")
    #expect(plain["neurons"] == "any" && plain["true_positives"] == "2")
    #expect(plain.diagnostics.contains("do not name neurons"))
    let volume = emseg(
      words + ["--segmentation", folder("found"), "--table", folder("pairs.csv")])
    // The second one runs the other way; the third starts from segment 1.
    #expect(volume["true_positives"] == "1" && volume["false_positives"] == "2")
    #expect(volume["precision"] == "0.333333" && volume["recall"] == "0.5" && volume["f1"] == "0.4")
    let pairs = String(decoding: contents(of: folder("pairs.csv")), as: UTF8.self)
    #expect(pairs.contains("\ntrue_positive,1,1,5,0,60,50,"))
    #expect(pairs.contains("\nfalse_negative,,2,,30,50,50,"))
    table("ids.csv", [header + ",pre_id,post_id", "0,50,50,0,50,200,1,3"])
    let uneven = emseg("evaluate", "synapses", folder("ids.csv"), folder("truth.csv"))
    #expect(uneven.status == 65 && uneven.diagnostics.contains("--any-neurons"))
    table("bad.csv", [header, "1,2,3"])
    let bad = emseg("evaluate", "synapses", folder("bad.csv"), folder("truth.csv"))
    #expect(bad.status == 65 && bad.diagnostics.contains("line 2"), "\(bad.diagnostics)")
  }
}

/// Real volumes, where they are at hand.
@Suite(.enabled(if: shared != nil, "shared data is not there")) struct RealEvaluationTests {
  @Test func `an axon scores as NumPy says`() throws {
    let folder = "\(shared ?? "")/data/em/erl_axon"
    let outcome = emseg(
      "evaluate", "segmentation", folder + "/vol_pred.h5", folder + "/vol_gt.h5",
      "--every-convention")
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["voxels"] == "11597")
    let lines = outcome.output.split(separator: "\n")
    for (name, split, merge, arand) in [
      ("cremi", 0.473541285, 0.0, 0.126127203), ("labelled", 0.473541285, 0.0, 0.126127203),
      ("whole", 0.184205390, 0.008319033, 0.027851513),
    ] {
      let line = try #require(lines.first { $0.hasPrefix("convention\t\(name) ") })
      let values = line.split(separator: " ").compactMap { $0.split(separator: "=").last }
        .compactMap { Double($0) }
      for (value, expected) in zip([values[0], values[1], values[3]], [split, merge, arand]) {
        #expect(abs(value - expected) < 2e-6, "\(line)")
      }
    }
  }

  @Test func `affinities of FIB-25's truth give its pieces back`() throws {
    let folder = TemporaryFolder()
    let labels = "\(shared ?? "")/data/em/fib25/labels_z000-159.h5"
    for words in [
      ["import", labels, "--region", "0:40,0:96,0:96", "--output", folder("crop")],
      ["components", folder("crop"), "--connectivity", "6", "--output", folder("pieces")],
      ["affinities", folder("crop"), "--output", folder("a")],
      ["watershed", folder("a"), "--output", folder("f")],
      [
        "agglomerate", folder("f"), "--affinities", folder("a"), "--output", folder("s"),
        "--minimum-voxels", "0",
      ],
    ] {
      let outcome = emseg(words)
      try #require(outcome.status == 0, "\(words) \(outcome.diagnostics)")
    }
    let score = emseg("evaluate", "segmentation", folder("s"), folder("pieces"))
    let sum = try #require(score["voi_sum"].flatMap(Double.init))
    #expect(sum < 0.001, "\(score.output)")
  }
}
