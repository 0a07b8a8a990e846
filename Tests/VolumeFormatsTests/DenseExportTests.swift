import Glibc
import TestSupport
import Testing
import VolumeFormats
import VolumeStore
import Voxels

/// Files written by the package and read back by it.
@Suite struct DenseExportTests {
  static let endings = [".nii", ".nii.gz", ".nrrd", ".npy"]

  static func metadata(
    _ type: DataType, channels: Int = 1, timePoints: Int = 1
  ) -> VolumeMetadata {
    var order: [VolumeAxis] = [.z, .y, .x]
    if channels > 1 { order.insert(.channel, at: 0) }
    if timePoints > 1 { order.insert(.time, at: 0) }
    return VolumeMetadata(
      extent: goldenExtent, channels: channels * timePoints, timePoints: timePoints,
      axes: VolumeAxes(order) ?? .zyx, dataType: type,
      voxelSize: VoxelSize(z: 40, y: 5, x: 4), offset: PhysicalPosition(z: 80, y: 15, x: 16),
      storageUnit: VoxelExtent(z: 2, y: 7, x: 10))
  }

  /// Writes the golden values, block after block.
  static func write(
    _ metadata: VolumeMetadata, to path: String, isLabels: Bool, isReplacing: Bool = false
  ) throws {
    let format = try #require(
      volumeExports.first { format in format.fileEndings.contains { path.hasSuffix($0) } })
    let sink = try format.create(
      ExportRequest(
        path: path, metadata: metadata, isLabels: isLabels, isReplacing: isReplacing))
    func write<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let extent = metadata.extent
      for z in stride(from: 0, to: extent.z, by: sink.unit.z) {
        for y in stride(from: 0, to: extent.y, by: sink.unit.y) {
          for x in stride(from: 0, to: extent.x, by: sink.unit.x) {
            let box = VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: sink.unit)
              .intersection(metadata.box)
            try sink.write(goldenVolume(box, channels: metadata.channels, type))
          }
        }
      }
    }
    try write(metadata.dataType.scalarType)
    try sink.finish()
  }

  @Test(arguments: DataType.allCases, endings)
  func `what is written is read back`(type: DataType, ending: String) throws {
    let folder = TemporaryFolder()
    let path = folder("a\(ending)")
    guard type != .float16 || ending == ".npy" else {
      let error = volumeError { try Self.write(Self.metadata(type), to: path, isLabels: false) }
      #expect(error?.code == .unsupportedFeature && error?.remedy != nil)
      #expect(folderContents(folder.path) == [])
      return
    }
    for (channels, times) in [(1, 1), (3, 1), (1, 2), (2, 3)] {
      for isLabels in [false, true] {
        let metadata = Self.metadata(type, channels: channels, timePoints: times)
        try Self.write(metadata, to: path, isLabels: isLabels, isReplacing: true)
        var stated = StatedLayout()
        if ending == ".npy" { stated.axes = metadata.axes }
        let reader = try openVolume(path, stated: stated).reader
        #expect(reader.metadata.extent == metadata.extent && reader.metadata.dataType == type)
        #expect(reader.metadata.channels == metadata.channels)
        #expect(reader.metadata.timePoints == times)
        if ending != ".npy" {
          let size = try #require(reader.metadata.voxelSize)
          #expect(size == VoxelSize(z: 40, y: 5, x: 4))
          #expect(reader.metadata.offset == metadata.offset)
        }
        #expect(try readsGolden(reader), "\(ending) \(channels) \(times)")
      }
    }
    #expect(folderContents(folder.path) == ["a\(ending)"])
  }

  @Test(arguments: endings)
  func `a file that is not complete leaves nothing`(ending: String) throws {
    let folder = TemporaryFolder()
    let path = folder("a\(ending)")
    let format = try #require(volumeExports.first { $0.fileEndings.contains(ending) })
    do {
      let sink = try format.create(
        ExportRequest(path: path, metadata: Self.metadata(.uint8, channels: 2), isLabels: true))
      #expect(volumeError { try sink.finish() }?.code == .misalignedWrite)
    }
    #expect(folderContents(folder.path).isEmpty)
    overwrite(path, with: [1])
    let error = volumeError {
      try Self.write(Self.metadata(.uint8), to: path, isLabels: false)
    }
    #expect(error?.code == .alreadyExists && contents(of: path) == [1])
  }

  @Test func `a long axis makes a file of the second version`() throws {
    let folder = TemporaryFolder()
    let extent = VoxelExtent(z: 1, y: 2, x: 40_000)
    let metadata = VolumeMetadata(
      extent: extent, dataType: .uint8, voxelSize: nil, storageUnit: extent)
    let volume = randomVolume(UInt8.self, box: metadata.box, seed: 3)
    for ending in [".nii", ".nii.gz"] {
      let path = folder("a\(ending)")
      let format = try #require(volumeExports.first { $0.fileEndings.contains(ending) })
      let sink = try format.create(ExportRequest(path: path, metadata: metadata, isLabels: false))
      try sink.write(volume)
      try sink.finish()
      let opened = try openVolume(path)
      #expect(opened.formatName == "NIfTI-2" && opened.reader.metadata.voxelSize == nil)
      #expect(try opened.reader.read(metadata.box, as: UInt8.self) == volume)
    }
  }
}

