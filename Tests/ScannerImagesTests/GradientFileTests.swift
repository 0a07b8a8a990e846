import ScannerImages
import TestSupport
import Testing
import VolumeStore
import Voxels

struct GradientFileTests {
  private let folder = TemporaryFolder()
  /// An image of two volumes.
  private static let image = "\(volumes)/golden/scanner-images/two"

  private func read(_ vectors: String, _ values: String) throws -> [SIMD4<Double>] {
    overwrite(folder("v"), with: Array(vectors.utf8))
    overwrite(folder("b"), with: Array(values.utf8))
    return try GradientFile.fsl(
      vectors: folder("v"), values: folder("b"),
      of: ScannerImage("\(Self.image).nii").header)
  }

  @Test(arguments: ["RAS", "LAS", "LPS", "SRA", "PSR"])
  func `FSL's directions follow the stored axes`(name: String) throws {
    // One direction of the scanner, as FSL's files for each orientation would have it.
    let direction = SIMD3(0.6, 0.48, 0.64)
    for ending in ["nii.gz", "mif"] {
      let header = try ScannerImage("\(Self.image)-\(name).\(ending)").header
      let stored = header.storedTransform
      let axes = stored.nearestRotation
      let sign: Double = stored.determinant > 0 ? -1 : 1
      let components = [axes.x, axes.y, axes.z].map { axis in
        (SIMD3(axis.x, axis.y, axis.z) * direction).sum()
      }
      overwrite(
        folder("v"),
        with: Array("0 \(sign * components[0])\n0 \(components[1])\n0 \(components[2])\n".utf8))
      overwrite(folder("b"), with: Array("0 1000\n".utf8))
      let rows = try GradientFile.fsl(vectors: folder("v"), values: folder("b"), of: header)
      let found = SIMD3(rows[1].x, rows[1].y, rows[1].z) - direction
      #expect((found * found).sum() < 1e-24)
      #expect(rows[1].w == 1000)
    }
  }

  @Test func `a right-handed grid reverses the first component`() throws {
    let rows = try read("0 1\n0 0\n0 0\n", "0 1000\n")
    let x = try ScannerImage("\(Self.image).nii").transform.nearestRotation.x
    let found = rows[1] + SIMD4(x.x, x.y, x.z, -1000)
    #expect((found * found).sum() < 1e-24)
  }

  @Test func `a volume without weighting needs no direction`() throws {
    let rows = try read("nan 1\nnan 0\nnan 0\n", "15 1000\n")
    #expect(rows[0] == SIMD4(0, 0, 0, 15))
  }

  @Test(arguments: [
    ("0 1\n0 0\n0 0\n", "0 1000 1000\n"), ("0 1 1\n0 0 0\n0 0 0\n", "0 1000 1000\n"),
    ("0 nan\n0 nan\n0 nan\n", "0 1000\n"), ("0 0\n0 0\n0 0\n", "0 1000\n"),
    ("0 1\n0 0\n0 0\n", "0 -5\n"), ("0 1\n0 0\n0 0\n", "0 nan\n"),
    ("0 1\n0 zero\n0 0\n", "0 1000\n"), ("0 1\n0 0\n", "0 1000\n"), ("", ""),
  ])
  func `tables that are not sound are refused`(vectors: String, values: String) throws {
    let error = try #require(volumeError { _ = try read(vectors, values) })
    #expect(error.code == .malformedMetadata)
    #expect(error.remedy != nil)
    #expect(error.expected != nil)
  }

  @Test func `an image without a table says so`() throws {
    let image = try ScannerImage("\(Self.image).nii")
    let error = volumeError { _ = try GradientFile.header(of: image.header, path: image.path) }
    #expect(error?.code == .notFound)
  }

  @Test func `rows of MRtrix's table are checked`() throws {
    let header = try ScannerImage("\(Self.image).nii").header
    overwrite(folder("t"), with: Array("# by hand\n0 0 0 0\n1 0 0 1000\n".utf8))
    #expect(try GradientFile.mrtrix(folder("t"), of: header)[1] == SIMD4(1, 0, 0, 1000))
    for text in ["0 0 0 0\n1 0 0\n", "0 0 0 0\n", "0 0 0 0\nnan 0 0 1000\n"] {
      overwrite(folder("t"), with: Array(text.utf8))
      #expect(
        volumeError { _ = try GradientFile.mrtrix(folder("t"), of: header) }?.code
          == .malformedMetadata)
    }
  }
}
