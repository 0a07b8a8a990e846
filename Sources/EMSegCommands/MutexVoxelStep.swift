import Blockwise
import Codecs
import CommandLineInterface
import Labels
import Segmentation
import VolumeStore
import ZarrStore
import Voxels

/// The mutex watershed of all voxels of a volume that fits in memory, and its labels.
struct MutexVoxelStep {
  let affinities: AffinityVolume
  let channels: [MutexChannel]
  let mask: InputVolume?
  /// Segments with fewer voxels become background.
  let minimumVoxels: Int
  let output: String

  /// What the algorithm holds for each voxel beside affinities and what is kept apart.
  private static let bytesPerVoxel = 28
  /// The least for each voxel for what is kept apart.
  private static let leastMutexBytes = 8

  /// Runs the watershed and writes the labels.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws -> SegmentSizes {
    let metadata = affinities.reader.metadata
    let maskVolume = try mask.map { try MaskVolume($0.reader, over: metadata.extent) }
    let mutexMemory = try mutexMemory(within: runner.options.memory.bytes)
    let output = try MutexOutput(
      of: affinities, parameters: parameters, method: "voxels", at: output, policy: policy,
      runner: runner)
    if let sizes = output.finished { return sizes }
    let found = try segments(mask: maskVolume, mutexMemory: mutexMemory, runner)
    var counts = [UInt64](repeating: 0, count: found.count + 1)
    let labels = found.labels.span
    for index in labels.indices { counts[Int(labels[index])] += 1 }
    var table = (0...UInt64(found.count)).map { $0 }
    counts[0] = 0
    SegmentSizes.dropSegments(below: minimumVoxels, from: &table, fragmentSizes: counts)
    let sizes = SegmentSizes(of: table, fragmentSizes: counts)
    let stage = HeldLabelStage(
      labels: found.labels, table: table, target: output.image.finest,
      fingerprint: output.fingerprint)
    return try output.write(
      stage, sizes: sizes, heldBytes: 4 * found.labels.extent.voxelCount + 8 * table.count,
      with: runner)
  }

  private var parameters: String {
    var lines = channels.map(\.text) + ["minimum voxels=\(minimumVoxels)"]
    if let mask { lines.append("mask=\(mask.identity)") }
    return lines.joined(separator: "\n")
  }

  /// The memory that is left for what is kept apart.
  ///
  /// - Throws: ``VolumeError`` with `limitExceeded` where the volume does not fit.
  private func mutexMemory(within memory: Int) throws(VolumeError) -> Int {
    let metadata = affinities.reader.metadata
    let count = metadata.extent.voxelCount
    let perVoxel =
      affinities.bytesPerVoxel + Self.bytesPerVoxel
      + (mask.map { $0.reader.readingMemory.perVoxel + 2 } ?? 0)
    let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: perVoxel)
    let left = memory - MemoryBudget.programBytes
    guard !isTooLarge, count < UInt32.max, bytes <= left - Self.leastMutexBytes * count else {
      throw tooLarge(
        "the volume is too large to segment its voxels in memory",
        found: "\(count) voxels of \(perVoxel + Self.leastMutexBytes) bytes")
    }
    return left - bytes
  }

  private func tooLarge(_ message: String, found: String) -> VolumeError {
    VolumeError(
      .limitExceeded, path: affinities.reader.path, message, found: found,
      expected: "what fits --memory",
      remedy: "name supervoxels with --fragments, or allow more --memory or wider --strides")
  }

  private func segments(
    mask: MaskVolume?, mutexMemory: Int, _ runner: StageRunner
  ) throws -> Fragments {
    let box = affinities.reader.metadata.box
    let marks = try mask?.fullMarks(over: box)
    runner.context.note("\(box.extent.text) voxels with \(channels.count) links each")
    return affinities.reader.metadata.dataType == .uint8
      ? try segments(UInt8.self, box, marks, mutexMemory, threads: runner.options.threads)
      : try segments(Float.self, box, marks, mutexMemory, threads: runner.options.threads)
  }

  private func segments<Affinity: AffinityScalar>(
    _ type: Affinity.Type, _ box: VoxelBox, _ marks: Volume<UInt8>?, _ mutexMemory: Int,
    threads: Int
  ) throws(VolumeError) -> Fragments {
    let values = try affinities.read(box, as: type, threads: threads)
    do {
      return try mutexWatershed(
        affinities: values, channels: channels, mask: marks, mutexMemory: mutexMemory)
    } catch {
      throw tooLarge(
        "what must be kept apart does not fit in memory",
        found: "more than \(error.limit) bytes left for it")
    }
  }
}

