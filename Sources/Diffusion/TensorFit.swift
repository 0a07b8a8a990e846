import LinearAlgebra
import Synchronization
public import Voxels

/// Fits a diffusion tensor to the signals of every voxel.
///
/// The logarithm of the signals is fitted by weighted least squares: signals below a millionth of
/// the voxel's largest one count as that, a first fit has equal weights or the signals as weights,
/// and every further one has the signals that the fit before predicts. Arithmetic is in double
/// precision; voxels are taken 128 at a time so that the sums of products are one matrix product.
/// Results do not depend on the number of threads or on how the image is cut into slabs.
///
/// Source: Veraart et al. 2013, NeuroImage 81:335; the rules are those of MRtrix's dwi2tensor.
public struct TensorFit: Sendable {
  /// How signals are fitted.
  public enum Method: Hashable, Sendable {
    /// The logarithm of the signals, by weighted least squares.
    case linear(start: FirstWeights, iterations: Int)
    /// The signals themselves, by the Levenberg–Marquardt method.
    case nonlinear
    /// The signals themselves, without volumes that do not fit.
    ///
    /// The noise is the standard deviation of signals, or nil to estimate it in each voxel.
    /// Source: Chang, Jones & Pierpaoli 2005, Magn Reson Med 53:1088.
    case robust(noise: Double?)
  }

  /// The weights of the first fit.
  public enum FirstWeights: String, CaseIterable, Sendable {
    /// All equal: ordinary least squares.
    case equal
    /// The signals.
    case signals
  }

  /// How signals are fitted.
  public let method: Method
  let design: Matrix
  private let transposed: Matrix
  /// The 28 products of two columns of the design: row · N + volume.
  private let products: Matrix

  /// The voxels that are fitted at once.
  static let batch = 128
  /// What signals count as at least, as a share of the voxel's largest one.
  private static let leastShare = 1e-6

  /// Prepares fits.
  ///
  /// - Throws: ``DiffusionError`` where the table does not determine a tensor.
  public init(_ gradients: GradientTable, method: Method) throws(DiffusionError) {
    design = gradients.tensorDesign
    transposed = design.transposed
    self.method = method
    var products = Matrix(rows: 28, columns: gradients.count)
    for (pair, (row, column)) in TensorFit.pairs.enumerated() {
      for volume in 0..<gradients.count {
        products[pair, volume] = design[volume, row] * design[volume, column]
      }
    }
    self.products = products
    // Columns of like size, so that the rank is that of the directions and not of the units.
    var scaled = design
    let largest = design.values.map(abs).max() ?? 1
    for volume in 0..<gradients.count { scaled[volume, 6] = largest }
    let rank = (try? scaled.rank(tolerance: 1e-6)) ?? 0
    guard gradients.count >= 7, rank == 7 else {
      throw DiffusionError(
        "the gradient table does not determine a tensor",
        found: "\(gradients.count) volumes that determine \(rank) of 7 unknowns",
        expected: "at least six directions apart and a volume with another b-value",
        remedy: "check the b-values and directions with tracts info and tracts check")
    }
  }

  /// The eigenvalue that clipping raises others to, in mm²/s: a millionth divided by the largest
  /// weighting.
  public var leastDiffusivity: Double {
    1e-6 / max((design.values.min() ?? 0) * -1, .leastNormalMagnitude)
  }

  /// The places of a symmetric matrix of seven rows, row by row below the diagonal.
  static let pairs: [(row: Int, column: Int)] = (0..<7).flatMap { row in
    (0...row).map { (row, $0) }
  }

  /// The fits of a slab.
  public struct Result: Sendable {
    /// Tensors in mm²/s, xx, yy, zz, xy, xz, yz as channels, in the gradients' axes.
    public var tensor: Volume<Float>
    /// The signals without diffusion weighting that the fits predict.
    public var baseline: Volume<Float>
    /// The signals that the fits predict, where they were asked for.
    public var predicted: Volume<Float>?
    /// The voxels without a fit, as their signals are not positive or not finite; all zero.
    public var failed: Int
  }

  /// Fits every voxel of a slab.
  ///
  /// - Parameters:
  ///   - signals: (volume, z, y, x).
  ///   - mask: (z, y, x) of the same box; voxels that are zero stay zero. Nil fits all.
  ///   - predicting: Whether predicted signals are kept.
  ///   - threads: The most threads.
  /// - Returns: Tensors and what they predict, for the same box.
  public func callAsFunction(
    _ signals: borrowing Volume<Float>, mask: Volume<UInt8>?, predicting: Bool = false, threads: Int
  ) -> Result {
    precondition(
      signals.channels == design.rows && (mask == nil || mask?.box == signals.box),
      "one signal a volume, and a mask of the same box")
    let box = signals.box
    let batches = TensorFit.batches(of: box, mask: mask, size: TensorFit.batch)
    let fitted = Mutex([FittedBatch?](repeating: nil, count: batches.count))
    let values = signals.span
    // Working memory goes from batch to batch, one for each thread.
    let memories = Mutex([FitMemory]())
    concurrentForEach(0..<batches.count, threads: threads) { index in
      var memory = memories.withLock { $0.popLast() } ?? FitMemory(volumes: design.rows)
      let result = fit(
        values, voxelCount: box.extent.voxelCount, batches[index], predicting, &memory)
      memories.withLock { $0.append(memory) }
      fitted.withLock { $0[index] = result }
    }
    var result = Result(
      tensor: Volume(channels: 6, box: box), baseline: Volume(box: box),
      predicted: predicting ? Volume(channels: design.rows, box: box) : nil, failed: 0)
    for (voxels, fit) in zip(batches, fitted.withLock { $0 }) {
      guard let fit else { preconditionFailure("every batch was fitted") }
      result.failed += fit.failed
      fit.coefficients.scatter(channels: 0..<6, to: &result.tensor, voxels)
      fit.coefficients.scatter(channels: 6..<7, to: &result.baseline, voxels)
      if var predicted = result.predicted.take() {
        fit.predicted.scatter(channels: 0..<design.rows, to: &predicted, voxels)
        result.predicted = predicted
      }
    }
    return result
  }

