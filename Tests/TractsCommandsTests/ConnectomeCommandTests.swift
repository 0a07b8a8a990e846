import Codecs
import CommandLineInterface
import ScannerImages
import TestSupport
import Testing
import TractsCommands
import VolumeStore
import Voxels

private let golden = volumes + "/golden/mrtrix3-3.0.3/connectome"

/// Runs `tracts` in this process.
private func tracts(_ words: [String]) -> (status: Int32, said: String, printed: String) {
  let (output, diagnostics) = (CapturedText(), CapturedText())
  let status = runTool(
    name: "tracts", version: "0", summary: "", commands: AllCommands.list, arguments: words,
    console: Console(output: output.stream(), diagnostics: diagnostics.stream()))
  return (status, diagnostics.text, output.text)
}

/// The lines of a file that are no comments.
private func lines(_ path: String) -> [Substring] {
  String(decoding: contents(of: path), as: UTF8.self).split(separator: "\n").filter {
    !$0.hasPrefix("#")
  }
}

private func assignment(_ name: String) -> [String] {
  for word in ["radial", "reverse", "forward"] where name.hasPrefix(word) {
    return ["--assignment", word, "--radius", String(name.dropFirst(word.count))]
  }
  return name == "endvox" || name == "end-voxels"
    ? ["--assignment", "end-voxels"]
    : name == "allvox" || name == "all-voxels" ? ["--assignment", "all-voxels"] : []
}

@Suite struct `tracts connectome` {
  private func run(_ name: String, _ output: String, _ options: [String]) -> (
    status: Int32, said: String, printed: String
  ) {
    tracts(
      [
        "connectome", "--streamlines", "\(golden)/\(name).tck", "--parcellation",
        "\(golden)/\(name).nii.gz", "--output", output,
      ] + options)
  }

  @Test(
    arguments: ["ras", "las", "lps", "psr", "turned"],
    ["radial2", "radial4", "end-voxels", "reverse0", "reverse3", "forward6", "all-voxels"])
  func `assignments and counts are tck2connectome's`(_ name: String, _ mode: String) {
    let temporary = TemporaryFolder()
    let run = run(
      name, temporary("m.csv"),
      assignment(mode) + [
        "--keep-unassigned", "--symmetric", "--assignments", temporary("a.txt"),
      ])
    #expect(run.status == 0, "\(run.said)")
    #expect(lines(temporary("m.csv")) == lines("\(golden)/\(name)_\(mode).csv"))
    #expect(lines(temporary("a.txt")) == lines("\(golden)/\(name)_\(mode).txt"))
  }

