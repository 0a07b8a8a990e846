public import Voxels

/// How a volume's values become a network's input: a factor and a summand, the same everywhere or
/// for each section.
public struct InputNormalization: Hashable, Sendable {
  /// `factor · value + summand`.
  public struct Map: Hashable, Sendable {
    /// What a value is multiplied by.
    public var factor: Float
    /// What is then added.
    public var summand: Float

    /// Creates a map.
    public init(factor: Float, summand: Float = 0) {
      self.factor = factor
      self.summand = summand
    }

    /// The map that gives values of a mean and a standard deviation those that a network wants.
    ///
    /// Values that are all the same become the wanted mean.
    public init(
      mean: Double, standardDeviation: Double, wantedMean: Double = 0,
      wantedStandardDeviation: Double = 1
    ) {
      let scale = standardDeviation > 0 ? wantedStandardDeviation / standardDeviation : 0
      factor = Float(scale)
      summand = Float(wantedMean - mean * scale)
    }
  }

  /// The maps: one for all sections, or one for each.
  private let maps: [Map]

  /// Creates a normalisation that is the same everywhere.
  public init(_ map: Map) { maps = [map] }

  /// Creates a normalisation of sections, each by its own map.
  public init(sections: [Map]) {
    precondition(!sections.isEmpty, "a volume has sections")
    maps = sections
  }

  /// Multiplies by a factor.
  public static func scale(_ factor: Float) -> InputNormalization {
    InputNormalization(Map(factor: factor))
  }

  /// How the values of a section become the input.
  public func map(section z: Int) -> Map { maps.count == 1 ? maps[0] : maps[z] }
}

/// A volume continued by its mirror image over a box, without repeating the outermost voxels, and
/// brought to a network's input.
///
/// - Parameters:
///   - volume: The volume.
///   - box: Where the result lies.
///   - normalization: How its values become the input.
///   - room: An array of one value for each voxel of the box, whatever they are.
/// - Returns: The input.
/// - Complexity: O(*n*) in the voxels of the box.
func mirrored(
  _ volume: borrowing Volume<Float>, to box: VoxelBox, by normalization: InputNormalization,
  into room: consuming [Float]
) -> Volume<Float> {
  var result = Volume<Float>(box: box, values: room)
  let (size, offset) = (volume.extent, box.origin - volume.box.origin)
  let columns = (0..<box.extent.x).map { mirroredIndex($0 + offset.x, length: size.x) }
  // The columns that lie within the volume, side by side as they are.
  let inside = max(0, -offset.x)..<max(0, min(box.extent.x, size.x - offset.x))
  for z in 0..<box.extent.z {
    let section = mirroredIndex(z + offset.z, length: size.z)
    let map = normalization.map(section: volume.box.origin.z + section)
    let (factor, summand) = (map.factor, map.summand)
    for y in 0..<box.extent.y {
      let source = volume.row(z: section, y: mirroredIndex(y + offset.y, length: size.y))
      var target = result.mutableRow(z: z, y: y)
      for x in 0..<inside.lowerBound { target[x] = source[columns[x]] * factor + summand }
      let middle = source.extracting(inside.lowerBound + offset.x..<inside.upperBound + offset.x)
      for x in 0..<middle.count {
        target[inside.lowerBound + x] = middle[x] * factor + summand
      }
      for x in inside.upperBound..<columns.count {
        target[x] = source[columns[x]] * factor + summand
      }
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
  var values = [UInt8](repeating: 0, count: source.count)
  var bytes = values.mutableSpan
  for index in source.indices {
    // Written so that NaN becomes 0.
    let limited = min(source[index] > 0 ? source[index] : 0, 1)
    // At 2²³ and above a float's last bits are a whole number's: no branch, many values at a time.
    let shifted = (limited * 255 + 0.5).rounded(.down) + 8_388_608
    bytes[index] = UInt8(truncatingIfNeeded: shifted.bitPattern)
  }
  return Volume(channels: probabilities.channels, box: probabilities.box, values: values)
}