/// Reading parts of compressed files that have many places to start from, and several members.
@Suite struct SeekableGzipTests {
  @Test func `parts of a long compressed file are read from several threads`() throws {
    let folder = TemporaryFolder()
    let extent = VoxelExtent(z: 24, y: 300, x: 500)
    let metadata = VolumeMetadata(
      extent: extent, dataType: .uint16, voxelSize: nil, storageUnit: extent)
    let volume = randomVolume(UInt16.self, box: metadata.box, seed: 11)
    let sink = try NIfTIExport.create(
      ExportRequest(path: folder("a.nii.gz"), metadata: metadata, isLabels: false))
    try sink.write(volume)
    try sink.finish()
    let reader = try openVolume(folder("a.nii.gz")).reader
    concurrentForEach(0..<48, threads: 4) { index in
      var generator = SeededGenerator(seed: UInt64(index))
      let origin = VoxelPosition(
        z: Int.random(in: 0..<20, using: &generator), y: Int.random(in: 0..<200, using: &generator),
        x: Int.random(in: 0..<400, using: &generator))
      let box = VoxelBox(origin: origin, extent: VoxelExtent(z: 4, y: 60, x: 70))
      #expect((try? reader.read(box, as: UInt16.self)) == volume.cropped(to: box))
    }
  }

  @Test func `a file of several members is one`() throws {
    let folder = TemporaryFolder()
    let whole = contents(of: "\(volumes)/golden/nibabel-5.4.2/uint16-le.nii")
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: whole.count, by: 1000) {
      bytes += stored(Array(whole[start..<min(start + 1000, whole.count)]))
    }
    overwrite(folder("a.nii.gz"), with: bytes + [0, 0, 0])
    #expect(try readsGolden(try openVolume(folder("a.nii.gz")).reader))
  }

  /// A member with one block that is not compressed.
  private func stored(_ bytes: [UInt8]) -> [UInt8] {
    func number(_ value: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    let count = UInt32(bytes.count)
    return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1] + number(count, 2) + number(~count, 2) + bytes
      + number(~crc, 4) + number(count, 4)
  }
}

/// Writes files for other programs to read; `tools/golden/verify-files.py` runs this and reads
/// them with nibabel, pynrrd and NumPy.
@Suite(.enabled(if: getenv("FASCICLE_WRITTEN") != nil, "run by tools/golden/verify-files.py"))
struct WrittenDenseFilesTests {
  private static let folder = getenv("FASCICLE_WRITTEN").map { String(cString: $0) } ?? ""

  @Test(arguments: DataType.allCases, DenseExportTests.endings)
  func `files for nibabel, pynrrd and NumPy`(type: DataType, ending: String) throws {
    guard type != .float16 || ending == ".npy" else { return }
    for (channels, times) in [(1, 1), (3, 1), (2, 3)] {
      for isLabels in [false, true] {
        let name = "\(type.rawValue)-\(channels)-\(times)-\(isLabels ? "labels" : "image")"
        try DenseExportTests.write(
          DenseExportTests.metadata(type, channels: channels, timePoints: times),
          to: "\(Self.folder)/\(name)\(ending)", isLabels: isLabels)
      }
    }
  }
}
