import Synchronization
public import Voxels

/// Finds the largest peaks of the fibre density of every voxel.
///
/// Source: Jeurissen et al. 2013, Hum Brain Mapp 34:2747; the rules are those of MRtrix's sh2peaks.
public struct PeakMap: Sendable {
  private let search: HarmonicPeakSearch
  private let starts: [SIMD3<Float>]
  private let count: Int
  private let threshold: Float

  /// The cosine of the angle below which two peaks are one.
  private static let sameCosine: Float = 0.99

  /// Prepares the search.
  ///
  /// - Parameters:
  ///   - degree: The even degree of the harmonics.
  ///   - count: The most peaks of a voxel.
  ///   - threshold: The least amplitude of a peak.
  ///   - starts: Unit vectors from which peaks are searched; 60 that are evenly spread when nil.
  public init(
    degree: Int, count: Int = 3, threshold: Double = -.infinity, starts: [SIMD3<Double>]? = nil
  ) {
    search = HarmonicPeakSearch(degree: degree)
    self.count = count
    self.threshold = Float(threshold)
    self.starts = (starts ?? SphereDirections.ofSearch).map { SIMD3<Float>($0) }
  }

  /// Finds the peaks of every voxel of a slab.
  ///
  /// - Parameters:
  ///   - densities: (coefficient, z, y, x).
  ///   - mask: (z, y, x) of the same box; nil for all voxels.
  ///   - threads: The most threads.
  /// - Returns: (3 · peaks, z, y, x): vectors as long as their amplitude, the largest first; no
  ///   numbers where there is none.
  public func callAsFunction(
    _ densities: borrowing Volume<Float>, mask: Volume<UInt8>?, threads: Int
  ) -> Volume<Float> {
    precondition(
      densities.channels == SphericalHarmonics.count(degree: search.degree)
        && (mask == nil || mask?.box == densities.box), "coefficients, and a mask of the same box")
    var peaks = Volume<Float>(channels: 3 * count, box: densities.box, fill: .nan)
    let voxels = densities.extent.voxelCount
    let batches = TensorFit.batches(of: densities.box, mask: mask, size: 64)
    let source = densities.span
    let found = Mutex([[HarmonicPeakSearch.Peak]](repeating: [], count: voxels))
    concurrentForEach(0..<batches.count, threads: threads) { index in
      var memory = HarmonicPeakSearch.Memory(degree: search.degree)
      var coefficients = [Float](
        repeating: 0, count: SphericalHarmonics.count(degree: search.degree))
      var results: [[HarmonicPeakSearch.Peak]] = []
      for voxel in batches[index] {
        for place in coefficients.indices { coefficients[place] = source[place * voxels + voxel] }
        results.append(self.peaks(of: coefficients, using: &memory))
      }
      found.withLock { (all: inout [[HarmonicPeakSearch.Peak]]) in
        for (voxel, peaks) in zip(batches[index], results) { all[voxel] = peaks }
      }
    }
    var target = peaks.mutableSpan
    for (voxel, list) in found.withLock({ $0 }).enumerated() {
      for (place, peak) in list.prefix(count).enumerated() {
        let vector = peak.direction * peak.amplitude
        for axis in 0..<3 { target[(3 * place + axis) * voxels + voxel] = vector[axis] }
      }
    }
    return peaks
  }

  /// All peaks of one voxel, the largest first.
  func peaks(
    of coefficients: [Float], using memory: inout HarmonicPeakSearch.Memory
  ) -> [HarmonicPeakSearch.Peak] {
    guard coefficients.allSatisfy({ !$0.isNaN }),
      coefficients.dropFirst().contains(where: { $0 != 0 })
    else { return [] }
    var peaks: [HarmonicPeakSearch.Peak] = []
    for start in starts {
      guard let peak = search.peak(of: coefficients.span, from: start, using: &memory),
        peak.amplitude.isFinite, peak.amplitude >= threshold,
        !peaks.contains(where: {
          abs(($0.direction * peak.direction).sum()) > Self.sameCosine
        })
      else { continue }
      peaks.append(peak)
    }
    // Equal peaks stay in the order they were found in.
    return peaks.enumerated().sorted {
      ($1.element.amplitude, $0.offset) < ($0.element.amplitude, $1.offset)
    }.map(\.element)
  }
}