  @Test(arguments: ["ras", "las", "lps", "psr", "turned"], [1, 3])
  func `scaled values are tck2connectome's`(_ name: String, _ threads: Int) {
    let temporary = TemporaryFolder()
    let weights = ["--weights", "\(golden)/\(name)_weights.txt"]
    let values = ["--scale-file", "\(golden)/\(name)_values.txt"]
    for (file, options) in [
      ("weighted_length_values", ["--scale-length"] + weights + values),
      (
        "invlength_invnodevol_mean",
        ["--scale-invlength", "--scale-invnodevol", "--statistic", "mean"] + weights
      ),
      ("values_min", values + ["--statistic", "min", "--zero-diagonal"]),
      ("values_max", values + ["--statistic", "max", "--symmetric"]),
    ] {
      let run = run(
        name, temporary("m.csv"), options + ["--force", "--threads", "\(threads)"])
      #expect(run.status == 0, "\(run.said)")
      #expect(
        lines(temporary("m.csv")) == lines("\(golden)/\(name)_\(file).csv"), "\(name) \(file)")
    }
  }

  @Test func `many matrices in one pass are those of many passes`() {
    let temporary = TemporaryFolder()
    let measures = ["count", "mean_length", "mean:\(golden)/ras_values.txt"]
    let all = tracts(
      [
        "connectome", "--streamlines", "\(golden)/ras.tck", "--parcellation",
        "\(golden)/ras.nii.gz", "--parcellation", "\(golden)/las.nii.gz", "--output",
        temporary("many"),
      ] + measures.flatMap { ["--measure", $0] })
    #expect(all.status == 0, "\(all.said)")
    for parcellation in ["ras", "las"] {
      for (measure, name) in zip(measures, ["count", "mean_length", "mean_ras_values"]) {
        let one = tracts([
          "connectome", "--streamlines", "\(golden)/ras.tck", "--parcellation",
          "\(golden)/\(parcellation).nii.gz", "--measure", measure, "--output",
          temporary("m.csv"), "--force",
        ])
        #expect(one.status == 0)
        #expect(
          contents(of: temporary("m.csv"))
            == contents(of: temporary("many/\(parcellation)_\(name).csv")))
      }
    }
    #expect(folderContents(temporary("many")).count == 12)
  }

  @Test func `what a matrix was made of stands beside it`() throws {
    let temporary = TemporaryFolder()
    #expect(run("ras", temporary("m.csv"), []).status == 0)
    let object = try #require(JSONValue(parsing: contents(of: temporary("m.json"))).object)
    #expect(object["Streamlines"]?.int == 200)
    #expect(object["Measure"]?.string == "count")
    #expect(object["RadiusMillimetres"]?.double == 4)
    #expect(object["Inputs"]?.object?.count == 2)
    #expect(try #require(object["UnassignedShare"]?.double) > 0)
  }

  @Test func `outputs that are there stay without --force`() {
    let temporary = TemporaryFolder()
    overwrite(temporary("m.csv"), with: [7])
    #expect(run("ras", temporary("m.csv"), []).status == ExitStatus.cannotCreate.code)
    #expect(contents(of: temporary("m.csv")) == [7])
    #expect(run("ras", temporary("m.csv"), ["--force"]).status == 0)
  }

  @Test(arguments: [(199, "fewer numbers"), (201, "more numbers")])
  func `weights of the wrong length are an error, and leave nothing`(_ count: Int, _ text: String) {
    let temporary = TemporaryFolder()
    overwrite(
      temporary("w.txt"),
      with: Array([String](repeating: "1", count: count).joined(separator: "\n").utf8))
    let run = run("ras", temporary("m.csv"), ["--weights", temporary("w.txt")])
    #expect(run.status == ExitStatus.badData.code)
    #expect(run.said.contains(text))
    #expect(folderContents(temporary.path) == ["w.txt"])
  }

  @Test(arguments: [
    (["--assignment", "forward"], "--radius"), (["--measure", "fbc"], "--weights"),
    (["--assignment", "end-voxels", "--radius", "4"], "--radius"),
    (["--measure", "count", "--measure", "mean_length"], "folder"),
    (["--scale-length", "--scale-invlength"], "exclude"),
  ])
  func `options that do not fit are told`(_ options: [String], _ text: String) {
    let temporary = TemporaryFolder()
    let run = run("ras", temporary("m.csv"), options)
    #expect(run.status == ExitStatus.usage.code)
    #expect(run.said.contains(text), "\(run.said)")
  }

  @Test func `labels stored as floats are labels, and several volumes are none`() throws {
    let temporary = TemporaryFolder()
    let image = try ScannerImage("\(golden)/ras.nii.gz")
    let labels = try image.volume()
    try ScannerImage.write(
      labels, to: temporary("float.nii.gz"), transform: image.transform, replacing: false)
    let float = tracts([
      "connectome", "--streamlines", "\(golden)/ras.tck", "--parcellation",
      temporary("float.nii.gz"), "--output", temporary("m.csv"), "--symmetric",
      "--keep-unassigned",
    ])
    #expect(float.status == 0, "\(float.said)")
    #expect(lines(temporary("m.csv")) == lines("\(golden)/ras_radial4.csv"))
    let double = Volume<Float>(channels: 2, box: labels.box)
    try ScannerImage.write(
      double, to: temporary("two.nii.gz"), transform: image.transform, replacing: false)
    let two = tracts([
      "connectome", "--streamlines", "\(golden)/ras.tck", "--parcellation",
      temporary("two.nii.gz"), "--output", temporary("n.csv"),
    ])
    #expect(two.status == ExitStatus.badData.code)
    #expect(two.said.contains("one volume"))
  }

  @Test func `tractograms are converted and described`() {
    let temporary = TemporaryFolder()
    let run = tracts([
      "convert", "\(golden)/ras.tck", temporary("a.trk"), "--reference", "\(golden)/ras.nii.gz",
    ])
    #expect(run.status == 0, "\(run.said)")
    let info = tracts(["info", temporary("a.trk"), "--count"])
    #expect(info.status == 0, "\(info.said)")
    #expect(info.printed.contains("streamlines\t200\n"))
    #expect(info.printed.contains("voxel_order\tRAS\n"))
  }
}

