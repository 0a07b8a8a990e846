import Blockwise
import Codecs
import CommandLineInterface
import Segmentation
import VolumeStore
import Voxels

/// The mutex watershed of supervoxels, and its labels.
struct MutexGraphStep {
  let affinities: AffinityVolume
  let channels: [MutexChannel]
  let options: MutexOptions
  let fragments: InputVolume
  let fragmentCount: Int
  /// The folder of what is known of pairs of supervoxels.
  let graph: String
  /// Segments with fewer voxels become background.
  let minimumVoxels: Int
  let output: String

  /// What labels, sizes, clusters and tables of one supervoxel take.
  private static let bytesPerFragment = 64

  /// Runs the watershed, or what is left of it.
  func run(_ runner: StageRunner, policy: OutputImage.Policy) throws -> SegmentSizes {
    let metadata = fragments.reader.metadata
    guard metadata.extent == affinities.reader.metadata.extent, metadata.dataType == .uint64,
      metadata.channels == 1
    else {
      throw VolumeError(
        .dataTypeMismatch, path: fragments.reader.path,
        "fragments and affinities do not go together",
        found: "\(metadata.dataType.rawValue), \(metadata.extent.text)",
        expected: "uint64, \(affinities.reader.metadata.extent.text)")
    }
    try checkMemory(pairs: 0, runner)
    let stride = options.stride.extent.text
    let output = try MutexOutput(
      of: affinities,
      parameters: "bias=\(options.bias.near),\(options.bias.far)\nstride=\(stride)\n"
        + "minimum voxels=\(minimumVoxels)\nfragments=\(fragments.identity)",
      method: "fragments", at: output, policy: policy, runner: runner)
    if let sizes = output.finished { return sizes }
    let links = try gatheredLinks(runner)
    var fragmentSizes = [UInt64](repeating: 0, count: fragmentCount + 1)
    for fragment in links.fragments { fragmentSizes[Int(fragment.id)] = fragment.voxelCount }
    var table = try segments(links, runner)
    SegmentSizes.dropSegments(below: minimumVoxels, from: &table, fragmentSizes: fragmentSizes)
    let sizes = SegmentSizes(of: table, fragmentSizes: fragmentSizes)
    let stage = SegmentStage(
      fragments: fragments.reader, table: table, target: output.image.finest,
      fingerprint: output.fingerprint)
    return try output.write(stage, sizes: sizes, heldBytes: 8 * table.count, with: runner)
  }

  private func segments(_ links: FragmentLinks, _ runner: StageRunner) throws -> [UInt64] {
    do {
      return try links.mutexSegments(
        fragmentCount: fragmentCount, nearBias: options.bias.near, farBias: options.bias.far,
        mutexMemory: max(1 << 20, runner.options.memory.bytes - MemoryBudget.programBytes))
    } catch {
      throw tooLarge(least: 2 * runner.options.memory.bytes)
    }
  }

  /// The links of the whole volume, from blocks that this or an earlier run gathered.
  private func gatheredLinks(_ runner: StageRunner) throws -> FragmentLinks {
    let volume = fragments.reader.metadata.extent
    let ledger = "\(graph)/links.ledger"
    let files = BlockFiles(path: "\(graph)/links")
    let stage = FragmentLinksStage(
      fragments: fragments, fragmentCount: fragmentCount, affinities: affinities,
      channels: channels, files: files)
    let set = WorkingSet(
      bytesPerReadVoxel: 8, bytesPerWriteVoxel: affinities.bytesPerVoxel + 32, halo: stage.halo)
    let blocks = try runner.blocks(
      for: set, storageUnit: fragments.reader.metadata.storageUnit, volume: volume,
      ledgers: [ledger], block: runner.options.block?.extent)
    do {
      try runner.run(stage, on: blocks, ledger: ledger)
    } catch var error as LedgerError where error.code == .stale {
      error.remedy = "name another folder with --graph, or remove \(graph)"
      throw error
    }
    var parts: [FragmentLinks] = []
    var pairs = 0
    for index in 0..<blocks.grid.count {
      let part = try FragmentLinks(
        decoding: try files.read(index).column(0, as: UInt8.self), fragmentCount: fragmentCount)
      pairs += part.near.count + part.far.count
      // What does not fit is only counted, so that the error can say how much would.
      if least(pairs: pairs) <= runner.options.memory.bytes {
        parts.append(part)
      } else {
        parts = []
      }
    }
    try checkMemory(pairs: pairs, runner)
    return FragmentLinks(joining: parts)
  }

  /// The memory that so many pairs take, the program included.
  private func least(pairs: Int) -> Int {
    MemoryBudget.programBytes + Self.bytesPerFragment * fragmentCount
      + FragmentLinks.bytesPerPair * pairs
  }

  /// - Throws: ``VolumeError`` with `limitExceeded` where the graph does not fit in memory.
  private func checkMemory(pairs: Int, _ runner: StageRunner) throws(VolumeError) {
    let least = least(pairs: pairs)
    if least > runner.options.memory.bytes { throw tooLarge(least: least) }
  }

  private func tooLarge(least: Int) -> VolumeError {
    VolumeError(
      .limitExceeded, path: fragments.reader.path,
      "the graph of supervoxels does not fit in memory",
      expected: "--memory \((least + 1 << 20 - 1) >> 20)MiB or more",
      remedy: "allow that, or make fewer supervoxels, for example by emseg agglomerate")
  }
}

/// Gathers the links between the fragments of each block.
struct FragmentLinksStage: BlockStage {
  let name = "links"
  let fragments: InputVolume
  let fragmentCount: Int
  let affinities: AffinityVolume
  let channels: [MutexChannel]
  let files: BlockFiles

  /// The longest links.
  var halo: VoxelExtent {
    channels.reduce(.zero) { halo, channel in
      VoxelExtent(
        z: max(halo.z, abs(channel.offset.z)), y: max(halo.y, abs(channel.offset.y)),
        x: max(halo.x, abs(channel.offset.x)))
    }
  }
  /// Without biases: other ones need nothing gathered anew.
  var fingerprint: String {
    let links = channels.map { channel in
      "channel \(channel.channel)=\(channel.offset.text)"
        + (channel.isNear ? "" : " stride \(channel.stride.text)")
    }
    return "method=fragment links 1\n\(links.joined(separator: "\n"))\n"
      + "fragments=\(fragments.identity)\naffinities=\(affinities.identity)"
  }
  var outputs: [any RecordedOutput] { [files] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let labels = try fragments.reader.read(block.readBox, as: UInt64.self)
    let span = labels.span
    for index in span.indices where span[index] > UInt64(fragmentCount) {
      throw VolumeError(
        .malformedMetadata, path: fragments.reader.path, "a supervoxel's label is too large",
        found: "\(span[index])", expected: "at most \(fragmentCount), the attribute labels",
        remedy: "make the supervoxels again")
    }
    let links =
      affinities.reader.metadata.dataType == .uint8
      ? try links(of: block, labels, UInt8.self) : try links(of: block, labels, Float.self)
    var table = BlockTable()
    table.append(links.encoded)
    return BlockResult(report: NoReport(), written: [[try files.write(table, for: block)]])
  }

  private func links<Affinity: AffinityScalar>(
    of block: Block, _ labels: borrowing Volume<UInt64>, _ type: Affinity.Type
  ) throws -> FragmentLinks {
    fragmentLinks(
      affinities: try affinities.read(block.writeBox, as: type), channels: channels,
      fragments: labels, box: block.writeBox, volume: fragments.reader.metadata.box)
  }
}
