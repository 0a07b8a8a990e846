import Voxels

/// Which kernel computes a convolution or its weight gradient, by what their parts were measured to
/// cost on one core.
///
/// Costs are in processor cycles, most of them for a tile and a block of 16 channels. The choice
/// depends on nothing but the convolution, so that a program is the same on every run.
struct KernelChoice {
  /// The channels of each of the tensors whose concatenation is the input.
  var parts: [Int]
  var output: TensorShape
  var kernel: AxisTriple
  var precision = Precision.float32
  /// Whether weights are rearranged for every run.
  var arrangesWeights = false

  private struct Tiling {
    var tile: AxisTriple
    /// Cycles of the input transform and of the output transform.
    var before: Double, after: Double
    /// The largest error measured, with He-normal weights and up to 128 channels, is below 2·10⁻⁶.
    var isExact = true
  }

  private static let flat = [
    Tiling(tile: AxisTriple(z: 1, y: 2, x: 2), before: 200, after: 140),
    Tiling(tile: AxisTriple(z: 1, y: 4, x: 4), before: 500, after: 350),
  ]
  private static let cubic = [
    Tiling(tile: AxisTriple(z: 2, y: 2, x: 2), before: 600, after: 300),
    Tiling(tile: AxisTriple(z: 2, y: 4, x: 4), before: 1700, after: 1100),
    Tiling(tile: AxisTriple(z: 4, y: 4, x: 4), before: 3700, after: 3500, isExact: false),
  ]

  private func blocks(_ channels: Int) -> Double { Double((channels + 15) / 16) }
  private var channels: Double { Double(parts.reduce(0, +)) }
  private var blocksIn: Double { parts.reduce(0) { $0 + blocks($1) } }
  private var blocksOut: Double { blocks(output.c) }

  private func points(_ tile: AxisTriple) -> Double {
    Double((tile.z + kernel.z - 1) * (tile.y + 2) * (tile.x + 2))
  }

  /// The tiles, with those that fill up the last registers.
  private func tiles(_ tile: AxisTriple) -> Double {
    let along = AxisTriple { axis in
      let length = [output.z, output.y, output.x][axis]
      return (length + tile.components[axis] - 1) / tile.components[axis]
    }
    let together = blocksOut == 3 ? 8 : blocksOut.truncatingRemainder(dividingBy: 2) == 0 ? 12 : 24
    let count = along.z * along.y * along.x
    return Double((count + together - 1) / together * together)
  }

  private func cycles(_ tiling: Tiling) -> Double {
    let products = points(tiling.tile) * channels * blocksOut
    return tiles(tiling.tile)
      * (products * 0.54 + blocksIn * tiling.before + blocksOut * tiling.after)
      + (arrangesWeights ? products * 120 : 0)
  }

  private func gradientCycles(_ tiling: Tiling) -> Double {
    let tiles = tiles(tiling.tile)
    let sums = points(tiling.tile) * blocksIn * 16 * blocksOut
    // The sums are read and written for about 12 tiles at a time.
    return tiles
      * (sums * 0.52 + blocksIn * tiling.before + blocksOut * tiling.after + sums * 0.25)
      + sums * 50
  }

  /// The multiplications of the definition, in registers of channels as oneDNN fills them; taps
  /// that lie outside a tensor of the output's extent need none.
  private var definition: Double {
    let products = AxisTriple { axis in
      let taps = kernel.components[axis]
      return taps * [output.z, output.y, output.x][axis] - (taps - 1)
    }
    return Double(products.z * products.y * products.x) * channels * blocksOut
  }

  private var tilings: [Tiling] {
    guard kernel.y == 3, kernel.x == 3, kernel.z == 1 || kernel.z == 3 else { return [] }
    return (kernel.z == 1 ? Self.flat : Self.cubic)
      .filter { $0.isExact || precision == .nearFloat32 }
  }

  /// The tile of the fastest kernel, or nil where oneDNN is faster.
  var fastestTile: AxisTriple? {
    guard let best = tilings.min(by: { cycles($0) < cycles($1) }),
      cycles(best) < definition * 0.46
    else { return nil }
    return best.tile
  }

  /// The cycles of matrix tiles: 16 for a product of two, as Intel states, and those that packing
  /// and finishing were measured to take, by voxel and block of channels, without the products.
  private var cyclesOfMatrixTiles: Double {
    let splits = precision.matrixTileSplits
    let steps = kernel.z * kernel.y * ((kernel.x * parts.reduce(0, +) + 31) / 32)
    let products = Double(steps * [1, 3, 6][splits - 1]) * blocksOut
    let around = [8.0, 20, 28][splits - 1] * (blocks(parts.reduce(0, +)) + blocksOut)
    return Double(output.extent.voxelCount) * (products + around)
  }

  /// Whether matrix tiles are faster than vector instructions and oneDNN.
  ///
  /// For brain floats oneDNN uses matrix tiles as well; with 32 channels it takes half as long
  /// again as the own kernel, but only the own one loses by very few channels.
  var isFastestByMatrixTiles: Bool {
    guard precision != .bfloat16 else { return channels >= 8 }
    let others = tilings.map { cycles($0) } + [definition * 0.54]
    return others.allSatisfy { cyclesOfMatrixTiles < $0 }
  }

  /// The tile of the fastest kernel of the weight gradient, or nil where oneDNN is faster.
  var fastestGradientTile: AxisTriple? {
    guard let best = tilings.min(by: { gradientCycles($0) < gradientCycles($1) }),
      gradientCycles(best) < definition * 0.6
    else { return nil }
    return best.tile
  }
}
