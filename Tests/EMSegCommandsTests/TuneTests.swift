import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

/// Thresholds from labels, and affinities from labels.
@Suite struct TuneTests {
  /// The value of a column in each row of the curve.
  private static func column(_ name: String, of output: String) -> [Double] {
    let rows = output.split(separator: "\n").map { $0.split(separator: "\t") }
    guard let index = rows.first?.firstIndex(where: { $0 == name }) else { return [] }
    return rows.dropFirst().filter { $0.count == rows[0].count }.compactMap { Double($0[index]) }
  }

  @Test func `affinities of labels are links between voxels of one object`() throws {
    let folder = TemporaryFolder()
    let box = VoxelBox(extent: VoxelExtent(z: 5, y: 18, x: 21))
    let truth = randomVolume(UInt8.self, box: box, seed: 4)
    var few = Volume<UInt64>(box: box)
    for z in 0..<5 {
      for y in 0..<18 {
        let values = truth.row(z: z, y: y)
        var row = few.mutableRow(z: z, y: y)
        for x in 0..<21 { row[x] = UInt64(values[x] % 3) * (UInt64.max / 2) }
      }
    }
    try store(few, at: folder("truth"))
    let offsets = [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [2, -3, 5]]
    let words = ["affinities", folder("truth"), "--offsets", "-1,0,0;0,-1,0;0,0,-1;2,-3,5"]
    try #require(emseg(words + ["--output", folder("whole")]).status == 0)
    try #require(
      emseg(words + ["--output", folder("parts"), "--block", "2,7,9", "--threads", "3"]).status
        == 0)
    let whole = try ZarrArray.openVolume(at: folder("whole"))
    let found = try whole.read(box, as: UInt8.self)
    let parts = try ZarrArray.openVolume(at: folder("parts"))
    #expect(try values(parts.read(box, as: UInt8.self)) == values(found))
    for (channel, offset) in offsets.enumerated() {
      for z in 0..<5 {
        for y in 0..<18 {
          for x in 0..<21 {
            let here = VoxelPosition(z: z, y: y, x: x)
            let there = VoxelPosition(z: z + offset[0], y: y + offset[1], x: x + offset[2])
            let isLinked = box.contains(there) && few[here] == few[there] && few[here] != 0
            #expect(found[here, channel: channel] == (isLinked ? 255 : 0), "\(channel) \(here)")
          }
        }
      }
    }
    #expect(
      emseg("affinities", folder("truth"), "--offsets", "0,0,0", "--output", "x").status == 64)
    #expect(
      emseg("affinities", folder("truth"), "--offsets", "0,1,0;0,1,0", "--output", "x").status == 64
    )
  }

  @Test func `perfect affinities give the truth back`() throws {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder).status == 0)
    for words in [
      ["components", folder("truth.zarr"), "--connectivity", "6", "--output", folder("t")],
      ["affinities", folder("t"), "--output", folder("a")],
      ["watershed", folder("a"), "--output", folder("f")],
      [
        "agglomerate", folder("f"), "--affinities", folder("a"), "--output", folder("s"),
        "--minimum-voxels", "0",
      ],
    ] {
      let outcome = emseg(words)
      try #require(outcome.status == 0, "\(words) \(outcome.diagnostics)")
    }
    let score = emseg("evaluate", "segmentation", folder("s"), folder("t"))
    let sum = try #require(score["voi_sum"].flatMap(Double.init))
    // Single voxels without any link are background.
    #expect(sum < 0.05, "\(score.output)")
    #expect(score["voi_merge"] == "0" || sum < 0.01)
  }

  @Test func `a curve over thresholds ends in the best of them`() throws {
    let folder = TemporaryFolder()
    let model = phantomModel
    try #require(
      emseg("import", sample + "/gray", "--voxel-size", "10,10,10", "--output", folder("raw"))
        .status == 0)
    let project = folder("p.fascicle")
    try #require(
      emseg(
        "segment", folder("raw"), "--model", model, "--output", project, "--threshold", "0.5"
      ).status == 0)
    let words = ["tune", project, sample + "/labels.h5"]
    let outcome = emseg(words + ["--thresholds", "0.1:0.7:0.2", "--plot", folder("curve.svg")])
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(Self.column("threshold", of: outcome.output) == [0.1, 0.3, 0.5, 0.7])
    let sums = Self.column("voi_sum", of: outcome.output)
    #expect(outcome["best_voi_sum"].flatMap(Double.init) == sums.min())
    let ideal = try #require(outcome["ideal_voi_sum"].flatMap(Double.init))
    // It makes overlaps largest, not this score least, but is far ahead on real merges.
    #expect(ideal < 0.02 + (sums.min() ?? 0))
    #expect(contents(of: folder("curve.svg")).starts(with: Array("<?xml".utf8)))
    // The project's own threshold scores as its labels do.
    let score = emseg("evaluate", "segmentation", project, sample + "/labels.h5")
    for name in ["voi_split", "voi_merge", "arand", "cremi_score"] {
      #expect(
        score[name].flatMap(Double.init) == Self.column(name, of: outcome.output)[2], "\(name)")
    }
    let other = emseg(words + ["--thresholds", "0.5,0.1", "--measure", "voi-merge", "--json"])
    #expect(other.output.contains("\"measure\" : \"voi-merge\""))

    let anew = emseg(
      "tune", project + "/affinities.zarr", sample + "/labels.h5", "--thresholds", "0.1:0.7:0.2",
      "--low", "0.05,0.3")
    try #require(anew.status == 0, "\(anew.diagnostics)")
    // Where the labels cover all of the volume, the same segments come of it.
    #expect(Array(Self.column("voi_sum", of: anew.output).prefix(4)) == sums)
    #expect(Self.column("low", of: anew.output) == [0.05, 0.05, 0.05, 0.05, 0.3, 0.3, 0.3, 0.3])
    #expect(anew["best_low"] != nil && anew["best_high"] == "0.9999")

    #expect(emseg(words + ["--thresholds", "0.5:0.1:0.1"]).status == 64)
    #expect(emseg(words + ["--thresholds", "0.1:0.5:0"]).status == 64)
    #expect(emseg(words + ["--plot", folder("curve.pdf")]).status == 64)
    let affinities = ["tune", project + "/affinities.zarr", sample + "/labels.h5"]
    #expect(emseg(affinities + ["--low", "0.5", "--high", "0.4"]).status == 64)
    let large = emseg(affinities + ["--memory", "70MiB"])
    #expect(large.status == 64 && large.diagnostics.contains("--region"), "\(large.diagnostics)")
  }
}
