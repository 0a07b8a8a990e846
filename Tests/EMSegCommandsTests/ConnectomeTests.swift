import Codecs
import Connectomes
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Three neurons, slabs along x of 10 voxels of 10 nm each: labels 11, 22 and 33; 0 above z = 6.
struct ConnectomeTests {
  private static let header = "pre_z,pre_y,pre_x,post_z,post_y,post_x,size,score"
  private static let rows = [
    "20,50,50,20,50,150,100,0.5",  // 11 → 22
    "20,80,50,20,80,150,50,1",  // 11 → 22
    "20,50,150,20,50,250,30,0.5",  // 22 → 33
    "40,50,250,40,50,50,20,0.25",  // 33 → 11
    "20,50,160,20,50,60,7,0.75",  // 22 → 11
    "20,50,50,20,60,60,9,0.5",  // 11 → 11
    "70,50,50,20,50,150,5,0.5",  // background → 22
  ]

  private static func neurons(in folder: TemporaryFolder) throws {
    let box = VoxelBox(extent: VoxelExtent(z: 8, y: 20, x: 30))
    var (labels, regions) = ([UInt64](), [UInt64]())
    for z in 0..<8 {
      for _ in 0..<20 {
        for x in 0..<30 {
          labels.append(z > 6 ? 0 : UInt64(x / 10 + 1) * 11)
          // Two regions, front and back along z.
          regions.append(z < 3 ? 1 : 2)
        }
      }
    }
    try store(Volume(box: box, values: labels), at: folder("neurons"))
    try store(Volume(box: box, values: regions), at: folder("regions"))
    table(folder("synapses.csv"), rows)
  }

  private static func table(_ path: String, header: String = header, _ rows: [String]) {
    overwrite(path, with: Array(([header] + rows + [""]).joined(separator: "\n").utf8))
  }

  private func text(_ path: String) -> String {
    String(decoding: contents(of: path), as: UTF8.self)
  }