/// The labels that a mutex watershed makes.
struct MutexOutput {
  let image: OutputImage
  let fingerprint: String
  /// What an earlier run found that finished them.
  let finished: SegmentSizes?
  private let block: VoxelExtent?

  /// Prepares the output, or goes on with the one that an earlier run began.
  init(
    of affinities: AffinityVolume, parameters: String, method: String, at path: String,
    policy: OutputImage.Policy, runner: StageRunner
  ) throws {
    let metadata = affinities.reader.metadata
    let voxelSize = metadata.voxelSize ?? VoxelSize(z: 1, y: 1, x: 1)
    block = runner.options.block?.extent
    let layout = ChunkLayout(chunk: ChunkShape.chunk(for: voxelSize, block: block))
    fingerprint =
      "method=mutex watershed of \(method) 1\n\(parameters)\naffinities=\(affinities.identity)"
    image = try OutputImage.prepare(
      ImageSpecification(
        name: "segmentation", kind: .labels, extent: metadata.extent, dataType: .uint64,
        voxelSize: voxelSize, offset: metadata.offset, layout: layout),
      at: path, fingerprint: "\(fingerprint)\nchunk=\(layout.chunk.text)",
      provenance: ["command": .string("mutex-watershed"), "parameters": .string(fingerprint)],
      policy: policy, runner: runner)
    finished = image.isComplete ? SegmentSizes(image.attributes) : nil
  }

  /// Writes the labels and finishes the image.
  ///
  /// - Parameters:
  ///   - stage: What writes them.
  ///   - sizes: What they are, in numbers.
  ///   - heldBytes: What the stage holds whatever the block.
  ///   - runner: What runs the stage.
  /// - Returns: The sizes.
  /// - Throws: What the stage and storing throw.
  func write(
    _ stage: some BlockStage, sizes: SegmentSizes, heldBytes: Int, with runner: StageRunner
  ) throws -> SegmentSizes {
    let metadata = image.finest.metadata
    let blocks = try runner.blocks(
      for: WorkingSet(bytesPerReadVoxel: 8, bytesPerWriteVoxel: 3 * 8, sharedBytes: heldBytes),
      storageUnit: metadata.storageUnit, volume: metadata.extent,
      ledgers: [image.ledger("level-0")], block: block)
    try runner.run(stage, on: blocks, ledger: image.ledger("level-0"))
    try image.buildPyramid(.mode, with: runner)
    try image.complete(adding: sizes.attributes)
    return sizes
  }
}

/// Writes labels that are held in memory.
struct HeldLabelStage: BlockStage {
  let name = "segments"
  let labels: Volume<UInt32>
  /// What each label becomes.
  let table: [UInt64]
  let target: any VolumeWriter
  let fingerprint: String

  var halo: VoxelExtent { .zero }
  var outputs: [any RecordedOutput] { [target] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let segments = relabelled(labels, by: table, in: block.writeBox)
    return BlockResult(report: NoReport(), written: [try target.write(segments)])
  }
}

extension MutexChannel {
  /// What tells the channel's links from others.
  var text: String {
    "channel \(channel)=\(offset.text) bias \(bias) stride \(stride.text)"
  }
}
