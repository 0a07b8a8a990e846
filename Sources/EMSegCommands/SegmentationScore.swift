import Evaluation
import Labels
import Networks
import Segmentation
import Tensors
import Training
import VolumeStore
import Voxels

/// How well a network's affinities segment annotated volumes, by the pipeline of `segment`.
struct SegmentationScore {
  /// The cost up to which regions merge.
  var cost: Double
  /// Variation of information, in bits, and adapted Rand error; means over the volumes.
  var split: Double, merge: Double, arand: Double

  /// What scoring takes for each voxel: affinities, links, fragments, segments and truth.
  static let bytesPerVoxel = 3 * 5 + 2 + 4 + 8 + 8 + 8 + 16

  /// What is made small.
  var sum: Double { split + merge }

  /// Scores a network at each of the costs.
  ///
  /// - Parameters:
  ///   - model: A network with the metadata of one that predicts affinities.
  ///   - volumes: What it is to segment.
  ///   - settings: The thresholds and costs.
  ///   - memory: What the network may take, in bytes.
  ///   - threads: The number of threads.
  /// - Returns: One score for each cost; none where no volume has a labelled voxel.
  /// - Throws: ``ModelError`` where the network does not fit; what reading the volumes throws.
  static func scores(
    of model: ONNXModel, on volumes: [AnnotatedVolume], settings: ScoringSettings, memory: Int,
    threads: Int
  ) throws -> [SegmentationScore] {
    let tables = try volumes.map { volume in
      try Self.tables(
        of: model, on: volume, settings: settings, memory: memory, threads: threads)
    }
    return settings.costs.indices.compactMap { index in
      let scored = tables.compactMap { tables in
        VariationOfInformation(of: tables[index]).flatMap { information in
          AdaptedRandError(of: tables[index]).map { (information, $0) }
        }
      }
      guard !scored.isEmpty else { return nil }
      let count = Double(scored.count)
      return SegmentationScore(
        cost: settings.costs[index],
        split: scored.reduce(0) { $0 + $1.0.split } / count,
        merge: scored.reduce(0) { $0 + $1.0.merge } / count,
        arand: scored.reduce(0) { $0 + $1.1.error } / count)
    }
  }

  /// The overlaps of the segments at each cost with the true ones.
  private static func tables(
    of model: ONNXModel, on volume: AnnotatedVolume, settings: ScoringSettings, memory: Int,
    threads: Int
  ) throws -> [ContingencyTable] {
    let affinities = try self.affinities(of: model, on: volume, memory: memory, threads: threads)
    let box = affinities.box
    let fragments = watershed(
      affinities: affinities, box: box, volume: box,
      parameters: WatershedParameters(low: settings.low, high: settings.high))
    let numbers = fragments.labels.converted(to: UInt64.self)
    let graph = regionGraph(affinities: affinities, fragments: numbers, box: box, volume: box)
    var sizes = [UInt64](repeating: 0, count: fragments.count + 1)
    for fragment in graph.fragments { sizes[Int(fragment.id)] += fragment.voxelCount }
    let tree = try agglomerate(
      blockCounts: VoxelExtent(cube: 1), fragmentCount: fragments.count,
      maximumCost: settings.costs.last ?? 1, threads: threads
    ) { _ in graph }
    let truth = try self.truth(of: volume)
    return settings.costs.map { cost in
      var segments = tree.segmentTable(threshold: cost)
      SegmentSizes.dropSegments(
        below: settings.minimumVoxels, from: &segments, fragmentSizes: sizes)
      var table = ContingencyTable()
      table.add(segmentation: relabelled(fragments.labels, by: segments), truth: truth)
      return table
    }
  }

  private static func affinities(
    of model: ONNXModel, on volume: AnnotatedVolume, memory: Int, threads: Int
  ) throws -> Volume<UInt8> {
    let description = try ModelDescription(model)
    let choice = try PatchChoice(
      model: model, description: description, volume: volume.box.extent, memoryLimit: memory,
      threads: threads)
    let predictor = try BlockPredictor(
      networks: try NetworkPool(choice.plan), grid: choice.grid, normalization: .scale(1),
      output: try .affinities(description, channels: choice.plan.outputShape.c), cacheBytes: 0)
    let step = volume.box.origin - VoxelPosition.zero
    let prediction = try predictor.predict(VoxelBox(extent: volume.box.extent)) { box in
      let there = VoxelBox(origin: box.origin + step, extent: box.extent)
      return try volume.image(in: there).moved(to: box.origin)
    }
    return quantized(prediction)
  }

  /// The true labels, 0 where they do not count, from the volume's own first voxel on.
  private static func truth(of volume: AnnotatedVolume) throws -> Volume<UInt64> {
    var labels = try volume.labels(in: volume.box)
    if let mask = try volume.mask(in: volume.box) {
      let known = mask.span
      var values = labels.mutableSpan
      for index in values.indices where known[index] == 0 { values[index] = 0 }
    }
    return labels.moved(to: .zero)
  }
}
