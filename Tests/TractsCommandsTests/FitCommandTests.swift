import CommandLineInterface
import Diffusion
import Glibc
import ScannerImages
import TestSupport
import Testing
import TractsCommands
import VolumeStore
import Voxels

/// Runs a command line in this process: its status, and what it wrote.
private func tracts(_ words: [String]) -> (status: Int32, output: String, diagnostics: String) {
  let (output, diagnostics) = (CapturedText(), CapturedText())
  let status = runTool(
    name: "tracts", version: "test", summary: "", commands: AllCommands.list, arguments: words,
    console: Console(
      output: output.stream(), diagnostics: diagnostics.stream(), cancellation: CancellationFlag()))
  return (status, output.text, diagnostics.text)
}

private func values(_ path: String) throws -> [Float] {
  let image = try ScannerImage(path)
  let volume = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
  let span = volume.span
  return span.indices.map { span[$0] }
}

struct FitCommandTests {
  private let folder = TemporaryFolder()
  private static let golden = "\(volumes)/golden/tensors"
  private static let input = [
    "fit", "\(golden)/dwi.nii.gz", "--bvec", "\(golden)/dwi.bvec", "--bval", "\(golden)/dwi.bval",
  ]

  @Test func `every usual map is written, and nothing else`() throws {
    let outcome = tracts(Self.input + ["--output", folder("dti")])
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    let names = ["ad", "cl", "cp", "cs", "eigenvalues", "fa", "md", "mode", "rd", "s0", "tensor"]
    #expect(
      folderContents(folder("dti")) == (names + ["v1", "v2", "v3"]).map { "\($0).nii.gz" })
    let (found, expected) = (
      try values(folder("dti/fa.nii.gz")), try values("\(Self.golden)/mrtrix-fa.nii.gz")
    )
    #expect(zip(found, expected).dropFirst().allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(found[0] == 0)
  }

  @Test func `memory, threads and formats change nothing`() throws {
    var tensors: [[Float]] = []
    for (name, more) in [
      ("a", ["--threads", "1"]), ("b", ["--threads", "3", "--memory", "1KiB"]),
      ("c", ["--format", "mif"]), ("d", ["--format", "nii"]),
    ] {
      let outcome = tracts(
        Self.input + ["--output", folder(name), "--maps", "tensor,predicted"] + more)
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
      let ending = name == "c" ? "mif" : name == "d" ? "nii" : "nii.gz"
      tensors.append(try values(folder("\(name)/tensor.\(ending)")))
    }
    #expect(tensors.dropFirst().allSatisfy { $0 == tensors[0] })
    // A MIF carries the gradients on.
    #expect(try ScannerImage(folder("c/predicted.mif")).header.gradients?.count == 32)
  }

  @Test func `predicted and residual signals add up to the measured ones`() throws {
    let outcome = tracts(
      Self.input + ["--output", folder("dti"), "--maps", "predicted,residual"])
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    let (predicted, residual) = (
      try values(folder("dti/predicted.nii.gz")), try values(folder("dti/residual.nii.gz"))
    )
    let signals = try values("\(Self.golden)/dwi.nii.gz")
    for place in signals.indices {
      #expect(abs(predicted[place] + residual[place] - signals[place]) <= 1e-4 * 3000)
    }
  }

  @Test func `FSL's and DIPY's orders are along the vectors' axes`() throws {
    for order in ["mrtrix", "fsl", "dipy"] {
      let outcome = tracts(
        Self.input + ["--output", folder(order), "--maps", "tensor,v1", "--order", order])
      #expect(outcome.status == 0, "\(outcome.diagnostics)")
    }
    let (fsl, dipy) = (
      try values(folder("fsl/tensor.nii.gz")), try values(folder("dipy/tensor.nii.gz"))
    )
    let count = fsl.count / 6
    for (one, other) in zip([0, 1, 2, 3, 4, 5], [0, 1, 3, 2, 4, 5]) {
      #expect(
        (0..<count).allSatisfy { fsl[one * count + $0] == dipy[other * count + $0] })
    }
    // v1 is the direction along which FSL's tensor is largest: D v = λ v.
    let v = try values(folder("fsl/v1.nii.gz"))
    for voxel in 1..<count {
      func d(_ place: Int) -> Double { Double(fsl[place * count + voxel]) }
      let x = SIMD3(
        Double(v[voxel]), Double(v[count + voxel]), Double(v[2 * count + voxel]))
      let product = SIMD3(
        d(0) * x.x + d(1) * x.y + d(2) * x.z, d(1) * x.x + d(3) * x.y + d(4) * x.z,
        d(2) * x.x + d(4) * x.y + d(5) * x.z)
      let difference = product - (product * x).sum() * x
      #expect((difference * difference).sum() < 1e-12 * (product * product).sum() + 1e-18)
    }
  }

  @Test func `maps that are there stay unless --force is given`() throws {
    let words = Self.input + ["--output", folder("dti"), "--maps", "fa"]
    #expect(tracts(words).status == 0)
    let outcome = tracts(words)
    #expect(outcome.status == CommandLineInterface.ExitStatus.cannotCreate.code)
    #expect(outcome.diagnostics.contains("fa.nii.gz"))
    #expect(tracts(words + ["--force"]).status == 0)
  }

  @Test(arguments: [
    ["--method", "ols", "--iterations", "2"], ["--noise", "3"], ["--gradients", "x.b"],
    ["--maps", "fa,xx"], ["--method", "wls", "--start", "ols"],
  ])
  func `options that do not fit each other are refused`(words: [String]) {
    let outcome = tracts(Self.input + ["--output", folder("dti")] + words)
    #expect(
      outcome.status == CommandLineInterface.ExitStatus.usage.code, "\(outcome.diagnostics)")
    #expect(folderContents(folder.path) == [])
  }

  @Test func `tables and masks of other images are refused`() {
    let two = "\(volumes)/golden/scanner-images/two.nii"
    let other = tracts(["fit", two] + Self.input.dropFirst(2) + ["--output", folder("dti")])
    #expect(other.status == CommandLineInterface.ExitStatus.badData.code)
    #expect(other.diagnostics.contains("expected: 2"))
    let mask = tracts(Self.input + ["--output", folder("dti"), "--mask", two])
    #expect(mask.status == CommandLineInterface.ExitStatus.badData.code)
    #expect(mask.diagnostics.contains("another grid"))
    let none = tracts(["fit", two, "--output", folder("dti")])
    #expect(none.status == CommandLineInterface.ExitStatus.missingInput.code)
    #expect(none.diagnostics.contains("--bvec"))
  }
}

