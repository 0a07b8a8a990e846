public import Voxels

/// What an image's file says of it.
public struct ScannerImageHeader: Hashable, Sendable {
  /// The type of the numbers in the file.
  public enum ValueType: Hashable, Sendable {
    /// One bit a voxel.
    case bit
    /// A number of a common type.
    case number(DataType)

    /// How the type is called.
    public var name: String {
      switch self {
      case .bit: "bit"
      case .number(let type): type.rawValue
      }
    }

    /// The bits that one value takes.
    var bitCount: Int {
      switch self {
      case .bit: 1
      case .number(let type): 8 * type.byteCount
      }
    }
  }

  /// The format's name, such as `NIfTI-1`.
  public internal(set) var format: String
  /// The number of voxels along each spatial axis.
  public internal(set) var extent: VoxelExtent
  /// The lengths of the axes after the third; empty for a single volume.
  public internal(set) var furtherLengths: [Int]
  /// From voxel indices (x, y, z) to scanner coordinates in mm.
  public internal(set) var transform: ScannerTransform
  /// How values are stored.
  public internal(set) var valueType: ValueType
  /// What stored values are multiplied by, and what is then added.
  public internal(set) var scaling: Scaling?
  /// The gradient table in the header, one row (x, y, z in scanner axes, b in s/mm²) a volume.
  public internal(set) var gradients: [SIMD4<Double>]?
  /// The header's further text, by key, in order.
  public internal(set) var properties: [Property]
  /// What a user should know, such as two transforms that disagree; sentences without full stop.
  public internal(set) var notes: [String]
  /// How the values lie in the file.
  var layout: ImageLayout
  /// The edges of a voxel in mm as the file states them beside its transform, whose own differ in the
  /// last digits.
  public internal(set) var statedSpacing: SIMD3<Double>?

  /// A linear change of stored values.
  public struct Scaling: Hashable, Sendable {
    /// What stored values are multiplied by.
    public var slope: Double
    /// What is then added.
    public var intercept: Double
  }

  /// A line of text under a key.
  public struct Property: Hashable, Sendable {
    /// The key.
    public var key: String
    /// The text.
    public var value: String
  }

  /// The number of volumes: the product of the lengths of the axes after the third.
  public var volumes: Int { furtherLengths.reduce(1, *) }

  /// The transform of the voxel grid as it lies in the file: the fastest axis first, every axis in
  /// the direction in which it is stored.
  ///
  /// It differs from ``transform`` in MIF files with other strides. FSL's gradient vectors are
  /// along these axes.
  public var storedTransform: ScannerTransform {
    let columns = [transform.x, transform.y, transform.z]
    let lengths = [extent.x, extent.y, extent.z]
    let order = layout.order.filter { $0 < 3 }
    var origin = transform.origin
    var stored: [SIMD4<Double>] = []
    for axis in order {
      let isReversed = layout.isReversed[axis]
      stored.append(isReversed ? -columns[axis] : columns[axis])
      if isReversed { origin += columns[axis] * Double(lengths[axis] - 1) }
    }
    var result = transform
    (result.x, result.y, result.z, result.origin) = (stored[0], stored[1], stored[2], origin)
    return result
  }
}

/// How the values of an image lie one after the other in its file.
struct ImageLayout: Hashable, Sendable {
  /// The lengths of all axes: x, y, z, then the others.
  var lengths: [Int]
  /// The axes, the one along which stored values follow one another first.
  var order: [Int]
  /// Whether an axis is stored from its last index to its first.
  var isReversed: [Bool]

  /// Values stored x fastest, then y, z and on.
  init(lengths: [Int]) {
    self.lengths = lengths
    order = Array(lengths.indices)
    isReversed = lengths.map { _ in false }
  }

  /// How far apart, in values, neighbours along each axis are stored.
  var storedSteps: [Int] {
    var steps = [Int](repeating: 1, count: lengths.count)
    var step = 1
    for axis in order {
      steps[axis] = step
      step *= lengths[axis]
    }
    return steps
  }
}