  @Test func `a table and a volume become a graph in every format`() throws {
    let folder = TemporaryFolder()
    try Self.neurons(in: folder)
    let outcome = emseg(
      "connectome", folder("synapses.csv"), "--segmentation", folder("neurons"), "--regions",
      folder("regions"), "--plot", "--measures", "reciprocity,triad_census,triad_z", "--nulls", "5",
      "--output", folder("c"))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["synapses"] == "7" && outcome["unassigned"] == "1")
    #expect(outcome["autapses"] == "1" && outcome["segments"] == "3")
    #expect(outcome["connections"] == "4" && outcome["synapses_in_connections"] == "5")
    #expect(
      text(folder("c/edges.csv")) == """
        pre,post,count,size,mean_score,weight,region
        11,22,2,150,0.75,2,1
        22,11,1,7,0.75,1,1
        22,33,1,30,0.5,1,1
        33,11,1,20,0.25,1,2

        """)
    #expect(text(folder("c/edges.tsv")).contains("\n11\t22\t2\t150\t0.75\t2\t1\n"))
    let array = try ParsedMatrix(parsing: contents(of: folder("c/adjacency.npy")), as: .numPy)
    #expect(array.values == [0, 2, 0, 1, 0, 1, 1, 0, 0])
    let graph = try ParsedMatrix(
      parsing: contents(of: folder("c/connectome.graphml")), as: .graphML)
    #expect(graph.values == array.values && graph.nodes.map(\.title) == ["11", "22", "33"])
    #expect(text(folder("c/labels.csv")) == "row,segment\n0,11\n1,22\n2,33\n")
    let json = try #require(
      try JSONValue(parsing: contents(of: folder("c/connectome.json"))).object)
    let origin = try #require(json["graph"]?.object)
    #expect(origin["synapses"]?.object?["unassigned"]?.int == 1)
    #expect(origin["segmentation"]?.object?["identity"]?.string?.hasPrefix("array ") == true)
    #expect(
      origin["inputs"]?.object?[folder("synapses.csv")]?.string?.hasPrefix("xxh3-128:") == true)
    #expect(json["nodes"]?.array?.first?.object?["out_degree"]?.int == 1)
    #expect(json["nodes"]?.array?.first?.object?["community"] != nil)
    let measures = try #require(
      try JSONValue(parsing: contents(of: folder("c/measures.json"))).object)
    let binary = measures["graphs"]?.array?.first?.object?["binary"]?.object
    #expect(binary?["reciprocity"]?.double == 0.5)
    #expect(binary?["triad_census"]?.object?["120C"]?.int == 1)
    #expect(text(folder("c/adjacency.svg")).contains("<svg"))
    #expect(text(folder("c/degrees.svg")).contains("<svg"))
  }

  @Test func `options choose weights, autapses and duplicates`() throws {
    let folder = TemporaryFolder()
    try Self.neurons(in: folder)
    let words = [
      "connectome", folder("synapses.csv"), "--segmentation", folder("neurons"), "--output",
      folder("c"),
    ]
    let area = emseg(words + ["--weight", "area", "--minimum-weight", "25"])
    try #require(area.status == 0, "\(area.diagnostics)")
    #expect(
      text(folder("c/edges.csv"))
        == "pre,post,count,size,mean_score,weight\n11,22,2,150,0.75,150\n22,33,1,30,0.5,30\n")
    // Nothing is replaced unless that is asked for.
    #expect(emseg(words).status == 73)
    let merged = emseg(
      words + ["--force", "--weight", "score", "--merge-distance", "30", "--keep-autapses"])
    try #require(merged.status == 0, "\(merged.diagnostics)")
    #expect(merged["duplicates"] == "1" && merged["autapses"] == nil)
    let lines = text(folder("c/edges.csv")).split(separator: "\n")
    #expect(lines[1] == "11,11,1,9,0.5,0.5" && lines[2] == "11,22,1,50,1,1")
    let scored = emseg(words + ["--force", "--minimum-score", "0.5"])
    #expect(scored["below_minimum_score"] == "1" && scored["connections"] == "3")
    #expect(folderContents(folder.path).allSatisfy { !$0.hasSuffix(".unfinished") })
  }

  @Test func `ids of the table stand for neurons where there is no volume`() throws {
    let folder = TemporaryFolder()
    Self.table(
      folder("ids.csv"), header: "pre_pt_position,post_pt_position,pre_pt_root_id,post_pt_root_id",
      [
        "\"[1,2,3]\",\"[4,5,6]\",720575940621035573,720575940621035574",
        "\"[1,2,3]\",\"[4,5,6]\",720575940621035573,",
      ])
    let roots = emseg("connectome", folder("ids.csv"), "--output", folder("c"))
    try #require(roots.status == 0, "\(roots.diagnostics)")
    #expect(roots["unassigned"] == "1" && roots["connections"] == "1")
    #expect(text(folder("c/edges.csv")).contains("\n720575940621035573,720575940621035574,1,,,1\n"))
    Self.table(
      folder("voxels.csv"),
      header: "pre_pt_position,post_pt_position,pre_pt_supervoxel_id,post_pt_supervoxel_id",
      ["\"[1,2,3]\",\"[4,5,6]\",1,4", "\"[1,2,3]\",\"[4,5,6]\",2,3"])
    Self.table(
      folder("segments.csv"), header: "supervoxel,segment", ["1,70", "2,70", "3,80", "4,80"])
    let joined = emseg(
      "connectome", folder("voxels.csv"), "--segments", folder("segments.csv"), "--output",
      folder("d"))
    try #require(joined.status == 0, "\(joined.diagnostics)")
    #expect(text(folder("d/edges.csv")).contains("\n70,80,2,,,2\n"))
    let supervoxels = emseg("connectome", folder("voxels.csv"), "--output", folder("e"))
    #expect(supervoxels["connections"] == "2" && supervoxels.diagnostics.contains("supervoxels"))
  }

  @Test func `what cannot be a connectome is refused with its row and a remedy`() throws {
    let folder = TemporaryFolder()
    try Self.neurons(in: folder)
    func refused(_ words: [String], saying: String..., status: Int32 = 65) {
      let outcome = emseg(["connectome"] + words + ["--output", folder("c")])
      #expect(outcome.status == status, "\(outcome.diagnostics)")
      for word in saying {
        #expect(outcome.diagnostics.contains(word), "\(word): \(outcome.diagnostics)")
      }
      #expect(!folderContents(folder.path).contains { $0.hasPrefix("c") })
    }
    let volume = ["--segmentation", folder("neurons")]
    Self.table(folder("outside.csv"), Self.rows + ["20,50,50,20,50,300,1,1"])
    refused(
      [folder("outside.csv")] + volume, saying: "row 8: the postsynaptic side lies outside",
      "20,50,300 nm", "--unit", "--ignore-outside")
    let ignored = emseg(
      ["connectome", folder("outside.csv"), "--ignore-outside", "--output", folder("i")] + volume)
    #expect(ignored["outside"] == "1" && ignored["connections"] == "4")
    // Nanometres taken for voxels.
    refused(
      [folder("synapses.csv"), "--unit", "10,10,10"] + volume, saying: "row 1", "units",
      "leave --unit out")
    Self.table(folder("empty.csv"), [])
    refused([folder("empty.csv")] + volume, saying: "no synapses")
    overwrite(folder("nothing.csv"), with: [])
    refused([folder("nothing.csv")] + volume, saying: "the table is empty")
    refused([folder("synapses.csv")], saying: "do not say which neurons", "--segmentation")
    refused([folder("none.csv")] + volume, saying: "no such table", status: 66)
    Self.table(
      folder("ids.csv"), header: "pre_z,pre_y,pre_x,post_z,post_y,post_x,pre_id,post_id",
      ["1,1,1,1,1,1,5,6", "1,1,1,1,1,1,5,7"])
    Self.table(folder("segments.csv"), header: "id,segment", ["5,50", "6,60"])
    refused(
      [folder("ids.csv"), "--segments", folder("segments.csv")],
      saying: "row 2: the postsynaptic id is not in the segmentation", "found:    7")
    refused([folder("ids.csv"), "--weight", "area"], saying: "row 1: the size is no weight")
    Self.table(folder("autapse.csv"), [Self.rows[5]])
    refused([folder("autapse.csv")] + volume, saying: "no connection is left", "1 autapses")
    refused(
      [folder("synapses.csv"), "--minimum-weight", "9"] + volume, saying: "lower --minimum-weight")
    refused(
      [folder("synapses.csv"), "--measures", "beauty"] + volume, saying: "no such measure",
      status: 64)
    let content: [UInt8] = [1]
    try FileStore(root: folder("other")).write(content.span.bytes, to: "file")
    let other = emseg(
      ["connectome", folder("synapses.csv"), "--force", "--output", folder("other")] + volume)
    #expect(other.status == 73 && filesBelow(folder("other")) == ["file"])
  }
}