struct ImageCommandTests {
  private let folder = TemporaryFolder()

  @Test func `an image is described`() throws {
    let golden = "\(volumes)/golden/tensors"
    let words = [
      "info", "\(golden)/dwi.nii.gz", "--bvec", "\(golden)/dwi.bvec", "--bval",
      "\(golden)/dwi.bval",
    ]
    let outcome = tracts(words)
    #expect(outcome.status == 0)
    for line in [
      "format\tNIfTI-1", "size\t[6,5,4,32]", "type\tfloat32", "axes\tRAS",
    ] {
      #expect(outcome.output.contains("\(line)\n"), "\(outcome.output)")
    }
    #expect(tracts(words + ["--json"]).output.contains("\"shells\""))
    let bad = tracts(["info", "\(volumes)/bad/scanner-images/forms-differ.nii.gz"])
    #expect(bad.status == 0)
    #expect(bad.diagnostics.contains("warning: "))
  }

  /// Writes an image of two narrow oblique bundles in water, and its gradient table with
  /// one component reversed where that is asked for.
  private func makeBundles(reversed: Bool) throws {
    var generator = SeededGenerator(seed: 4)
    let rows =
      [SIMD4(0.0, 0, 0, 0)]
      + (0..<20).map { _ -> SIMD4<Double> in
        var g = SIMD3<Double>.zero
        for axis in 0..<3 { g[axis] = Double.random(in: -1...1, using: &generator) }
        return SIMD4(g / (g * g).sum().squareRoot(), 1000)
      }
    let extent = VoxelExtent(z: 9, y: 14, x: 14)
    var image = Volume<Float>(channels: rows.count, box: VoxelBox(extent: extent))
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          // One bundle along (1, 1, 0), one along (0, 1, -1).
          let isFirst = z < 3 && abs(x - y) <= 1
          let isSecond = x > 10 && abs(y + z - 9) <= 1
          let v = isFirst ? SIMD3(1.0, 1, 0) : isSecond ? SIMD3(0.0, 1, -1) : .zero
          for (volume, row) in rows.enumerated() {
            let along = (v.x * row.x + v.y * row.y + v.z * row.z) / 2.0.squareRoot()
            let b = row.w * (3e-4 + 1.2e-3 * along * along)
            let signal = 1000 * exp(-b)
            image[VoxelPosition(z: z, y: y, x: x), channel: volume] = Float(signal)
          }
        }
      }
    }
    try ScannerImage.write(
      image, to: folder("dwi.nii"),
      transform: ScannerTransform(rows: [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]]),
      replacing: true)
    let text = rows.map { row in
      "\(reversed ? -row.x : row.x) \(row.y) \(row.z) \(row.w)"
    }
    overwrite(folder("dwi.b"), with: Array(text.joined(separator: "\n").utf8))
  }

  @Test(arguments: [false, true])
  func `reversed gradients are found`(reversed: Bool) throws {
    try makeBundles(reversed: reversed)
    let outcome = tracts(["check", folder("dwi.nii"), "--gradients", folder("dwi.b")])
    #expect(
      outcome.status == (reversed ? CommandLineInterface.ExitStatus.badData.code : 0),
      "\(outcome.diagnostics)")
    #expect(outcome.output.contains("faults\t\(reversed ? 1 : 0)\n"), "\(outcome.output)")
    #expect(outcome.output.contains("go on better as") == reversed)
  }

  @Test func `gaps in labels are found`() throws {
    try makeBundles(reversed: false)
    var labels = Volume<UInt32>(box: VoxelBox(extent: VoxelExtent(z: 9, y: 14, x: 14)))
    labels[.zero] = 1
    labels[VoxelPosition(z: 1, y: 2, x: 3)] = 4
    try ScannerImage.write(
      labels, to: folder("labels.nii.gz"),
      transform: ScannerTransform(rows: [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]]),
      replacing: false)
    let outcome = tracts([
      "check", folder("dwi.nii"), "--gradients", folder("dwi.b"), "--parcellation",
      folder("labels.nii.gz"),
    ])
    #expect(outcome.status == CommandLineInterface.ExitStatus.badData.code)
    #expect(outcome.output.contains("2 label numbers below 4"), "\(outcome.output)")
    #expect(outcome.output.contains(": 2, 3\n"))
  }

  @Test func `an image comes by its name through a pipe, and its temporary file is gone`() throws {
    try makeBundles(reversed: false)
    // MRtrix3 passes on names of files that it made for this alone.
    let name = folder("mrtrix-tmp-abc123.nii")
    overwrite(name, with: contents(of: folder("dwi.nii")))
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let line = Array("\(name)\n".utf8)
    try #require(write(ends[1], line, line.count) == line.count)
    close(ends[1])
    let saved = dup(0)
    dup2(ends[0], 0)
    close(ends[0])
    let outcome = tracts(["info", "-"])
    dup2(saved, 0)
    close(saved)
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.output.contains("size\t[14,14,9,21]"), "\(outcome.output)")
    #expect(!folderContents(folder.path).contains("mrtrix-tmp-abc123.nii"))
  }
}
