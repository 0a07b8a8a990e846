import HDF5Formats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Files that h5py wrote: see `tools/golden/hdf5.py`.
@Suite struct HDF5DatasetGoldenTests {
  static let folder = "\(volumes)/golden/h5py-3.16.0"

  /// The size of the volumes.
  static let extent = VoxelExtent(z: 3, y: 20, x: 22)

  /// The golden boxes as far as the volumes have them.
  static let boxes = goldenBoxes.map { $0.intersection(VoxelBox(extent: extent)) }
    .filter { !$0.isEmpty }

  static let files = folderContents(folder).filter { name in
    DataType.allCases.contains { name.hasPrefix("\($0.rawValue)-") }
  }

  @Test(arguments: files, ["contiguous", "gzip", "shuffle"])
  func `every type, byte order and layout reads exactly`(_ name: String, dataset: String) throws {
    let reader = try HDF5Dataset("\(Self.folder)/\(name)", dataset: dataset)
    #expect(name.hasPrefix("\(reader.metadata.dataType.rawValue)-"))
    #expect(reader.metadata.extent == Self.extent)
    #expect(!reader.metadata.hasChannelAxis)
    #expect(try readsGolden(reader))
  }

  @Test func `the golden set is all there`() {
    #expect(Self.files.count == 20)
  }

  @Test func `a chunk is the storage unit, or a section where there are none`() throws {
    let path = "\(Self.folder)/uint8-le.h5"
    #expect(
      try HDF5Dataset(path, dataset: "gzip").metadata.storageUnit == VoxelExtent(z: 2, y: 16, x: 16)
    )
    let contiguous = try HDF5Dataset(path, dataset: "contiguous")
    #expect(contiguous.metadata.storageUnit == VoxelExtent(z: 1, y: 20, x: 22))
    #expect(contiguous.cacheBytes == 0)
  }

  @Test func `the cache holds a layer of chunks within its limit`() throws {
    let path = "\(Self.folder)/uint64-le.h5"
    let chunk = 2 * 16 * 16 * 8
    #expect(try HDF5Dataset(path, dataset: "gzip").cacheBytes == 4 * chunk)
    #expect(try HDF5Dataset(path, dataset: "gzip", cacheLimit: 10_000).cacheBytes == 10_000)
    #expect(try HDF5Dataset(path, dataset: "gzip", cacheLimit: 0).cacheBytes == chunk)
  }

  @Test func `CREMI files give images where no dataset is named`() throws {
    let raw = try HDF5Dataset("\(Self.folder)/cremi.h5")
    #expect(raw.dataset == "/volumes/raw")
    #expect(
      raw.notes.contains { $0.contains("/volumes/raw taken; there are also /volumes/labels/") })
    #expect(raw.metadata.voxelSize == VoxelSize(z: 40, y: 5, x: 4))
    #expect(raw.metadata.offset == .zero)
    #expect(try readsGolden(raw))
    let labels = try HDF5Dataset(
      "\(Self.folder)/cremi.h5", dataset: "volumes/labels/neuron_ids")
    #expect(labels.metadata.offset == PhysicalPosition(z: 120, y: 10, x: 8))
    #expect(try readsGolden(labels))
  }

  @Test(arguments: [
    ("zyxc", 2, true), ("czyx", 2, true), ("tzyxc", 2, true), ("zcyx", 2, true),
    ("untold", 2, true), ("ordered", 2, true), ("trailing", 1, false), ("single", 1, false),
  ])
  func `axes are told or recognised`(dataset: String, channels: Int, hasChannelAxis: Bool) throws {
    let reader = try HDF5Dataset("\(Self.folder)/axes.h5", dataset: dataset)
    #expect(reader.metadata.extent == Self.extent)
    #expect(reader.metadata.channels == channels)
    #expect(reader.metadata.hasChannelAxis == hasChannelAxis)
    #expect(try readsGolden(reader))
  }

  @Test func `the only volume is found and micrometres are understood`() throws {
    let reader = try HDF5Dataset("\(Self.folder)/main.h5")
    #expect(reader.dataset == "/main")
    let size = try #require(reader.metadata.voxelSize)
    // The file holds single precision.
    #expect(abs(size.z - 40) < 1e-5 && abs(size.y - 5) < 1e-6 && abs(size.x - 4) < 1e-6)
  }

  @Test func `chunks that were never written are noted`() throws {
    let reader = try HDF5Dataset("\(Self.folder)/unwritten.h5")
    #expect(reader.notes.contains { $0.contains("8 of 12 chunks were never written") })
  }

  @Test func `a link within the file is followed`() throws {
    let path = "\(Self.folder)/softlink.h5"
    #expect(try readsGolden(try HDF5Dataset(path, dataset: "/alias")))
    #expect(try HDF5Dataset(path).dataset == "/real")
  }

  @Test func `threads read and open at once`() throws {
    let path = "\(Self.folder)/uint32-be.h5"
    let reader = try HDF5Dataset(path, dataset: "gzip")
    let box = Self.boxes[2]
    let expected = goldenVolume(box, UInt32.self)
    concurrentForEach(0..<24, threads: 4) { index in
      #expect((try? reader.read(box, as: UInt32.self)) == expected)
      let other = try? HDF5Dataset(path, dataset: "shuffle")
      #expect((try? other?.read(box, as: UInt32.self)) == expected)
    }
  }
}

