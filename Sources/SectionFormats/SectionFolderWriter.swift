import Glibc
import Synchronization
import VolumeStore
import Voxels

/// Writes a volume as one file per section, `folder/img_%04d.tif`, the first with number 0.
///
/// Sections are compressed on several threads and written into a hidden folder. A new folder
/// appears under its name when it is whole; in a folder that is there, the files get their names
/// when all are written. A writer that is never finished leaves nothing.
final class SectionFolderWriter<Encoder: SectionEncoder>: VolumeSink {
  private let pattern: CounterPattern
  private let path: String
  private let metadata: VolumeMetadata
  private let encoder: Encoder
  private let threads: Int
  private let isReplacing: Bool
  private let isNewFolder: Bool
  private let store: FileStore
  private let writtenSections = Mutex(0)

  init(
    _ request: ExportRequest, pattern: CounterPattern, encoder: Encoder
  ) throws(VolumeError) {
    precondition(request.metadata.isCountable, "a stack needs at least one voxel")
    (path, metadata, self.pattern, self.encoder) = (
      request.path, request.metadata, pattern, encoder
    )
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "one file per section holds one channel",
        found: "\(metadata.channels) channels", remedy: "write one TIFF file, or HDF5")
    }
    threads = max(1, request.threads)
    isReplacing = request.isReplacing
    let folder = pattern.folder
    isNewFolder = try FileStatus(folder) == nil
    let (parent, name) =
      isNewFolder ? FileStore.split(folder) : (folder, FileStore.split(path).name)
    if !isNewFolder {
      let old = try fileNames(inFolder: folder).filter(pattern.matches)
      guard old.isEmpty || isReplacing else {
        throw VolumeError(
          .alreadyExists, path: path, "sections of that name are there already",
          found: old.min(), remedy: "choose another name or remove them")
      }
      try PartialFile.removeStrays(of: name, in: parent)
    }
    store = FileStore(root: "\(parent)/\(PartialFile.name(for: name))")
    try store.createRoot()
    if isNewFolder { try PartialFile.removeStrays(of: name, in: parent) }
  }

  deinit {
    // Finished: it is not there any more. A folder that cannot be removed is a stray for the next.
    try? FileStore.removeTree(at: store.root)
  }

  var unit: VoxelExtent {
    var unit = metadata.wholeSections
    // A section is compressed by one thread.
    unit.z = max(unit.z, min(threads, metadata.extent.z))
    return unit
  }

  func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError) {
    let volume = copy volume
    try metadata.checkSections(volume, path: path)
    let first = volume.box.origin.z
    try writtenSections.withLock { written throws(VolumeError) in
      try metadata.checkNext(volume.box, after: written, path: path)
      let (store, encoder, pattern) = (store, encoder, pattern)
      _ = try concurrentResults(volume.box.extent.z, threads: threads) {
        z throws(VolumeError) in
        let bytes = try encoder.encode(volume, z: z)
        try store.write(bytes.rawSpan, to: pattern.name(first + z))
      }
      written += volume.box.extent.z
    }
  }

  func finish() throws(VolumeError) {
    try metadata.checkWhole(writtenSections.withLock { $0 }, path: path)
    guard !isNewFolder else {
      return try store.move(to: pattern.folder)
    }
    try store.synchronize()
    let folder = pattern.folder
    let names = Set((0..<metadata.extent.z).map(pattern.name))
    let old = try fileNames(inFolder: folder).filter(pattern.matches)
    guard old.isEmpty || isReplacing else {
      throw VolumeError(
        .alreadyExists, path: path, "sections of that name are there already", found: old.min(),
        remedy: "choose another name or remove them")
    }
    for name in names.sorted() {
      guard rename(store.path(of: name), "\(folder)/\(name)") == 0 else {
        throw VolumeError(errno: errno, path: "\(folder)/\(name)", "cannot be given its name")
      }
    }
    // Sections of a longer stack that was there would be taken for this one's.
    for name in old where !names.contains(name) { unlink("\(folder)/\(name)") }
    try FileStore.synchronizeFolder(folder)
  }
}

/// How a section becomes a file.
protocol SectionEncoder: Sendable {
  /// The bytes of the file of the section numbered `z` within a block.
  func encode<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, z: Int
  ) throws(VolumeError) -> [UInt8]
}

/// Sections as TIFF files of one page.
struct TIFFSectionEncoder: SectionEncoder {
  let layout: TIFFPageLayout
  let description: String

  init(_ request: ExportRequest) throws(VolumeError) {
    layout = try TIFFPageLayout(request, sectionsPerFile: 1)
    description = TIFFDescription.text(request.metadata, sections: 1)
  }

  func encode<Scalar: VoxelScalar>(
    _ volume: borrowing Volume<Scalar>, z: Int
  ) throws(VolumeError) -> [UInt8] {
    var tiles: [[UInt8]] = []
    for tile in 0..<layout.tileCount {
      tiles.append(try layout.encode(volume, channel: 0, z: z, tile: tile))
    }
    let header = layout.header
    return header
      + layout.page(tiles, at: header.count, description: description, isLast: true)
  }
}
