import ScannerImages
import TestSupport
import Testing
import VolumeFormats
import VolumeStore
import Voxels

private let types = DataType.allCases.filter { $0 != .float16 }

/// Opens one golden file and checks its values and where they are.
private func expectGolden(
  _ path: String, _ type: DataType? = nil, channels: Int = 1, stated: StatedLayout = .none,
  isPlaced: Bool = true
) throws -> OpenedVolume {
  let opened = try openVolume(path, stated: stated)
  let metadata = opened.reader.metadata
  if let type { #expect(metadata.dataType == type) }
  #expect(metadata.extent == goldenExtent && metadata.channels == channels, "\(path)")
  if isPlaced {
    #expect(metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4), "\(path)")
    #expect(metadata.offset == PhysicalPosition(z: 80, y: 15, x: 16), "\(path)")
  }
  #expect(try readsGolden(opened.reader), "\(path)")
  return opened
}

/// Files that nibabel wrote: see `tools/golden/nifti.py`.
@Suite struct NIfTITests {
  private static let folder = "\(volumes)/golden/nibabel-5.4.2"

  @Test(arguments: types, ["le.nii", "be.nii", "le-2.nii.gz", "be-2.nii.gz"])
  func `files of nibabel are read voxel for voxel`(type: DataType, ending: String) throws {
    let opened = try expectGolden("\(Self.folder)/\(type.rawValue)-\(ending)", type)
    #expect(opened.formatName == (ending.contains("-2") ? "NIfTI-2" : "NIfTI-1"))
    #expect(opened.notes.isEmpty)
  }

  @Test(arguments: ["pair.img", "pair.hdr"])
  func `either file of a pair opens both`(name: String) throws {
    _ = try expectGolden("\(Self.folder)/\(name)", .uint16)
  }

  @Test func `the fourth axis is time and the fifth the channels`() throws {
    let channels = try expectGolden("\(Self.folder)/channels.nii", channels: 3)
    #expect(channels.reader.metadata.axes == .czyx)
    let times = try expectGolden("\(Self.folder)/times.nii.gz", channels: 3)
    #expect(times.reader.metadata.timePoints == 3)
    let both = try expectGolden("\(Self.folder)/channels-of-times.nii", channels: 6)
    #expect(both.reader.metadata.timePoints == 3)
    var stated = StatedLayout()
    stated.axes = .czyx
    let renamed = try openVolume("\(Self.folder)/times.nii.gz", stated: stated)
    #expect(renamed.reader.metadata.timePoints == 1 && renamed.reader.metadata.channels == 3)
  }

  @Test func `a mirrored volume stays as it is stored and that is said`() throws {
    let opened = try expectGolden("\(Self.folder)/mirrored.nii", isPlaced: false)
    #expect(opened.notes.contains { $0.contains("mirrors") })
    #expect(opened.reader.metadata.offset == .zero)
    #expect(opened.reader.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
  }

  @Test func `distances without a unit are no voxel size`() throws {
    let opened = try expectGolden("\(Self.folder)/no-unit.nii", isPlaced: false)
    #expect(opened.reader.metadata.voxelSize == nil && opened.notes.count == 1)
  }

  @Test func `scaled values are read as the file says`() throws {
    let reader = try openVolume("\(Self.folder)/scaled.nii").reader
    #expect(reader.metadata.dataType == .float32)
    let box = goldenBoxes[2]
    let expected = goldenVolume(box, Int16.self).converted(to: Float.self).span
    let volume = try reader.read(box, as: Float.self)
    let values = volume.span
    for index in values.indices { #expect(values[index] == expected[index] * 0.5 + 10) }
  }

  @Test func `the transform of the method of quaternions is that of nibabel`() throws {
    let header = try NIfTIFormat.header(of: "\(Self.folder)/oblique-qform.nii")
    let affine = try #require(header.affine)
    let text = String(decoding: contents(of: "\(Self.folder)/oblique-qform.txt"), as: UTF8.self)
    let expected = text.split(separator: "\n").map { $0.split(separator: " ").map { Double($0) } }
    for (row, values) in expected.enumerated() {
      for (column, value) in values.enumerated() {
        #expect(abs(affine[row][column] - (try #require(value))) < 1e-5)
      }
    }
  }
}

/// Files that pynrrd wrote, and some by hand: see `tools/golden/nrrd.py`.
@Suite struct NRRDTests {
  private static let folder = "\(volumes)/golden/pynrrd-1.1.3"

  @Test(arguments: types, ["le-raw", "be-raw", "le-gzip", "be-gzip"])
  func `files of pynrrd are read voxel for voxel`(type: DataType, ending: String) throws {
    let opened = try expectGolden("\(Self.folder)/\(type.rawValue)-\(ending).nrrd", type)
    #expect(opened.notes.isEmpty)
  }

  @Test(arguments: ["detached.nhdr", "detached-raw.nhdr"])
  func `values beside the header are found`(name: String) throws {
    _ = try expectGolden("\(Self.folder)/\(name)", .uint16)
  }

  @Test(arguments: ["channels-last.nrrd", "channels-first.nrrd"])
  func `channels lie where the kinds say`(name: String) throws {
    let opened = try expectGolden("\(Self.folder)/\(name)", channels: 3)
    #expect(opened.reader.metadata.axes.contains(.channel))
  }

  @Test func `an axis of time is one`() throws {
    let opened = try expectGolden("\(Self.folder)/times.nrrd", channels: 3, isPlaced: false)
    #expect(opened.reader.metadata.timePoints == 3)
  }

  @Test func `spacings with units are a voxel size`() throws {
    let opened = try openVolume("\(Self.folder)/spacings.nrrd")
    #expect(opened.reader.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
  }

  @Test(arguments: [
    "list.nhdr", "pattern.nhdr", "windows.nrrd", "line-skip.nrrd", "byte-skip.nrrd",
    "from-end.nrrd",
  ])
  func `what the format allows is read`(name: String) throws {
    _ = try expectGolden("\(Self.folder)/\(name)", .uint16, isPlaced: false)
  }
}

/// Files that NumPy wrote, and raw values: see `tools/golden/raw.py`.
@Suite struct RawAndNumPyTests {
  private static let folder = "\(volumes)/golden/numpy-2.4.6/npy"

  @Test(arguments: DataType.allCases, ["le", "be", "le-fortran", "be-fortran"])
  func `files of NumPy are read voxel for voxel`(type: DataType, ending: String) throws {
    let opened = try expectGolden(
      "\(Self.folder)/\(type.rawValue)-\(ending).npy", type, isPlaced: false)
    #expect(opened.notes.count == 1)
  }

  @Test(arguments: ["version-2.npy", "version-3.npy"])
  func `later versions are read`(name: String) throws {
    _ = try expectGolden("\(Self.folder)/\(name)", .uint16, isPlaced: false)
  }

  @Test func `stated axes name the array's`() throws {
    _ = try expectGolden("\(Self.folder)/czyx.npy", channels: 3, isPlaced: false)
    var stated = StatedLayout()
    stated.axes = VolumeAxes(parsing: "zyxc")
    let opened = try expectGolden(
      "\(Self.folder)/zyxc.npy", channels: 3, stated: stated, isPlaced: false)
    #expect(opened.notes.isEmpty)
    stated.axes = .zyx
    let error = volumeError { _ = try openVolume("\(Self.folder)/zyxc.npy", stated: stated) }
    #expect(error?.code == .unsupportedFeature && error?.expected == "z,y,x")
  }

  @Test(arguments: DataType.allCases, [false, true])
  func `raw values are read as stated`(type: DataType, isBigEndian: Bool) throws {
    var stated = StatedLayout()
    stated.shape = [3, 29, 35]
    stated.dataType = type
    stated.isBigEndian = isBigEndian
    stated.headerByteCount = 128
    let name = "\(type.rawValue)-\(isBigEndian ? "be" : "le").npy"
    let opened = try expectGolden(
      "\(Self.folder)/\(name)", type, stated: stated, isPlaced: false)
    #expect(opened.formatName == "raw binary")
    stated.headerByteCount = 127
    let error = volumeError { _ = try openVolume("\(Self.folder)/\(name)", stated: stated) }
    #expect(error?.code == .malformedMetadata && error?.expected?.hasPrefix("127 + 3") == true)
    stated.shape = nil
    #expect(volumeError { _ = try openVolume("\(Self.folder)/\(name)", stated: stated) } != nil)
  }
}

/// Every order of axes, in boxes of every shape, against the same values moved one by one.
@Suite struct DenseOrderTests {
  private static let lengths: [VolumeAxis: Int] = [.time: 2, .channel: 3, .z: 4, .y: 5, .x: 6]

  @Test(arguments: ["zyx", "xyz", "yxz", "czyx", "zyxc", "cxyz", "tzcyx", "xyzct", "yx", "ycxzt"])
  func `values are read from any order of axes`(text: String) throws {
    let axes = try #require(VolumeAxes(parsing: text))
    let shape = axes.order.map { Self.lengths[$0] ?? 1 }
    let count = shape.reduce(1, *)
    let folder = TemporaryFolder()
    overwrite(
      folder("a.raw"), with: (0..<count).flatMap { [UInt8($0 / 256), UInt8($0 % 256)] })
    var stated = StatedLayout()
    (stated.axes, stated.shape, stated.dataType, stated.isBigEndian) = (axes, shape, .uint16, true)
    let reader = try openVolume(folder("a.raw"), stated: stated).reader
    let metadata = reader.metadata
    let channels = metadata.channels / metadata.timePoints
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<20 {
      func range(_ length: Int) -> (Int, Int) {
        let first = Int.random(in: 0..<length, using: &generator)
        return (first, Int.random(in: 1...length - first, using: &generator))
      }
      let (z, y, x) = (
        range(metadata.extent.z), range(metadata.extent.y), range(metadata.extent.x)
      )
      let box = VoxelBox(
        origin: VoxelPosition(z: z.0, y: y.0, x: x.0), extent: VoxelExtent(z: z.1, y: y.1, x: x.1))
      let volume = try reader.read(box, as: UInt16.self)
      for channel in 0..<metadata.channels {
        for z in box.origin.z..<box.end.z {
          for y in box.origin.y..<box.end.y {
            for x in box.origin.x..<box.end.x {
              let index: [VolumeAxis: Int] = [
                .time: channel / channels, .channel: channel % channels, .z: z, .y: y, .x: x,
              ]
              let expected = zip(axes.order, shape).reduce(0) { $0 * $1.1 + (index[$1.0] ?? 0) }
              let position = VoxelPosition(z: z, y: y, x: x)
              #expect(volume[position, channel: channel] == UInt16(expected))
            }
          }
        }
      }
    }
  }
}

/// Files that are damaged, hostile or of a kind that is refused.
@Suite struct DenseFilesBadInputTests {
  private static let bad = "\(volumes)/bad"
  private static let corpus = ["nifti", "nrrd", "raw"].flatMap { folder in
    folderContents("\(bad)/\(folder)").map { "\(folder)/\($0)" }
  }

  private static func read(_ name: String) -> VolumeError? {
    volumeError {
      let reader = try openVolume("\(bad)/\(name)").reader
      func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
        let extent = reader.metadata.extent
        let part = VoxelExtent(z: 1, y: min(extent.y, 9), x: min(extent.x, 9))
        _ = try reader.read(VoxelBox(extent: part), as: type)
      }
      try read(reader.metadata.dataType.scalarType)
    }
  }

  @Test(arguments: corpus)
  func `every bad file gives an error that names the file and what to do`(name: String) throws {
    let error = try #require(Self.read(name), "\(name) was read without an error")
    #expect(error.path.hasPrefix(Self.bad), "\(error)")
    #expect(error.remedy?.isEmpty == false, "\(error)")
    #expect(error.message.first?.isUppercase == false && error.message.last != ".", "\(error)")
  }

  @Test func `the corpus is all there`() { #expect(Self.corpus.count >= 100) }

  @Test(arguments: [
    ("nifti/cut.nii.gz", VolumeError.Code.corruptChunk),
    ("nifti/wrong-checksum.nii.gz", .corruptChunk), ("nifti/wrong-length.nii.gz", .corruptChunk),
    ("nifti/bomb.nii.gz", .corruptChunk), ("nifti/values-cut.nii", .corruptChunk),
    ("nifti/rgb.nii", .unsupportedFeature), ("nifti/overflow-2.nii", .limitExceeded),
    ("nifti/distance-nan.nii", .malformedMetadata), ("nrrd/bomb.nrrd", .corruptChunk),
    ("nrrd/absolute.nhdr", .unsupportedFeature), ("nrrd/above.nhdr", .unsupportedFeature),
    ("nrrd/encoding-bzip2.nrrd", .unsupportedFeature), ("nrrd/missing.nhdr", .notFound),
    ("nrrd/sizes-overflow.nrrd", .limitExceeded), ("raw/shape-larger.npy", .corruptChunk),
    ("raw/longer.npy", .malformedMetadata), ("raw/type-objects.npy", .unsupportedFeature),
  ])
  func `the kind of fault is told`(name: String, code: VolumeError.Code) {
    let error = Self.read(name)
    #expect(error?.code == code, "\(String(describing: error))")
  }
}