  /// The voxels of a slab that are fitted, in groups that do not reach across sections.
  static func batches(of box: VoxelBox, mask: Volume<UInt8>?, size: Int) -> [[Int]] {
    let plane = box.extent.y * box.extent.x
    var batches: [[Int]] = []
    for z in 0..<box.extent.z {
      var group: [Int] = []
      for y in 0..<box.extent.y {
        for x in 0..<box.extent.x {
          if let mask, mask.row(z: z, y: y)[x] == 0 { continue }
          group.append(z * plane + y * box.extent.x + x)
          if group.count == size {
            batches.append(group)
            group = []
          }
        }
      }
      if !group.isEmpty { batches.append(group) }
    }
    return batches
  }

  private func fit(
    _ signals: Span<Float>, voxelCount: Int, _ voxels: [Int], _ predicting: Bool,
    _ memory: inout FitMemory
  ) -> FittedBatch {
    let isSound = gather(signals, voxelCount: voxelCount, voxels, &memory)
    switch method {
    case .linear(let start, let iterations):
      linearFit(start, iterations: iterations, &memory)
    case .nonlinear, .robust:
      linearFit(.signals, iterations: 1, &memory)
      var curve = SignalFit(design: design)
      for lane in voxels.indices where isSound[lane] {
        var noise: Double??
        if case .robust(let sigma) = method { noise = .some(sigma) }
        curve.fit(
          memory.measured, lane: lane, width: TensorFit.batch, &memory.unknowns, robust: noise)
      }
    }
    return finish(isSound: isSound, used: voxels.count, predicting, &memory)
  }

  /// Copies the signals of a batch, raised to their least value, and tells which voxels have any.
  private func gather(
    _ signals: Span<Float>, voxelCount: Int, _ voxels: [Int], _ memory: inout FitMemory
  ) -> [Bool] {
    let (width, count) = (TensorFit.batch, design.rows)
    var isSound = [Bool](repeating: false, count: width)
    var largest = [Double](repeating: 0, count: width)
    var least = [Double](repeating: 1, count: width)
    let lanes = voxels.span
    var target = memory.measured.mutableSpan
    for volume in 0..<count {
      let source = signals.extracting(volume * voxelCount..<(volume + 1) * voxelCount)
      let first = volume * width
      for lane in 0..<lanes.count {
        let signal = Double(source[lanes[lane]])
        target[first + lane] = signal
        // A signal that is no number stays as the largest.
        largest[lane] = signal > largest[lane] || !signal.isFinite ? signal : largest[lane]
      }
    }
    for lane in 0..<lanes.count where largest[lane] > 0 && largest[lane].isFinite {
      isSound[lane] = true
      least[lane] = TensorFit.leastShare * largest[lane]
    }
    for volume in 0..<count {
      for lane in 0..<width {
        let place = volume * width + lane
        if !isSound[lane] || target[place] < least[lane] { target[place] = least[lane] }
      }
    }
    return isSound
  }

  /// Fits the logarithms of the measured signals, (volume, voxel); leaves the unknowns, (7, voxel).
  private func linearFit(
    _ start: FirstWeights, iterations: Int, _ memory: inout FitMemory
  ) {
    memory.start(start)
    for step in 0...iterations {
      if step > 0 { memory.predict(design) }
      memory.solve(products: products, transposed: transposed)
    }
  }

  private func finish(
    isSound: [Bool], used: Int, _ predicting: Bool, _ memory: inout FitMemory
  ) -> FittedBatch {
    let width = TensorFit.batch
    var fit = FittedBatch(
      coefficients: BatchValues(channels: 7), predicted: BatchValues(channels: 0), failed: 0)
    var sound = isSound
    let unknowns = memory.unknowns
    for lane in 0..<used {
      var isFinite = sound[lane]
      for channel in 0..<7 { isFinite = isFinite && unknowns[channel * width + lane].isFinite }
      sound[lane] = isFinite
      guard isFinite else {
        fit.failed += 1
        continue
      }
      for channel in 0..<7 {
        let value = unknowns[channel * width + lane]
        fit.coefficients.values[channel * width + lane] = Float(
          channel == 6 ? exponential(value) : value)
      }
    }
    if predicting {
      memory.predict(design)
      let prediction = memory.weights.span
      fit.predicted = BatchValues(channels: design.rows)
      for volume in 0..<design.rows {
        for lane in 0..<used where sound[lane] {
          fit.predicted.values[volume * width + lane] = Float(prediction[volume * width + lane])
        }
      }
    }
    return fit
  }
}

/// What a batch of voxels comes to.
private struct FittedBatch: Sendable {
  var coefficients: BatchValues
  var predicted: BatchValues
  var failed: Int
}

/// Values (channel, voxel) of a batch.
private struct BatchValues: Sendable {
  var values: [Float]

  init(channels: Int) { values = [Float](repeating: 0, count: channels * TensorFit.batch) }

  /// Puts some channels where their voxels are.
  func scatter(channels: Range<Int>, to volume: inout Volume<Float>, _ voxels: [Int]) {
    let voxelCount = volume.extent.voxelCount
    var target = volume.mutableSpan
    for (place, channel) in channels.enumerated() {
      for (lane, voxel) in voxels.enumerated() {
        target[place * voxelCount + voxel] = values[channel * TensorFit.batch + lane]
      }
    }
  }
}
