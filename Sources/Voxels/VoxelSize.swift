/// A unit of length, spelled as in OME-NGFF and UDUNITS-2.
public enum LengthUnit: String, Hashable, Sendable, Codable, CaseIterable {
  /// A length unit of the metric system.
  case angstrom, nanometer, micrometer, millimeter, centimeter, meter

  /// The length of one unit in nanometres.
  public var nanometers: Double {
    switch self {
    case .angstrom: 0.1
    case .nanometer: 1
    case .micrometer: 1e3
    case .millimeter: 1e6
    case .centimeter: 1e7
    case .meter: 1e9
    }
  }
}

/// The physical size of one voxel.
public struct VoxelSize: Hashable, Sendable, Codable {
  /// The lengths along each axis, in ``unit``, slowest axis first.
  public var z: Double, y: Double, x: Double
  /// The unit of the lengths.
  public var unit: LengthUnit

  /// Creates a voxel size.
  public init(z: Double, y: Double, x: Double, unit: LengthUnit = .nanometer) {
    self.z = z
    self.y = y
    self.x = x
    self.unit = unit
  }

  /// Whether every length is finite and above zero.
  public var isValid: Bool {
    [z, y, x].allSatisfy { $0.isFinite && $0 > 0 }
  }

  /// The same size in another unit.
  public func converted(to other: LengthUnit) -> VoxelSize {
    let factor = unit.nanometers / other.nanometers
    return VoxelSize(z: z * factor, y: y * factor, x: x * factor, unit: other)
  }
}

/// A place in physical space, measured from the coordinate system's origin.
public struct PhysicalPosition: Hashable, Sendable, Codable {
  /// The coordinates, slowest axis first, in the unit of the voxel size they go with.
  public var z: Double, y: Double, x: Double

  /// Creates a position.
  public init(z: Double, y: Double, x: Double) {
    self.z = z
    self.y = y
    self.x = x
  }

  /// The coordinate system's origin.
  public static let zero = PhysicalPosition(z: 0, y: 0, x: 0)
}

extension PhysicalPosition {
  /// The distance between two positions, in their common unit.
  public func distance(to other: PhysicalPosition) -> Double {
    let (dz, dy, dx) = (z - other.z, y - other.y, x - other.x)
    return (dz * dz + dy * dy + dx * dx).squareRoot()
  }
}
