import Connectomes
public import Voxels

/// What the streamlines that pass each voxel count together.
///
/// Sums are taken in single precision in the order of the streamlines, as MRtrix3 takes them on one
/// thread.
///
/// Source: MRtrix3, `tckmap`; Calamante et al. 2012, doi:10.1016/j.neuroimage.2011.11.098.
public struct DensityMap: Sendable {
  /// How what streamlines count becomes the value of a voxel.
  public enum Statistic: String, CaseIterable, Sendable {
    case sum, min, mean, max
  }

  /// The voxels.
  public let grid: MappingGrid
  private let statistic: Statistic
  private let isDirectional: Bool
  /// By voxel, or by voxel and axis of the scanner.
  private var values: [Float]
  /// By voxel, the weights; empty where no one asks for them.
  private var weights: [Float]

  /// Starts with no streamlines.
  ///
  /// - Parameters:
  ///   - grid: The voxels.
  ///   - statistic: How streamlines become a value.
  ///   - isDirectional: Whether there is a value for each axis of the scanner.
  public init(grid: MappingGrid, statistic: Statistic = .sum, isDirectional: Bool = false) {
    self.grid = grid
    self.statistic = statistic
    self.isDirectional = isDirectional
    let start: Float =
      switch statistic {
      case .sum, .mean: 0
      case .min: .greatestFiniteMagnitude
      case .max: isDirectional ? 0 : -.greatestFiniteMagnitude
      }
    values = [Float](repeating: start, count: grid.voxelCount * (isDirectional ? 3 : 1))
    let isWeighing = isDirectional ? statistic == .sum : statistic == .mean
    weights = isWeighing ? [Float](repeating: 0, count: grid.voxelCount) : []
  }

  /// Adds the voxels of a streamline.
  ///
  /// - Parameters:
  ///   - visits: The voxels.
  ///   - factor: What the streamline counts.
  ///   - weight: Its weight.
  public mutating func add(
    _ visits: ArraySlice<StreamlineMapper.Visit>, factor: Double, weight: Double
  ) {
    for visit in visits {
      let voxel = Int(visit.voxel)
      let share = weight * visit.amount
      if isDirectional {
        addColour(visit.direction * factor, share, at: voxel)
      } else {
        switch statistic {
        case .sum, .mean: values[voxel] = Float(Double(values[voxel]) + share * factor)
        case .min: values[voxel] = Float(Swift.min(Double(values[voxel]), factor))
        case .max: values[voxel] = Float(Swift.max(Double(values[voxel]), factor))
        }
      }
      if !weights.isEmpty { weights[voxel] = Float(Double(weights[voxel]) + share) }
    }
  }

  private mutating func addColour(_ colour: SIMD3<Double>, _ share: Double, at voxel: Int) {
    let current = colourValue(voxel)
    let result: SIMD3<Double>
    switch statistic {
    case .sum, .mean: result = current + colour * share
    case .min: result = square(colour) < square(current) ? colour : current
    case .max: result = square(colour) > square(current) ? colour : current
    }
    setColour(result, voxel)
  }

  private func square(_ vector: SIMD3<Double>) -> Double {
    vector.x * vector.x + vector.y * vector.y + vector.z * vector.z
  }

  private func colourValue(_ voxel: Int) -> SIMD3<Double> {
    SIMD3(
      Double(values[3 * voxel]), Double(values[3 * voxel + 1]), Double(values[3 * voxel + 2]))
  }

  private mutating func setColour(_ colour: SIMD3<Double>, _ voxel: Int) {
    for axis in 0..<3 { values[3 * voxel + axis] = Float(colour[axis]) }
  }

  /// Makes values of the sums; voxels that no streamline passes are 0.
  public mutating func finish() {
    for voxel in 0..<grid.voxelCount {
      if isDirectional {
        finishColour(voxel)
        continue
      }
      switch statistic {
      case .sum: break
      case .min: if values[voxel] == .greatestFiniteMagnitude { values[voxel] = 0 }
      case .max: if values[voxel] == -.greatestFiniteMagnitude { values[voxel] = 0 }
      case .mean: if weights[voxel] != 0 { values[voxel] /= weights[voxel] }
      }
    }
  }

  private mutating func finishColour(_ voxel: Int) {
    let colour = colourValue(voxel)
    let length = square(colour).squareRoot()
    switch statistic {
    case .sum:
      if weights[voxel] != 0, length > 0 {
        setColour(colour * (Double(weights[voxel]) / length), voxel)
      }
    case .mean: if length > 0 { setColour(colour / length, voxel) }
    case .min: if values[3 * voxel] == .greatestFiniteMagnitude { setColour(SIMD3(), voxel) }
    case .max: break
    }
  }

  /// The values, (axis, z, y, x), voxels in the order of the image that the grid is of.
  ///
  /// - Parameter extent: The size of that image.
  /// - Returns: As many voxels as the grid has.
  public func volume(extent: VoxelExtent) -> Volume<Float> {
    grid.volume(extent: extent, components: isDirectional ? 3 : 1, of: values)
  }
}

/// How many streamlines pass each voxel.
public struct StreamlineCounts: Sendable {
  /// The voxels.
  public let grid: MappingGrid
  private var counts: [UInt32]

  /// Starts with no streamlines.
  public init(grid: MappingGrid) {
    self.grid = grid
    counts = [UInt32](repeating: 0, count: grid.voxelCount)
  }

  /// Adds the voxels of a streamline.
  public mutating func add(_ visits: ArraySlice<StreamlineMapper.Visit>) {
    for visit in visits { counts[Int(visit.voxel)] &+= UInt32(visit.amount) }
  }

  /// The counts, (z, y, x), voxels in the order of the image that the grid is of.
  ///
  /// - Parameter extent: The size of that image.
  /// - Returns: As many voxels as the grid has.
  public func volume(extent: VoxelExtent) -> Volume<UInt32> {
    grid.volume(extent: extent, components: 1, of: counts)
  }
}

extension MappingGrid {
  /// Values by voxel and component as a volume in the order of the image.
  fileprivate func volume<Scalar: VoxelScalar>(
    extent: VoxelExtent, components: Int, of values: [Scalar]
  ) -> Volume<Scalar> {
    var volume = Volume<Scalar>(channels: components, box: VoxelBox(origin: .zero, extent: extent))
    let size = voxels.extent
    var target = volume.mutableSpan
    var voxel = 0
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          let place = voxels.stored(SIMD3(x, y, z))
          let index = (place.z * extent.y + place.y) * extent.x + place.x
          for component in 0..<components {
            target[component * extent.voxelCount + index] = values[voxel * components + component]
          }
          voxel += 1
        }
      }
    }
    return volume
  }
}