/// Files that are damaged, hostile or of a kind that is refused: see `tools/golden/hdf5.py`.
@Suite struct HDF5DatasetBadInputTests {
  static let folder = "\(volumes)/bad/hdf5"

  private static func read(_ name: String, dataset: String? = nil) -> VolumeError? {
    volumeError {
      let reader = try HDF5Dataset("\(folder)/\(name)", dataset: dataset)
      func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
        let extent = reader.metadata.extent
        let part = VoxelExtent(z: 1, y: min(extent.y, 100), x: min(extent.x, 100))
        _ = try reader.read(VoxelBox(extent: part), as: type)
      }
      try read(reader.metadata.dataType.scalarType)
    }
  }

  @Test(arguments: folderContents(folder), [nil, "/data"])
  func `every bad file gives an error that names the file and what to do`(
    _ name: String, dataset: String?
  ) throws {
    let error = try #require(Self.read(name, dataset: dataset), "\(name) was read without an error")
    #expect(error.path.hasPrefix("\(Self.folder)/\(name)"), "\(error)")
    #expect(error.remedy?.isEmpty == false, "\(error)")
    #expect(error.message.first?.isUppercase == false && error.message.last != ".", "\(error)")
  }

  @Test func `the corpus is all there`() {
    #expect(folderContents(Self.folder).count >= 46)
  }

  @Test(arguments: [
    ("truncated.h5", VolumeError.Code.malformedMetadata), ("compound.h5", .unsupportedFeature),
    ("cut-lzf.h5", .corruptChunk), ("bomb.h5", .corruptChunk),
    ("cut-deflate.h5", .corruptChunk), ("short-chunk.h5", .corruptChunk),
    ("long-chunk.h5", .corruptChunk), ("beyond-end.h5", .notFound),
    ("linked-group.h5", .notFound), ("deep-links.h5", .notFound),
    ("unknown-filter.h5", .unsupportedFeature),
    ("external-storage.h5", .unsupportedFeature), ("virtual.h5", .unsupportedFeature),
    ("other-file.h5", .notFound), ("damaged-chunk.h5", .corruptChunk),
    ("failed-checksum.h5", .corruptChunk), ("chunk-beyond-end.h5", .corruptChunk),
    ("huge-chunks.h5", .limitExceeded),
    ("overflowing.h5", .limitExceeded), ("rank-2.h5", .unsupportedFeature),
    ("reversed-axes.h5", .unsupportedFeature),
  ])
  func `the kind of fault is told`(name: String, code: VolumeError.Code) {
    let error = Self.read(name, dataset: "/data")
    #expect(error?.code == code, "\(String(describing: error))")
  }

  @Test func `several volumes are listed with their shapes`() {
    let error = Self.read("several.h5")
    #expect(error?.found == "/first (uint8, 3 × 20 × 22), /group/second (uint16, 3 × 20 × 22)")
    #expect(error?.remedy?.contains("--dataset /first") == true)
  }

  @Test func `a missing filter is named`() {
    #expect(Self.read("unknown-filter.h5")?.found?.contains("JPEG") == true)
  }

  @Test func `damage anywhere gives an error or values, and nothing else`() throws {
    let folder = TemporaryFolder()
    var generator = SeededGenerator(seed: 12)
    for name in ["uint16-le.h5", "labels-only.h5", "filters.h5"] {
      let sound = contents(of: "\(volumes)/golden/h5py-3.16.0/\(name)")
      for round in 0..<60 {
        var bytes = sound
        if round % 6 == 0 {
          bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
        } else {
          for _ in 0..<(1 << (round % 4)) {
            // The first pages hold the superblock, headers and indices.
            let reach = round % 2 == 0 ? min(4096, bytes.count) : bytes.count
            let place = Int.random(in: 0..<reach, using: &generator)
            bytes[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &generator))
          }
        }
        let path = folder("damaged.h5")
        overwrite(path, with: bytes)
        _ = volumeError {
          let opened = try HDF5Format.open(
            VolumeSource(path, dataset: name == "filters.h5" ? "/uint16/blosc" : nil))
          func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
            let extent = opened.reader.metadata.extent
            let part = VoxelExtent(
              z: min(extent.z, 3), y: min(extent.y, 100), x: min(extent.x, 100))
            _ = try opened.reader.read(VoxelBox(extent: part), as: type)
          }
          guard opened.reader.metadata.channels < 100 else { return }
          try read(opened.reader.metadata.dataType.scalarType)
        }
      }
    }
  }
}
