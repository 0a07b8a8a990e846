import ScannerImages
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Images of `tools/golden/scanner-images.py`, written by nibabel 5.4.2 and MRtrix 3.0.3.
struct ScannerImageTests {
  private static let folder = "\(volumes)/golden/scanner-images"
  private static let bad = "\(volumes)/bad/scanner-images"
  /// The grid in which a voxel's value is x + 5 y + 20 z + 60 t.
  private static let grid: ScannerTransform? = try? ScannerImage("\(folder)/two.nii").transform

  private static func files(_ prefix: String) -> [String] {
    folderContents(folder).filter {
      $0.hasPrefix(prefix) && !$0.hasSuffix(".dat") && !$0.hasSuffix(".hdr")
    }
  }

  /// The number of voxels that do not hold what the grid says.
  private static func wrongVoxels(
    _ image: ScannerImage, _ expected: (Double) -> Double
  ) throws -> Int {
    let inverse = try #require(grid?.inverse)
    let values = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
    var wrong = 0
    for t in 0..<image.volumes {
      for z in 0..<image.extent.z {
        for y in 0..<image.extent.y {
          let row = values.row(channel: t, z: z, y: y)
          for x in 0..<image.extent.x {
            let place = inverse.apply(
              image.transform.apply(SIMD3(Double(x), Double(y), Double(z))))
            let voxel = place.rounded(.toNearestOrAwayFromZero)
            let difference = place - voxel
            let value = voxel.x + 5 * voxel.y + 20 * voxel.z + 60 * Double(t)
            if (difference * difference).sum() > 1e-6 || Double(row[x]) != expected(value) {
              wrong += 1
            }
          }
        }
      }
    }
    return wrong
  }

  @Test(arguments: files("two"))
  func `every format and orientation holds the same voxels`(name: String) throws {
    let image = try ScannerImage("\(Self.folder)/\(name)")
    #expect(image.volumes == 2)
    #expect(image.extent.voxelCount == 60)
    #expect(image.header.notes == [])
    #expect(try Self.wrongVoxels(image) { $0 } == 0)
  }

  @Test(arguments: files("odd"))
  func `bits hold the same voxels`(name: String) throws {
    let image = try ScannerImage("\(Self.folder)/\(name)")
    #expect(try Self.wrongVoxels(image) { $0.truncatingRemainder(dividingBy: 2) } == 0)
    #expect(image.header.valueType.name == (name.hasSuffix("mif") ? "bit" : "uint8"))
  }

  @Test(arguments: files("one"))
  func `labels are whole numbers whatever their type`(name: String) throws {
    let image = try ScannerImage("\(Self.folder)/\(name)")
    #expect(try Self.wrongVoxels(image) { $0 } == 0)
    let labels = try image.labels()
    #expect(labels[VoxelPosition(z: 2, y: 3, x: 4)] == 4 + 15 + 40)
  }

  @Test(arguments: files("two"))
  func `a slab is a part of the whole`(name: String) throws {
    let image = try ScannerImage("\(Self.folder)/\(name)")
    let whole = try image.slab(volumes: 0..<2, z: 0..<image.extent.z)
    for volume in 0..<2 {
      for z in 0..<image.extent.z {
        let part = try image.slab(volumes: volume..<volume + 1, z: z..<z + 1)
        #expect(part.box.origin.z == z)
        for y in 0..<image.extent.y {
          let (one, other) = (part.row(z: 0, y: y), whole.row(channel: volume, z: z, y: y))
          #expect(one.indices.allSatisfy { one[$0] == other[$0] })
        }
      }
    }
  }

  @Test func `the stored axes of a MIF are those of the NIfTI with the same strides`() throws {
    for name in ["RAS", "LAS", "LPS", "SRA", "PSR"] {
      let mif = try ScannerImage("\(Self.folder)/two-\(name).mif").header.storedTransform
      let nifti = try ScannerImage("\(Self.folder)/two-\(name).nii.gz").transform
      for (one, other) in zip(mif.rows.joined(), nifti.rows.joined()) {
        #expect(abs(one - other) < 1e-5, "\(name)")
      }
    }
  }

  @Test(
    arguments: folderContents(bad).filter {
      !$0.hasPrefix("label") && !$0.hasPrefix("forms") && !$0.hasPrefix("no-form")
    })
  func `bad files are refused with what is wrong`(name: String) throws {
    let error = try #require(
      volumeError {
        let image = try ScannerImage("\(Self.bad)/\(name)")
        _ = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
      })
    #expect(error.path.hasPrefix(Self.bad))
    #expect(error.remedy != nil)
    #expect(error.message.first?.isLowercase == true)
  }

  @Test(arguments: ["half", "negative", "nan", "large"])
  func `values that are no labels are refused`(name: String) throws {
    let image = try ScannerImage("\(Self.bad)/label-\(name).nii.gz")
    let error = try #require(volumeError { _ = try image.labels() })
    #expect(error.code == .dataTypeMismatch)
    #expect(error.found?.contains("(2, 1, 1)") == true)
  }

  @Test func `several volumes are no label image`() throws {
    let image = try ScannerImage("\(Self.folder)/two.nii")
    #expect(volumeError { _ = try image.labels() }?.code == .unsupportedFeature)
  }

  @Test func `two transforms that disagree are told`() throws {
    let image = try ScannerImage("\(Self.bad)/forms-differ.nii.gz")
    #expect(image.header.notes.count == 1)
    #expect(image.header.notes.first?.contains("5.0 mm") == true)
    #expect(try Self.wrongVoxels(image) { $0 } == 0)
  }

  @Test func `an image without a transform is centred`() throws {
    let image = try ScannerImage("\(Self.bad)/no-form.nii.gz")
    #expect(image.transform.rows == [[2, 0, 0, -4], [0, 2.5, 0, -3.75], [0, 0, 3, -3]])
    #expect(image.header.notes.count == 1)
  }

  @Test func `a name without an image's ending is refused`() {
    #expect(
      volumeError { _ = try ScannerImage("\(#filePath)") }?.code == .unsupportedFeature)
    #expect(volumeError { _ = try ScannerImage("nothing.nii.gz") }?.code == .notFound)
  }
}
