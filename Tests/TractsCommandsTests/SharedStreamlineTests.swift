import CommandLineInterface
import ScannerImages
import TestSupport
import Testing
import TractsCommands
import Voxels

/// What DIPY 1.12.1 made of MRtrix3's phantom; present where FASCICLE_SHARED is.
@Suite(.enabled(if: shared != nil, "the shared data is not there"))
struct `DIPY's connectivity of the phantom` {
  private let phantom = (shared ?? "") + "/data/dti/mrtrix_phantom"
  private let reference = (shared ?? "") + "/data/dti/reference/dipy/connectome_phantom"

  private func tracts(_ words: [String]) -> (status: Int32, said: String) {
    let (output, diagnostics) = (CapturedText(), CapturedText())
    let status = runTool(
      name: "tracts", version: "0", summary: "", commands: AllCommands.list, arguments: words,
      console: Console(output: output.stream(), diagnostics: diagnostics.stream()))
    return (status, diagnostics.text)
  }

  private func rows(_ path: String) -> [[Double]] {
    String(decoding: contents(of: path), as: UTF8.self).split(separator: "\n").map { line in
      line.split(separator: ",").compactMap { Double($0) }
    }
  }

  private func matrix(_ assignment: String, _ options: [String]) -> [[Double]] {
    let temporary = TemporaryFolder()
    let run = tracts(
      [
        "connectome", "--streamlines", "\(phantom)/tracks.tck", "--parcellation",
        "\(phantom)/parc.nii.gz", "--assignment", assignment, "--symmetric", "--keep-unassigned",
        "--output", temporary("m.csv"),
      ] + options)
    #expect(run.status == 0, "\(run.said)")
    return rows(temporary("m.csv"))
  }

  @Test func `voxels of the ends give connectivity_matrix`() {
    let expected = rows("\(reference)/sym.csv")
    #expect(expected.count == 5)
    #expect(matrix("end-voxels", []) == expected)
  }

  @Test func `all voxels give inclusive counts between regions`() {
    let (found, expected) = (matrix("all-voxels", []), rows("\(reference)/incl_sym.csv"))
    // DIPY counts the background as a region, and no region with itself.
    for row in 1..<5 {
      for column in 1..<5 where row != column {
        #expect(found[row][column] == expected[row][column])
      }
    }
    #expect(expected[1][2] == 3384)
  }

  @Test func `points without upsampling give density_map`() throws {
    let temporary = TemporaryFolder()
    let run = tracts([
      "map", "\(phantom)/tracks.tck", temporary("m.nii"), "--template", "\(phantom)/parc.nii.gz",
      "--upsample", "1",
    ])
    #expect(run.status == 0, "\(run.said)")
    let found = try ScannerImage(temporary("m.nii")).volume()
    let expected = try ScannerImage("\(reference)/density_map.nii.gz").volume()
    try #require(found.box == expected.box)
    let (values, others) = (found.span, expected.span)
    let differing = values.indices.count { values[$0] != others[$0] }
    let sum = others.indices.reduce(Float(0)) { $0 + others[$1] }
    #expect(differing == 0)
    #expect(sum > 100_000)
  }

  @Test func `lengths are those of length`() throws {
    let temporary = TemporaryFolder()
    #expect(
      tracts(["stats", "\(phantom)/tracks.tck", "--dump", temporary("l.txt"), "--output", "count"])
        .status == 0)
    func numbers(_ path: String) -> [Double] {
      String(decoding: contents(of: path), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        .compactMap { Double($0) }
    }
    let (found, expected) = (numbers(temporary("l.txt")), numbers("\(reference)/lengths.txt"))
    try #require(found.count == expected.count && found.count == 5000)
    for (length, other) in zip(found, expected) {
      #expect(abs(length - other) < 5e-5 * other)
    }
  }
}
