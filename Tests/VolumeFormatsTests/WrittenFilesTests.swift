import Glibc
import HDF5Formats
import TestSupport
import Testing
import SectionFormats
import VolumeFormats
import VolumeStore
import Voxels

/// Writes files for other programs to read; `tools/golden/verify-formats.py` runs this and reads
/// them with tifffile and h5py.
@Suite(.enabled(if: getenv("FASCICLE_WRITTEN") != nil, "run by tools/golden/verify-formats.py"))
struct WrittenFilesTests {
  private static let folder = getenv("FASCICLE_WRITTEN").map { String(cString: $0) } ?? ""
  private static let extent = VoxelExtent(z: 3, y: 300, x: 270)

  private static func metadata(_ type: DataType, channels: Int? = nil) -> VolumeMetadata {
    VolumeMetadata(
      extent: extent, channels: channels ?? 1, axes: channels == nil ? .zyx : .czyx, dataType: type,
      voxelSize: VoxelSize(z: 40, y: 5, x: 4), offset: PhysicalPosition(z: 80, y: 15, x: 16),
      storageUnit: extent)
  }

  @Test(arguments: DataType.allCases.filter { $0.byteCount <= 4 })
  func `TIFF stacks`(type: DataType) throws {
    func write<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let content: [(String, TIFFStackWriter.Content)] = [("image", .image), ("labels", .labels)]
      for (name, content) in content {
        let writer = try TIFFStackWriter(
          "\(Self.folder)/\(Scalar.dataType.rawValue)-\(name).tif",
          metadata: Self.metadata(Scalar.dataType), content: content, replacing: true)
        try writer.write(goldenVolume(VoxelBox(extent: Self.extent), type))
        try writer.finish()
      }
    }
    try write(type.scalarType)
  }

  @Test(arguments: ["channels.tif", "times.tif", "section_%03d.tif", "grey_%03d.png"])
  func `channels, time points and one file per section`(name: String) throws {
    let isMany = name.hasPrefix("channels") || name.hasPrefix("times")
    var metadata = Self.metadata(.uint16, channels: isMany ? 3 : nil)
    if name.hasPrefix("times") {
      metadata.timePoints = 3
      metadata.axes = VolumeAxes([.time, .z, .y, .x]) ?? .zyx
    }
    let request = ExportRequest(
      path: "\(Self.folder)/\(name)", metadata: metadata, isLabels: false, isReplacing: true,
      threads: 2)
    let format: any VolumeExport.Type = name.hasSuffix(".png") ? PNGExport.self : TIFFExport.self
    let sink = try format.create(request)
    try sink.write(
      goldenVolume(VoxelBox(extent: Self.extent), channels: metadata.channels, UInt16.self))
    try sink.finish()
  }

  @Test func `a BigTIFF`() throws {
    let writer = try TIFFStackWriter(
      ExportRequest(
        path: "\(Self.folder)/large.tif", metadata: Self.metadata(.float32), isLabels: false,
        isReplacing: true), isLarge: true)
    try writer.write(goldenVolume(VoxelBox(extent: Self.extent), Float.self))
    try writer.finish()
  }

  @Test func `pictures`() throws {
    for isLabels in [false, true] {
      let sink = try PNGExport.create(
        ExportRequest(
          path: "\(Self.folder)/\(isLabels ? "labels" : "image").png",
          metadata: Self.metadata(.uint8), isLabels: isLabels, isReplacing: true))
      try sink.write(goldenVolume(VoxelBox(extent: Self.extent), UInt8.self))
      try sink.finish()
    }
  }

  @Test(arguments: DataType.allCases)
  func `HDF5 files`(type: DataType) throws {
    func write<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
      let writer = try HDF5Writer(
        "\(Self.folder)/\(Scalar.dataType.rawValue).h5", replacing: true)
      let box = VoxelBox(extent: Self.extent)
      try writer.addDataset("/volumes/raw", metadata: Self.metadata(Scalar.dataType))
      try writer.write(goldenVolume(box, type), to: "/volumes/raw")
      try writer.addDataset("/main", metadata: Self.metadata(Scalar.dataType, channels: 3))
      try writer.write(goldenVolume(box, channels: 3, type), to: "/main")
      try writer.finish()
    }
    try write(type.scalarType)
  }
}
