import Synchronization
import Tensors
public import Voxels

/// Predicts a volume block by block, in overlapping patches.
///
/// The prediction of a voxel is bit for bit the same however the volume is cut into blocks, in
/// whatever order they are predicted, and whatever the cache holds: it depends on the grid of
/// patches alone, and patches are added up in the grid's order.
///
/// Several threads may call ``predict(_:reading:)``; one patch is computed at a time, on all of the
/// network's threads.
public final class BlockPredictor: Sendable {
  /// The patches.
  public let grid: PatchGrid
  /// The number of values predicted per voxel.
  public let channels: Int
  private let network: Network
  private let output: PredictionOutput
  private let inputScale: Float
  private let blend: [BlendWeights]
  private let cache: Mutex<PatchCache>

  /// Creates a predictor.
  ///
  /// - Parameters:
  ///   - network: The network, for the grid's patches.
  ///   - grid: The patches.
  ///   - inputScale: The factor that brings the volume's values to the network's input; see
  ///     ``ModelDescription/inputScale(for:)``.
  ///   - output: Which of the network's channels are given, and how.
  ///   - cacheBytes: How much memory the predictions of patches that neighbouring blocks share may
  ///     take. A block's patches are computed again where it is too small.
  /// - Throws: `mismatch` for a network whose output is not one value per voxel of the patch.
  public init(
    network: Network, grid: PatchGrid, inputScale: Float, output: PredictionOutput? = nil,
    cacheBytes: Int
  ) throws(ModelError) {
    guard network.inputShape.extent == grid.patch else {
      throw ModelError(
        .mismatch, "the network is prepared for another patch than the grid's",
        found: "\(network.inputShape)")
    }
    guard network.outputShape.extent == grid.patch else {
      throw ModelError(
        .unsupported, "the network's output is smaller than its input",
        found: "\(network.outputShape) from \(network.inputShape)",
        expected: "the same extent",
        remedy: "export the network with padded (\"same\") convolutions")
    }
    guard network.inputShape.c == 1 else {
      throw ModelError(
        .mismatch, "the network takes \(network.inputShape.c) channels", expected: "1")
    }
    let output = output ?? PredictionOutput(channels: Array(0..<network.outputShape.c))
    precondition(
      output.channels.allSatisfy { (0..<network.outputShape.c).contains($0) },
      "the network has no such channel")
    self.network = network
    self.grid = grid
    self.inputScale = inputScale
    self.output = output
    channels = output.channels.count
    blend = grid.axes.map { BlendWeights($0) }
    cache = Mutex(PatchCache(byteLimit: cacheBytes))
  }

  /// Predicts a block.
  ///
  /// - Parameters:
  ///   - block: A box within the volume.
  ///   - read: Gives the volume's values, unscaled, in a box within the volume.
  /// - Returns: ``channels`` values per voxel of the block.
  /// - Throws: What `read` throws, or a ``ModelError``.
  /// - Complexity: O(*n*) in the voxels of the patches that touch the block and are not cached.
  public func predict(
    _ block: VoxelBox, reading read: (VoxelBox) throws -> Volume<Float>
  ) throws -> Volume<Float> {
    precondition(
      !block.isEmpty && VoxelBox(extent: grid.volume).contains(block),
      "the block lies outside the volume")
    var result = Volume<Float>(channels: channels, box: block)
    for patch in grid.patches(touching: block) {
      let prediction = try prediction(of: patch, reading: read)
      add(prediction, of: patch, to: &result)
    }
    return result
  }

