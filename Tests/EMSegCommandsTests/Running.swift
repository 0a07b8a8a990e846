import CommandLineInterface
import EMSegCommands
import TestSupport
import VolumeStore
import ZarrStore
import Voxels

/// What a command line gave.
struct Outcome {
  var status: Int32
  var output: String
  var diagnostics: String

  /// The value of a `name<tab>value` line.
  subscript(_ name: String) -> String? {
    output.split(separator: "\n").lazy
      .map { $0.split(separator: "\t", maxSplits: 1).map(String.init) }
      .first { $0.count == 2 && $0[0] == name }?[1]
  }
}

/// Runs a command line in this process.
///
/// - Parameters:
///   - words: The words after `emseg`.
///   - stage: The stage at whose first progress line the user interrupts.
/// - Returns: The exit status and everything written.
@discardableResult
func emseg(_ words: [String], interruptedAt stage: String? = nil) -> Outcome {
  let (output, diagnostics) = (CapturedText(), CapturedText())
  let cancellation = CancellationFlag()
  let stream = diagnostics.stream()
  let watched = TextStream { bytes throws(OutputError) in
    let text = String(decoding: bytes, as: UTF8.self)
    if let stage, text.hasPrefix("progress stage=\(stage) ") { cancellation.cancel() }
    try stream.write(text)
  }
  let status = runTool(
    name: "emseg", version: "test", summary: "", commands: AllCommands.list,
    arguments: words + (stage == nil ? [] : ["--progress", "lines"]),
    console: Console(output: output.stream(), diagnostics: watched, cancellation: cancellation))
  return Outcome(status: status, output: output.text, diagnostics: diagnostics.text)
}

@discardableResult
func emseg(_ words: String...) -> Outcome { emseg(words) }

/// The committed network.
let phantomModel =
  String(volumesFolder.dropLast("volumes".count)) + "models/phantom-affinity-unet.onnx"

/// The committed phantom.
let sample = volumesFolder + "/phantoms/sample"

/// Makes a phantom in a folder: `image.zarr` and `truth.zarr`.
func makePhantom(in folder: TemporaryFolder, extent: String = "24,40,44") -> Outcome {
  emseg(
    "phantom", "--extent", extent, "--seed", "23", "--output", folder("image.zarr"), "--labels",
    folder("truth.zarr"))
}

/// Every voxel of a stored label volume, in raster order.
func labels(at path: String) throws -> [UInt64] {
  let array = try ZarrArray.openVolume(at: path)
  return try values(array.readConverting(array.metadata.box, to: UInt64.self))
}

func values<Scalar: VoxelScalar>(_ volume: Volume<Scalar>) -> [Scalar] {
  let span = volume.span
  return span.indices.map { span[$0] }
}

/// Stores a volume as an OME-Zarr image.
func store<Scalar: VoxelScalar>(
  _ volume: Volume<Scalar>, at path: String, kind: ImageSpecification.Kind = .labels,
  chunk: VoxelExtent = VoxelExtent(cube: 16)
) throws {
  let image = try OMEZarrImage.create(
    ImageSpecification(
      name: "test", kind: kind, extent: volume.box.extent, dataType: Scalar.dataType,
      voxelSize: VoxelSize(z: 10, y: 10, x: 10), layout: ChunkLayout(chunk: chunk), levelLimit: 1),
    at: path)
  let (extent, array) = (volume.box.extent, image.levels[0])
  for z in stride(from: 0, to: extent.z, by: chunk.z) {
    for y in stride(from: 0, to: extent.y, by: chunk.y) {
      for x in stride(from: 0, to: extent.x, by: chunk.x) {
        let box = VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: chunk)
          .intersection(volume.box)
        _ = try array.write(volume.cropped(to: box))
      }
    }
  }
}

/// The files of two folders that differ, or that only one of them has.
func differences(_ first: String, _ second: String) -> [String] {
  let (here, there) = (Set(filesBelow(first)), Set(filesBelow(second)))
  let changed = here.intersection(there).filter {
    contents(of: "\(first)/\($0)") != contents(of: "\(second)/\($0)")
  }
  return here.symmetricDifference(there).union(changed).sorted()
}

/// Copies a folder.
func copyFolder(_ source: String, to target: String) throws {
  for file in filesBelow(source) {
    try FileStore(root: target).write(contents(of: "\(source)/\(file)").span.bytes, to: file)
  }
}

/// Replaces a text in a file.
func edit(_ path: String, _ old: String, _ new: String) {
  let text = String(decoding: contents(of: path), as: UTF8.self)
  let parts = text.split(separator: old, omittingEmptySubsequences: false)
  precondition(parts.count > 1, "\(path) does not say \(old)")
  overwrite(path, with: Array(parts.joined(separator: new).utf8))
}
