import Tensors
public import Voxels

/// Predicts a volume block by block, in overlapping patches.
///
/// The prediction of a voxel is bit for bit the same however the volume is cut into blocks, in
/// whatever order they are predicted, on however many threads, and whatever the cache holds: it
/// depends on the grid of patches alone, and patches are added up in the grid's order.
///
/// Several threads may call ``predict(_:within:reading:)``; as many patches are computed side by
/// side as there are networks.
public final class BlockPredictor: Sendable {
  /// The patches.
  public let grid: PatchGrid
  /// The number of values predicted per voxel.
  public let channels: Int
  private let networks: NetworkPool
  private let output: PredictionOutput
  private let normalization: InputNormalization
  private let blend: [BlendWeights]
  private let cache: PatchCache
  private let buffers: ValueBuffers

  /// Creates a predictor.
  ///
  /// - Parameters:
  ///   - networks: The networks, for the grid's patches.
  ///   - grid: The patches.
  ///   - normalization: What brings the volume's values to the network's input.
  ///   - output: Which of the network's channels are given, and how.
  ///   - cacheBytes: How much memory the predictions of patches that neighbouring blocks share may
  ///     take. A block's patches are computed again where it is too small.
  /// - Throws: `mismatch` for a network whose output is not one value per voxel of the patch, or
  ///   patches that cannot be turned as the output asks for.
  public init(
    networks: NetworkPool, grid: PatchGrid, normalization: InputNormalization,
    output: PredictionOutput? = nil, cacheBytes: Int
  ) throws(ModelError) {
    guard networks.inputShape.extent == grid.patch else {
      throw ModelError(
        .mismatch, "the network is prepared for another patch than the grid's",
        found: "\(networks.inputShape)")
    }
    guard networks.outputShape.extent == grid.patch else {
      throw ModelError(
        .unsupported, "the network's output is smaller than its input",
        found: "\(networks.outputShape) from \(networks.inputShape)",
        expected: "the same extent",
        remedy: "export the network with padded (\"same\") convolutions")
    }
    guard networks.inputShape.c == 1 else {
      throw ModelError(
        .mismatch, "the network takes \(networks.inputShape.c) channels", expected: "1")
    }
    let output = output ?? PredictionOutput(channels: Array(0..<networks.outputShape.c))
    precondition(
      output.channels.allSatisfy { (0..<networks.outputShape.c).contains($0) },
      "the network has no such channel")
    for view in output.views where view.symmetry.applied(to: grid.patch) != grid.patch {
      throw ModelError(
        .mismatch, "the patch cannot be turned",
        found: grid.patch.offsetText, expected: "the same length along the axes that are exchanged")
    }
    self.networks = networks
    self.grid = grid
    self.normalization = normalization
    self.output = output
    channels = output.channels.count
    blend = grid.axes.map { BlendWeights($0) }
    // For each network an input, an output, what is kept of it, and a block's prediction.
    buffers = ValueBuffers(limit: 4 * networks.count)
    cache = PatchCache(byteLimit: cacheBytes, buffers: buffers)
  }

  /// The patches that are computed to predict a block: where there is a mask, those of which
  /// something within it is used.
  public func patches(for block: VoxelBox, within mask: borrowing Volume<UInt8>?) -> [Int] {
    let all = grid.patches(touching: block)
    guard mask != nil else { return all }
    return all.filter { patch in
      mask?.hasMark(in: grid.keptBox(of: patch).intersection(block)) == true
    }
  }