@Suite(.enabled(if: shared != nil, "the shared data is not there"))
struct `Reference connectomes` {
  private static let cases = [
    ("connectome_phantom", "mrtrix_phantom/tracks.tck", "mrtrix_phantom/parc.nii.gz"),
    ("connectome_tractor_wm2gm_fs84", "tractor/wm2gm.tck", "tractor/nodes_fs84.nii.gz"),
  ]

  /// The options that the name of a reference file stands for.
  private static func options(_ name: String, _ folder: String) -> [String] {
    let weights = ["--weights", "\(folder)/weights.txt"]
    let values = ["--scale-file", "\(folder)/fa_mean.txt"]
    switch name {
    case "vector", "assign_vector": return ["--vector"]
    case "count_keep": return ["--keep-unassigned"]
    case "count_keep_sym": return ["--keep-unassigned", "--symmetric"]
    case "count_sym": return ["--symmetric"]
    case "count_sym_zd": return ["--symmetric", "--zero-diagonal"]
    case "invlength_sum": return ["--scale-invlength"]
    case "invnodevol_sum": return ["--scale-invnodevol"]
    case "invlength_invnodevol_sum": return ["--scale-invlength", "--scale-invnodevol"]
    case "weighted_sum": return weights
    default: break
    }
    let words = name.split(separator: "_").map(String.init)
    if words[0] == "count" || words[0] == "assign" { return assignment(words[1]) }
    return (words[0] == "weighted" ? weights : [])
      + (words.contains("fa") ? values : ["--scale-length"])
      + ["--statistic", words[words.count - 1]]
  }

  @Test(arguments: cases)
  func `every matrix and assignment file is equal as text`(
    _ name: String, _ streamlines: String, _ parcellation: String
  ) {
    let data = (shared ?? "") + "/data/dti"
    let folder = "\(data)/reference/mrtrix/\(name)"
    let temporary = TemporaryFolder()
    var equal = 0
    for file in folderContents(folder) {
      let isMatrix = file.hasSuffix(".csv")
      guard isMatrix || file.hasPrefix("assign_") else { continue }
      let stem = String(file.dropLast(4))
      let run = tracts(
        [
          "connectome", "--streamlines", "\(data)/\(streamlines)", "--parcellation",
          "\(data)/\(parcellation)", "--output", temporary("m.csv"), "--assignments",
          temporary("a.txt"), "--force", "--quiet",
        ] + Self.options(stem, folder))
      #expect(run.status == 0, "\(file): \(run.said)")
      let isEqual = lines(temporary(isMatrix ? "m.csv" : "a.txt")) == lines("\(folder)/\(file)")
      #expect(isEqual, "\(file)")
      if isEqual { equal += 1 }
    }
    #expect(equal == 46)
  }

  @Test(arguments: [
    ("aal", "ROI_MNI_V4.txt", "aal.txt"), ("fs", "FreeSurferColorLUT.txt", "fs_default.txt"),
    ("lpba40", "LPBA40-labels.txt", "lpba40.txt"), ("iit", "LUT_GM.txt", "fs_a2009s.txt"),
  ])
  func `labelconvert gives the reference images`(
    _ name: String, _ old: String, _ new: String
  ) throws {
    let labels = (shared ?? "") + "/data/dti/labels"
    let temporary = TemporaryFolder()
    let run = tracts([
      "labelconvert", "\(labels)/in_\(name).nii.gz", "\(labels)/\(old)", "\(labels)/\(new)",
      temporary("out.nii.gz"), "--ignore-unmatched",
    ])
    #expect(run.status == 0, "\(run.said)")
    let found = try ScannerImage(temporary("out.nii.gz")).labels()
    #expect(found == (try ScannerImage("\(labels)/out_\(name).nii.gz").labels()))
  }

  @Test func `names that the old table does not have are an error`() {
    let labels = (shared ?? "") + "/data/dti/labels"
    let temporary = TemporaryFolder()
    let run = tracts([
      "labelconvert", "\(labels)/in_iit.nii.gz", "\(labels)/LUT_GM.txt", "\(labels)/aal.txt",
      temporary("out.nii.gz"),
    ])
    #expect(run.status == ExitStatus.badData.code)
    #expect(run.said.contains("Precentral_L"))
    #expect(folderContents(temporary.path).isEmpty)
  }
}
