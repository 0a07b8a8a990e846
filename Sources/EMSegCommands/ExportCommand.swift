import CommandLineInterface
import FoundationEssentials
import HDF5Formats
import SectionFormats
import VolumeFormats
import VolumeStore
import ZarrStore
import Voxels

/// The command `emseg export`.
struct ExportCommand: Command {
  var source = ""
  var output = ""
  var dataset: String?
  var level = 0
  var force = false
  var memory = ByteCount.gibibytes(1)

  static let manual = Manual<Self>(
    "export",
    summary: "Export an OME-Zarr, or a project's labels, as HDF5 or TIFF.",
    discussion: """
      The name of the output decides the format. HDF5 is written in the layout of CREMI: labels at \
      /volumes/labels/neuron_ids, images at /volumes/raw, with resolution and offset in nanometres. \
      TIFF is one tiled multi-page file, BigTIFF where it must be; labels are stored in 32 bits, \
      and refused where they need more. The file appears under its name only when it is complete.
      """,
    arguments: [
      .positional("SOURCE", \.source, "An OME-Zarr or a project folder."),
      .option(
        "--output", \.output, .required, placeholder: "FILE", "F.h5, F.hdf or F.tif to create."),
      .option("--dataset", \.dataset, placeholder: "PATH", "The dataset to create in HDF5."),
      .option("--level", \.level, accepting: .atLeast(0), "The pyramid level to export."),
      .flag("--force", \.force, "Replace the output if it exists."),
      .option("--memory", \.memory, "Memory to stay within."),
    ],
    examples: [
      Example(
        "emseg export fib25.fascicle --output segmentation.h5",
        "Export a project's final labels in the CREMI layout.")
    ],
    references: ["CREMI file format, https://cremi.org/data"])

  func run(_ context: CommandContext) throws {
    guard force || !FileManager.default.fileExists(atPath: output) else {
      throw ExistingOutput.error(output, "it is there already")
    }
    let reader = try openLevel()
    try ExistingOutput.createFolder(of: output)
    let metadata = reader.metadata
    let isLabels = metadata.dataType.isInteger && metadata.dataType.byteCount >= 4
    let name = output.lowercased()
    if [".h5", ".hdf", ".hdf5"].contains(where: { name.hasSuffix($0) }) {
      let path = dataset ?? (isLabels ? "/volumes/labels/neuron_ids" : "/volumes/raw")
      let writer = try ExistingOutput.creating { () throws(VolumeError) in
        try HDF5Writer(output, replacing: force)
      }
      try writer.addDataset(path, metadata: metadata)
      func write<Scalar: VoxelScalar>(_ box: VoxelBox, _ type: Scalar.Type) throws {
        try writer.write(try reader.read(box, as: type), to: path)
      }
      try copy(reader, context: context) { box, type in try write(box, type) }
      try writer.finish()
    } else if [".tif", ".tiff"].contains(where: { name.hasSuffix($0) }) {
      try exportTIFF(reader, isLabels: isLabels, context: context)
    } else {
      throw UsageError(
        "--output", "the name of the output does not tell its format", found: output,
        expected: "a name ending in .h5, .hdf, .hdf5, .tif or .tiff")
    }
  }

  private func openLevel() throws -> ZarrArray {
    let path = try ProjectFolder.found(at: source)?.finishedSegmentation ?? source
    let input = try InputVolume.stored(path)
    guard level > 0 else {
      guard let array = input.reader as? ZarrArray else { preconditionFailure("an array") }
      return array
    }
    let levels = try OMEZarrImage.open(
      at: path, cache: ChunkCache(byteLimit: memory.bytes / 2)
    ).levels
    guard levels.indices.contains(level) else {
      throw UsageError(
        "--level", "the image has no such level", found: "\(level)",
        expected: "0 to \(levels.count - 1)")
    }
    return levels[level]
  }

  private func exportTIFF(_ reader: ZarrArray, isLabels: Bool, context: CommandContext) throws {
    var metadata = reader.metadata
    let isWide = metadata.dataType == .uint64
    if isWide {
      let largest = try largestLabel(reader, context: context)
      guard largest <= UInt64(UInt32.max) else {
        throw VolumeError(
          .unsupportedFeature, path: output, "labels do not fit the 32 bits of a TIFF",
          found: "label \(largest)", expected: "at most \(UInt32.max)",
          remedy: "export HDF5, or renumber with emseg components")
      }
      metadata.dataType = .uint32
    }
    let writer = try TIFFStackWriter(
      output, metadata: metadata, content: isLabels ? .labels : .image, replacing: force)
    func write<Scalar: VoxelScalar>(_ box: VoxelBox, _ type: Scalar.Type) throws {
      try writer.write(try reader.readConverting(box, to: type))
    }
    try copy(reader, wholeSections: true, context: context) { box, _ in
      try write(box, metadata.dataType.scalarType)
    }
    try writer.finish()
  }

  private func largestLabel(_ reader: ZarrArray, context: CommandContext) throws -> UInt64 {
    var largest: UInt64 = 0
    try copy(reader, context: context) { box, _ in
      let volume = try reader.read(box, as: UInt64.self)
      let values = volume.span
      for index in values.indices { largest = max(largest, values[index]) }
    }
    return largest
  }

  /// Visits the volume in boxes that fit the memory, in raster order.
  private func copy(
    _ reader: ZarrArray, wholeSections: Bool = false, context: CommandContext,
    _ body: (VoxelBox, any VoxelScalar.Type) throws -> Void
  ) throws {
    let metadata = reader.metadata
    let (extent, unit) = (metadata.extent, metadata.storageUnit)
    let bytesPerVoxel = metadata.channels * metadata.dataType.byteCount * 3
    var step = VoxelExtent(
      z: unit.z, y: wholeSections ? extent.y : unit.y, x: wholeSections ? extent.x : unit.x)
    while wholeSections, step.z > 1, step.voxelCount * bytesPerVoxel > memory.bytes / 2 {
      step.z = (step.z + 1) / 2
    }
    let line = context.progress("export", total: extent.voxelCount, unit: .voxels)
    defer { _ = line.finish() }
    for z in stride(from: 0, to: extent.z, by: step.z) {
      for y in stride(from: 0, to: extent.y, by: step.y) {
        for x in stride(from: 0, to: extent.x, by: step.x) {
          try context.checkCancellation()
          let box = VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: step)
            .intersection(metadata.box)
          try body(box, metadata.dataType.scalarType)
          line.advance(by: box.extent.voxelCount)
        }
      }
    }
  }
}
