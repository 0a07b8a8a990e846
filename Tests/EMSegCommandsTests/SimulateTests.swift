import TestSupport
import Testing
import VolumeStore

@Suite struct SimulateTests {
  /// A folder with a connectome of three neurons: 5 excites 9, 7 inhibits 9.
  private static func prepared() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try FileStore(root: folder("connectome")).write(
      Array("pre,post,count,weight\n5,9,4,1000\n7,9,2,1000\n".utf8).rawSpan, to: "edges.csv")
    overwrite(
      folder("transmitters.csv"),
      with: Array("neuron,transmitter\n5,acetylcholine\n7,GABA\n".utf8))
    return folder
  }

  private static func simulate(_ folder: TemporaryFolder, _ words: String...) -> Outcome {
    emseg(["simulate", folder("connectome"), "--output", folder("run")] + words)
  }

  /// The spikes of each neuron by rates.csv.
  private static func counts(_ folder: TemporaryFolder) -> [String: Int] {
    let rows = String(decoding: contents(of: folder("run/rates.csv")), as: UTF8.self)
      .split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    return Dictionary(uniqueKeysWithValues: rows.map { (String($0[0]), Int($0[1]) ?? -1) })
  }

  @Test func `a driven neuron drives its receivers`() throws {
    let folder = try Self.prepared()
    let outcome = Self.simulate(folder, "--stimulate", "5", "--drive", "25")
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(
      folderContents(folder("run")).sorted() == [
        "raster.svg", "rates.csv", "simulation.json", "spikes.csv",
      ])
    let counts = Self.counts(folder)
    #expect((counts["5"] ?? 0) > 20 && (counts["9"] ?? 0) > 5 && counts["7"] == 0)
    let lines = String(decoding: contents(of: folder("run/spikes.csv")), as: UTF8.self)
      .split(separator: "\n")
    #expect(lines[0] == "time_ms,neuron")
    #expect("\(lines.count - 1)" == outcome["spikes"])
    #expect(outcome.diagnostics.contains("transmitters"), "all excite, and that is told")
  }

  @Test func `transmitters make neurons inhibit, and silencing stops them`() throws {
    let folder = try Self.prepared()
    let words = ["--stimulate", "5,7", "--drive", "25", "--force", "--transmitters"]
    let all = emseg(
      ["simulate", folder("connectome"), "--output", folder("run")] + words
        + [folder("transmitters.csv")])
    try #require(all.status == 0, "\(all.diagnostics)")
    let inhibited = Self.counts(folder)["9"] ?? -1
    let cut = emseg(
      ["simulate", folder("connectome"), "--output", folder("run")] + words
        + [folder("transmitters.csv"), "--silence", "7"])
    try #require(cut.status == 0, "\(cut.diagnostics)")
    let counts = Self.counts(folder)
    #expect(counts["7"] == 0)
    #expect((counts["9"] ?? 0) > inhibited)
  }

  @Test func `the same seed gives the same spikes`() throws {
    let folder = try Self.prepared()
    var tables: [[UInt8]] = []
    for seed in ["1", "1", "2"] {
      let outcome = Self.simulate(
        folder, "--stimulate", "5", "--rate", "100", "--seed", seed, "--force")
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
      tables.append(contents(of: folder("run/spikes.csv")))
    }
    #expect(tables[0] == tables[1])
    #expect(tables[0] != tables[2])
  }

  @Test func `what makes no sense is refused`() throws {
    let folder = try Self.prepared()
    #expect(Self.simulate(folder, "--stimulate", "6", "--drive", "20").status == 64)
    #expect(Self.simulate(folder, "--stimulate", "5").status == 64)
    #expect(Self.simulate(folder, "--reset", "-50").status == 64)
    #expect(Self.simulate(folder, "--strength", "area").status == 65)
    overwrite(folder("connectome/edges.csv"), with: Array("pre,post,weight\n5,x,1\n".utf8))
    let bad = Self.simulate(folder)
    #expect(bad.status == 65)
    #expect(bad.diagnostics.contains("line 2"), "\(bad.diagnostics)")
    overwrite(folder("connectome/edges.csv"), with: Array("pre,post,weight\n".utf8))
    #expect(Self.simulate(folder).status == 65)
    let none = emseg("simulate", folder("nowhere"), "--output", folder("run"))
    #expect(none.status == 66, "\(none.diagnostics)")
    #expect(!folderContents(folder.path).contains("run"))
  }

  @Test func `too many spikes are refused, with what helps`() throws {
    let folder = try Self.prepared()
    let outcome = Self.simulate(
      folder, "--stimulate", "5", "--drive", "500", "--memory", "1KiB")
    #expect(outcome.status == 65)
    #expect(outcome.diagnostics.contains("--duration"))
    #expect(!folderContents(folder.path).contains("run"))
  }
}