  /// A patch's prediction where it is used, computed or from the cache.
  private func prediction(
    of patch: Int, reading read: (VoxelBox) throws -> Volume<Float>
  ) throws -> Volume<Float> {
    // The cache is locked while a patch is computed: another thread that wants the same one waits
    // for it, and one that wants another would have to wait for the network anyway.
    try cache.withLock { cache in
      if let known = cache.prediction(of: patch) { return known }
      let box = grid.inputBox(of: patch)
      let inside = box.intersection(VoxelBox(extent: grid.volume))
      let input = mirrored(try read(inside), to: box, scale: inputScale)
      let values = try network.run(input)
      let prediction = output.select(
        values, patch: box, kept: grid.keptBox(of: patch))
      cache.insert(prediction, for: patch)
      return prediction
    }
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
}

/// Which of a network's output channels a prediction holds, and how.
public struct PredictionOutput: Hashable, Sendable {
  /// The channels, in the order in which the prediction holds them.
  public var channels: [Int]
  /// Whether each value `p` is replaced by `1 − p`, for a model of the opposite polarity.
  public var complements: Bool

  /// Creates a choice of channels.
  public init(channels: [Int], complements: Bool = false) {
    self.channels = channels
    self.complements = complements
  }

  /// The affinities to the neighbours at −1 along z, y and x; 1 says "same object".
  ///
  /// - Throws: `missingMeaning` where the model does not say that it predicts them.
  public static func affinities(
    _ description: ModelDescription, channels: Int
  ) throws(ModelError) -> PredictionOutput {
    PredictionOutput(
      channels: try description.affinityChannels(of: channels),
      complements: description.polarity == .differentObjects)
  }

  /// The part of a network's output that is used.
  func select(_ values: [Float], patch: VoxelBox, kept: VoxelBox) -> Volume<Float> {
    var result = Volume<Float>(channels: channels.count, box: kept)
    let start = kept.origin - patch.origin
    for (index, channel) in channels.enumerated() {
      for z in 0..<kept.extent.z {
        for y in 0..<kept.extent.y {
          let row =
            ((channel * patch.extent.z + start.z + z) * patch.extent.y + start.y + y)
            * patch.extent.x + start.x
          let source = values.span.extracting(row..<row + kept.extent.x)
          var target = result.mutableRow(channel: index, z: z, y: y)
          if complements {
            for x in 0..<source.count { target[x] = 1 - source[x] }
          } else {
            for x in 0..<source.count { target[x] = source[x] }
          }
        }
      }
    }
    return result
  }
}

/// A volume continued by its mirror image over a box, without repeating the outermost voxels.
///
/// - Complexity: O(*n*) in the voxels of the box.
func mirrored(
  _ volume: borrowing Volume<Float>, to box: VoxelBox, scale: Float
) -> Volume<Float> {
  var result = Volume<Float>(box: box)
  let (size, offset) = (volume.extent, box.origin - volume.box.origin)
  let columns = (0..<box.extent.x).map { mirroredIndex($0 + offset.x, length: size.x) }
  for z in 0..<box.extent.z {
    for y in 0..<box.extent.y {
      let source = volume.row(
        z: mirroredIndex(z + offset.z, length: size.z),
        y: mirroredIndex(y + offset.y, length: size.y))
      var target = result.mutableRow(z: z, y: y)
      for x in 0..<columns.count { target[x] = source[columns[x]] * scale }
    }
  }
  return result
}

/// The index within `0 ..< length` that an index mirrored at both ends comes from.
package func mirroredIndex(_ index: Int, length: Int) -> Int {
  guard length > 1 else { return 0 }
  let period = 2 * (length - 1)
  let place = ((index % period) + period) % period
  return min(place, period - place)
}

/// Affinities as bytes: `round(255 · p)`, with what lies outside [0, 1] and NaN brought inside.
///
/// - Complexity: O(*n*) in the values.
public func quantized(_ probabilities: borrowing Volume<Float>) -> Volume<UInt8> {
  let source = probabilities.span
  let values = [UInt8](capacity: source.count) { output in
    for index in source.indices {
      // Written so that NaN becomes 0.
      let limited = min(source[index] > 0 ? source[index] : 0, 1)
      output.append(UInt8(limited * 255 + 0.5))
    }
  }
  return Volume(channels: probabilities.channels, box: probabilities.box, values: values)
}
