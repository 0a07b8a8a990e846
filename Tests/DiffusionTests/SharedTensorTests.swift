import Diffusion
import LinearAlgebra
import ScannerImages
import TestSupport
import Testing
import Voxels

/// MRtrix's reference tensors and maps of real images, and tensors with known truth.
@Suite(.enabled(if: shared != nil, "the shared data is not here"))
struct SharedTensorTests {
  private static let data = "\(shared ?? "")/data/dti"
  private static let names = [
    "dipy_small_64D", "dipy_small_101D", "mrtrix_crop_b3000", "mrtrix_crop_msmt", "mrtrix_phantom",
  ]

  private static func values(_ path: String) throws -> [Float] {
    let image = try ScannerImage(path)
    let volume = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
    let span = volume.span
    return span.indices.map { span[$0] }
  }

  private static func values(_ volume: Volume<Float>) -> [Float] {
    let span = volume.span
    return span.indices.map { span[$0] }
  }

  /// The largest difference relative to the largest value of a voxel in the mask.
  private static func difference(
    _ found: [Float], _ expected: [Float], _ mask: [UInt8]
  ) -> Double {
    let count = mask.count
    var largest = 0.0
    for voxel in 0..<count where mask[voxel] != 0 {
      var (difference, size) = (0.0, Double.leastNormalMagnitude)
      for channel in 0..<expected.count / count {
        let place = channel * count + voxel
        difference = max(difference, Double(abs(found[place] - expected[place])))
        size = max(size, Double(abs(expected[place])))
      }
      largest = max(largest, difference / size)
    }
    return largest
  }

  private static func read(
    _ name: String
  ) throws -> (Volume<Float>, GradientTable, Volume<UInt8>) {
    let image = try ScannerImage("\(data)/\(name)/dwi.nii.gz")
    // The references were made from the table in the MIF file's header.
    let rows = try #require(ScannerImage("\(data)/\(name)/dwi.mif").header.gradients)
    let inside = try ScannerImage("\(data)/\(name)/mask.nii.gz").volume()
    let mask = Volume(box: inside.box, values: values(inside).map { $0 > 0 ? UInt8(1) : 0 })
    return (
      try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z),
      try GradientTable(rows: rows), mask
    )
  }

  private static func bytes(_ mask: Volume<UInt8>) -> [UInt8] {
    let span = mask.span
    return span.indices.map { span[$0] }
  }

  @Test(arguments: names)
  func `tensors are within 1e-5 of MRtrix's references`(name: String) throws {
    let (signals, table, mask) = try Self.read(name)
    let inside = Self.bytes(mask)
    for (file, method) in [
      ("dt", TensorFit.Method.linear(start: .signals, iterations: 2)),
      ("dt_wls", .linear(start: .signals, iterations: 0)),
      ("dt_ols", .linear(start: .equal, iterations: 0)),
    ] {
      let result = try TensorFit(table, method: method)(
        signals, mask: mask, predicting: file == "dt", threads: 2)
      let folder = "\(Self.data)/reference/mrtrix/\(name)"
      func check(_ found: Volume<Float>, _ reference: String) throws {
        let expected = try Self.values("\(folder)/\(reference).nii.gz")
        #expect(Self.difference(Self.values(found), expected, inside) < 1e-5, "\(reference)")
      }
      try check(result.tensor, file)
      guard file == "dt", let predicted = result.predicted else { continue }
      try check(result.baseline, "dt_b0")
      try check(predicted, "dt_pred")
      let maps: [(TensorMap, String)] = [
        (.fa, "fa"), (.md, "md"), (.ad, "ad"), (.rd, "rd"), (.cl, "cl"), (.cp, "cp"), (.cs, "cs"),
        (.eigenvalues, "eigval"),
      ]
      let volumes = TensorMap.volumes(maps.map { $0.0 }, of: result.tensor, threads: 2)
      for (volume, map) in zip(volumes, maps) { try check(volume, map.1) }
    }
  }

  @Test func `tensors of known truth are found again`() throws {
    let folder = "\(Self.data)/synth64"
    let image = try ScannerImage("\(folder)/dwi.nii.gz")
    let table = try GradientTable(
      rows: GradientFile.fsl(
        vectors: "\(folder)/dwi.bvec", values: "\(folder)/dwi.bval", of: image.header))
    let inside = try ScannerImage("\(folder)/mask.nii.gz")
    let fit = try TensorFit(table, method: .linear(start: .signals, iterations: 2))
    let z = 30..<32
    let section = try inside.slab(volumes: 0..<1, z: z)
    let mask = Volume(box: section.box, values: Self.values(section).map { $0 > 0 ? UInt8(1) : 0 })
    let result = try fit(
      image.slab(volumes: 0..<image.volumes, z: z), mask: mask, threads: 2)
    let maps = TensorMap.volumes([.fa, .md, .v1], of: result.tensor, threads: 2).map(Self.values)
    func truth(_ name: String) throws -> [Float] {
      let image = try ScannerImage("\(folder)/truth_\(name).nii.gz")
      return Self.values(try image.slab(volumes: 0..<image.volumes, z: z))
    }
    let (fa, md, v1) = (try truth("FA"), try truth("MD"), try truth("V1_scanner"))
    var (faError, mdError, angles) = ([Float](), [Float](), [Double]())
    for (voxel, isInside) in Self.bytes(mask).enumerated() where isInside != 0 && fa[voxel] > 0 {
      faError.append(abs(maps[0][voxel] - fa[voxel]))
      mdError.append(abs(maps[1][voxel] / md[voxel] - 1))
      guard fa[voxel] > 0.4 else { continue }
      let cosine = (0..<3).reduce(0.0) {
        let place = $1 * fa.count + voxel
        return $0 + Double(maps[2][place]) * Double(v1[place])
      }
      angles.append(min(1, abs(cosine)))
    }
    #expect(angles.count > 100)
    #expect(faError.sorted()[faError.count / 2] < 0.03)
    #expect(mdError.sorted()[mdError.count / 2] < 0.05)
    // The median angle is below 4 degrees.
    #expect(angles.sorted()[angles.count / 2] > 0.9976)
  }
}