  /// Predicts a block.
  ///
  /// - Parameters:
  ///   - block: A box within the volume.
  ///   - mask: Over the block, 0 where nothing is wanted and the prediction is 0; nil for all of it.
  ///   - read: Gives the volume's values, as they are stored, in a box within the volume.
  /// - Returns: ``channels`` values per voxel of the block.
  /// - Throws: What `read` throws, or a ``ModelError``.
  /// - Complexity: O(*n*) in the voxels of the patches that touch the block and are not cached.
  public func predict(
    _ block: VoxelBox, within mask: Volume<UInt8>? = nil,
    reading read: (VoxelBox) throws -> Volume<Float>
  ) throws -> Volume<Float> {
    precondition(
      !block.isEmpty && VoxelBox(extent: grid.volume).contains(block),
      "the block lies outside the volume")
    precondition(mask.map { $0.box == block } ?? true, "the mask is that of the block")
    var result = Volume<Float>(
      channels: channels, box: block,
      values: buffers.zeros(channels * block.extent.voxelCount))
    for patch in patches(for: block, within: mask) {
      let kept = grid.keptBox(of: patch)
      // What no other block needs is not kept.
      if block.contains(kept) {
        let prediction = try self.prediction(of: patch, reading: read)
        add(prediction, of: patch, to: &result)
        buffers.giveBack(prediction.storage)
      } else {
        add(
          try cache.prediction(of: patch) { try self.prediction(of: patch, reading: read) },
          of: patch, to: &result)
        cache.use(kept.intersection(block).extent.voxelCount, of: patch)
      }
    }
    if let mask { clear(&result, outside: mask) }
    return result
  }

  /// Takes back a prediction that is not needed any more, for the memory that it is in.
  public func giveBack(_ prediction: consuming Volume<Float>) {
    buffers.giveBack(prediction.storage)
  }

  /// Predicts what is kept of a patch.
  private func prediction(
    of patch: Int, reading read: (VoxelBox) throws -> Volume<Float>
  ) throws -> Volume<Float> {
    let box = grid.inputBox(of: patch)
    let input = mirrored(
      try read(box.intersection(VoxelBox(extent: grid.volume))), to: box, by: normalization,
      into: buffers.take(box.extent.voxelCount))
    defer { buffers.giveBack(input.storage) }
    return try output.prediction(
      input, kept: grid.keptBox(of: patch),
      valueCount: networks.outputShape.extent.voxelCount * networks.outputShape.c,
      buffers: buffers
    ) { (input, output) throws(ModelError) in try networks.run(input, into: &output) }
  }

  /// Adds a patch's prediction times its weights.
  private func add(
    _ prediction: borrowing Volume<Float>, of patch: Int, to result: inout Volume<Float>
  ) {
    let shared = prediction.box.intersection(result.box)
    guard !shared.isEmpty else { return }
    let place = grid.place(patch)
    let from = shared.origin - prediction.box.origin
    let to = shared.origin - result.box.origin
    let count = shared.extent.x
    let (zWeights, yWeights) = (blend[0].weights[place.z], blend[1].weights[place.y])
    let xWeights = Array(blend[2].weights[place.x][from.x..<from.x + count])
    let factors = xWeights.span
    for channel in 0..<channels {
      for z in 0..<shared.extent.z {
        for y in 0..<shared.extent.y {
          let weight = zWeights[from.z + z] * yWeights[from.y + y]
          let source = prediction.row(channel: channel, z: from.z + z, y: from.y + y)
            .extracting(from.x..<from.x + count)
          var target = result.mutableRow(channel: channel, z: to.z + z, y: to.y + y)
          for x in 0..<count { target[to.x + x] += weight * factors[x] * source[x] }
        }
      }
    }
  }

  private func clear(_ result: inout Volume<Float>, outside mask: borrowing Volume<UInt8>) {
    for channel in 0..<channels {
      for z in 0..<mask.extent.z {
        for y in 0..<mask.extent.y {
          let marks = mask.row(z: z, y: y)
          var row = result.mutableRow(channel: channel, z: z, y: y)
          for x in 0..<row.count where marks[x] == 0 { row[x] = 0 }
        }
      }
    }
  }
}

extension Volume<UInt8> {
  /// Whether any voxel of a part is not 0.
  fileprivate func hasMark(in part: VoxelBox) -> Bool {
    let (start, extent) = (part.origin - box.origin, part.extent)
    for z in start.z..<start.z + extent.z {
      for y in start.y..<start.y + extent.y {
        let marks = row(z: z, y: y)
        for x in start.x..<start.x + extent.x where marks[x] != 0 { return true }
      }
    }
    return false
  }
}
