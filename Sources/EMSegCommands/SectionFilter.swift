import Blockwise
import ImageFilters
import VolumeStore
import ZarrStore
import Voxels

/// Maps the grey values of each section along a straight line of its own.
struct SectionFilter: VolumeFilter {
  /// How a section's line is found.
  enum Rule: Hashable {
    /// Two percentiles of the section become black and white.
    case stretch(low: Double, high: Double)
    /// The section gets the mean and the standard deviation of the whole volume.
    case match
  }

  let source: GreySource
  /// What identifies the source's content.
  let identity: String
  let rule: Rule
  /// One map for each section; none before the first pass.
  var maps: [GreyMap] = []

  let name = "equalize"
  let kind = VolumeKind.image
  var method: String {
    switch rule {
    case .stretch(let low, let high): "stretch 1, percentiles \(low) to \(high)"
    case .match: "match 1"
    }
  }
  var metadata: VolumeMetadata { source.reader.metadata }
  var workingSet: WorkingSet {
    WorkingSet(filtering: source.reader, resultBytes: metadata.dataType.byteCount)
  }

  init(source: GreySource, identity: String, rule: Rule) {
    self.source = source
    self.identity = identity
    self.rule = rule
  }

  func write(_ box: VoxelBox, to target: any VolumeWriter) throws -> [ChunkRecord] {
    func write<Scalar: GreyScalar>(_ type: Scalar.Type) throws -> [ChunkRecord] {
      var volume = try source.reader.read(box, as: type)
      GreyMap.apply(Array(maps[box.origin.z..<box.end.z]), to: &volume)
      return try target.write(volume)
    }
    return try write(source.scalarType)
  }

  /// Counts the grey values of every section, block by block, and finds the sections' maps.
  func prepared(for image: OutputImage, with runner: StageRunner) throws -> SectionFilter {
    let files = image.blockFiles("histograms")
    let ledger = image.ledger("histograms")
    let unit = image.finest.metadata.storageUnit
    var set = workingSet
    set.bytesPerWorker += source.scalarType.greyCount * 16
    let blocks = try runner.blocks(
      for: set, storageUnit: unit, volume: metadata.extent, ledgers: [ledger],
      block: runner.options.block?.extent)
    try runner.run(
      HistogramStage(source: source, files: files, identity: identity), on: blocks,
      ledger: ledger)
    var filter = self
    filter.maps = try maps(from: files, of: blocks.grid)
    return filter
  }

  /// The maps of all sections, from the histograms of one layer of blocks at a time.
  private func maps(from files: BlockFiles, of grid: BlockGrid) throws -> [GreyMap] {
    var sections: [SectionMoments] = []
    var maps: [GreyMap] = []
    let layer = grid.counts.y * grid.counts.x
    for first in stride(from: 0, to: grid.count, by: layer) {
      let depth = grid.block(first).writeBox.extent.z
      var histograms = [GreyHistogram](
        repeating: GreyHistogram(greyCount: source.scalarType.greyCount), count: depth)
      for index in first..<first + layer {
        try HistogramStage.add(try files.read(index), to: &histograms)
      }
      switch rule {
      case .stretch(let low, let high):
        maps += histograms.map { GreyMap(stretching: $0, from: low, to: high) }
      case .match:
        sections += histograms.map(SectionMoments.init)
      }
    }
    guard rule == .match else { return maps }
    let whole = SectionMoments(joining: sections)
    return sections.map { $0.map(to: whole) }
  }
}

/// The mean and the spread of a section's values, or of a volume's.
private struct SectionMoments {
  var count: Double
  var mean: Double
  var standardDeviation: Double

  init(_ histogram: GreyHistogram) {
    count = Double(histogram.pixelCount)
    mean = histogram.mean
    standardDeviation = histogram.standardDeviation
  }

  /// The moments of all sections together.
  init(joining sections: [SectionMoments]) {
    let total = sections.reduce(0) { $0 + $1.count }
    let center = sections.reduce(0) { $0 + $1.count * $1.mean } / total
    let squares = sections.reduce(0) { sum, section in
      let step = section.mean - center
      return sum + section.count
        * (section.standardDeviation * section.standardDeviation + step * step)
    }
    count = total
    mean = center
    standardDeviation = (squares / total).squareRoot()
  }

  func map(to whole: SectionMoments) -> GreyMap {
    GreyMap(
      matching: (mean, standardDeviation), mean: whole.mean,
      standardDeviation: whole.standardDeviation)
  }
}

/// Counts the grey values of the sections of every block.
private struct HistogramStage: BlockStage {
  let source: GreySource
  let files: BlockFiles
  let identity: String

  let name = "histograms"
  var halo: VoxelExtent { .zero }
  var fingerprint: String { "method=histograms 1\nsource=\(identity)" }
  var outputs: [any RecordedOutput] { [files] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    func table<Scalar: GreyScalar>(_ type: Scalar.Type) throws -> BlockTable {
      let volume = try source.reader.read(block.writeBox, as: type)
      var counts: [UInt64] = []
      var greys: [UInt16] = []
      var lengths: [UInt32] = []
      for z in 0..<volume.extent.z {
        let histogram = GreyHistogram(of: volume, z: z).counts
        let present = histogram.indices.filter { histogram[$0] > 0 }
        greys += present.map { UInt16($0) }
        counts += present.map { histogram[$0] }
        lengths.append(UInt32(present.count))
      }
      var table = BlockTable()
      table.append(lengths)
      table.append(greys)
      table.append(counts)
      return table
    }
    let record = try files.write(try table(source.scalarType), for: block)
    return BlockResult(report: NoReport(), written: [[record]])
  }

  /// Adds a block's counts to those of its sections.
  static func add(_ table: BlockTable, to histograms: inout [GreyHistogram]) throws {
    let lengths = try table.column(0, as: UInt32.self)
    let greys = try table.column(1, as: UInt16.self)
    let counts = try table.column(2, as: UInt64.self)
    var entry = 0
    for (section, length) in lengths.enumerated() {
      for _ in 0..<length {
        histograms[section].add(counts[entry], of: Int(greys[entry]))
        entry += 1
      }
    }
  }
}
