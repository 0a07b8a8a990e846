public import Diffusion
import LinearAlgebra
import Voxels

/// Signals that were drawn for voxels.
struct DrawnSignals: Sendable {
  /// Where a voxel's signals begin.
  var places: [Int: Int] = [:]
  /// (voxel, volume).
  var values: [Float] = []

  mutating func removeAll() {
    places.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }
}

/// The principal direction of tensors that are fitted to interpolated signals whose differences
/// from a first fit have got signs at random, the same ones along a streamline.
///
/// Source: Whitcher et al. 2008, Hum Brain Mapp 29:346 (the wild bootstrap); Jones 2008, IEEE Trans Med
/// Imaging 27:1268; the rules are those of MRtrix's Tensor_Prob.
public struct BootstrapDirections: DirectionGetter {
  private let signals: SignalDirections
  /// (volume, unknown): the model of the logarithm of the signals.
  private let design: [SIMD8<Float>]
  /// The grid that directions come from.
  public var grid: TrackingGrid { signals.grid }

  /// Takes the signals of an image.
  ///
  /// - Parameters:
  ///   - signals: The signals, and how tensors are fitted to them.
  ///   - gradients: Their diffusion weighting.
  public init(_ signals: SignalDirections, gradients: GradientTable) {
    precondition(signals.count == gradients.count, "the gradients of the signals")
    self.signals = signals
    let matrix = gradients.tensorDesign
    design = (0..<gradients.count).map { volume in
      var row = SIMD8<Float>.zero
      for unknown in 0..<7 { row[unknown] = Float(matrix[volume, unknown]) }
      return row
    }
  }

  /// The direction at a point.
  public func direction(
    at point: SIMD3<Float>, after previous: SIMD3<Float>?, using memory: inout TrackingMemory
  ) -> SIMD3<Float>? {
    guard let corners = grid.corners(at: point), signals.isMeasured[corners.nearest] else {
      return nil
    }
    let count = signals.count
    if memory.signals.count != count { memory.signals = [Float](repeating: 0, count: count) }
    for volume in 0..<count { memory.signals[volume] = 0 }
    for corner in 0..<8 where corners.weights[corner] != 0 {
      let start = drawn(corners.voxels[corner], &memory)
      Self.add(
        memory.drawn.values, from: start, times: corners.weights[corner], to: &memory.signals)
    }
    return signals.direction(of: &memory.signals)?.along(previous)
  }

  private static func add(
    _ values: [Float], from start: Int, times weight: Float, to sums: inout [Float]
  ) {
    var target = sums.mutableSpan
    let source = values.span.extracting(start..<start + target.count)
    for volume in 0..<target.count { target[volume] += weight * source[volume] }
  }

  /// Where a voxel's signals with random signs begin; they are drawn at the first visit.
  private func drawn(_ voxel: Int, _ memory: inout TrackingMemory) -> Int {
    if let place = memory.drawn.places[voxel] { return place }
    let place = memory.drawn.values.count
    memory.drawn.places[voxel] = place
    let count = signals.count
    let source = signals.signals.span.extracting(voxel &* count..<(voxel &+ 1) &* count)
    var unknowns = SIMD8<Float>.zero
    for volume in 0..<count where source[volume] > 0 {
      unknowns += signals.solution[volume] * logarithm(source[volume])
    }
    for volume in 0..<count {
      let model = (design[volume] * unknowns).sum()
      let difference = model == 0 ? 0 : source[volume] - exponential(model)
      let isKept = memory.random.next() & 1 == 1
      memory.drawn.values.append(source[volume] + (isKept ? difference : -difference))
    }
    return place
  }
}
