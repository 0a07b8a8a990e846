/// The type of one stored voxel, spelled as in Zarr v3 (`uint8` … `float64`).
public enum DataType: String, Hashable, Sendable, Codable, CaseIterable {
  /// An unsigned integer.
  case uint8, uint16, uint32, uint64
  /// A signed integer.
  case int8, int16, int32, int64
  /// An IEEE 754 floating-point number.
  case float16, float32, float64

  /// The bytes one value takes.
  public var byteCount: Int {
    switch self {
    case .uint8, .int8: 1
    case .uint16, .int16, .float16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// Whether values are whole numbers.
  public var isInteger: Bool {
    switch self {
    case .float16, .float32, .float64: false
    case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64: true
    }
  }

  /// The Swift type of one value.
  public var scalarType: any VoxelScalar.Type {
    switch self {
    case .uint8: UInt8.self
    case .uint16: UInt16.self
    case .uint32: UInt32.self
    case .uint64: UInt64.self
    case .int8: Int8.self
    case .int16: Int16.self
    case .int32: Int32.self
    case .int64: Int64.self
    case .float16: Float16.self
    case .float32: Float.self
    case .float64: Double.self
    }
  }
}

/// A type that a volume can hold one of per voxel.
public protocol VoxelScalar: BitwiseCopyable, Comparable, Hashable, SendableMetatype, Sendable {
  /// How the type is named on disk.
  static var dataType: DataType { get }
  /// The background value.
  static var zero: Self { get }
  /// The value nearest to a whole number.
  init(nearest value: Int64)
  /// The value nearest to a whole number.
  init(nearest value: UInt64)
  /// The value nearest to a number, halves away from zero; NaN becomes zero in an integer type.
  init(nearest value: Double)
  /// The nearest value of another type.
  func nearest<Other: VoxelScalar>(_ type: Other.Type) -> Other
}

extension VoxelScalar {
  /// The value as a double; whole numbers above 2⁵³ are rounded.
  @inlinable
  public var doubleValue: Double { nearest(Double.self) }
}

extension VoxelScalar where Self: FixedWidthInteger {
  /// The value nearest to a whole number.
  @inlinable
  public init(nearest value: Int64) { self = Self(clamping: value) }

  /// The value nearest to a whole number.
  @inlinable
  public init(nearest value: UInt64) { self = Self(clamping: value) }

  /// The value nearest to a number, halves away from zero; NaN becomes zero.
  @inlinable
  public init(nearest value: Double) {
    let rounded = value.rounded()
    self =
      value.isNaN
      ? 0
      : rounded <= Double(Self.min)
        ? Self.min : rounded >= Double(Self.max) ? Self.max : Self(rounded)
  }

  /// The nearest value of another type.
  @inlinable
  public func nearest<Other: VoxelScalar>(_ type: Other.Type) -> Other {
    Self.isSigned
      ? Other(nearest: Int64(truncatingIfNeeded: self))
      : Other(nearest: UInt64(truncatingIfNeeded: self))
  }
}

extension VoxelScalar where Self: BinaryFloatingPoint {
  /// The value nearest to a whole number.
  @inlinable
  public init(nearest value: Int64) { self = Self(value) }

  /// The value nearest to a whole number.
  @inlinable
  public init(nearest value: UInt64) { self = Self(value) }

  /// The value nearest to a number.
  @inlinable
  public init(nearest value: Double) { self = Self(value) }

  /// The nearest value of another type.
  @inlinable
  public func nearest<Other: VoxelScalar>(_ type: Other.Type) -> Other {
    Other(nearest: Double(self))
  }
}

extension UInt8: VoxelScalar {
  /// Named `uint8` on disk.
  @inlinable
  public static var dataType: DataType { .uint8 }
}

extension UInt16: VoxelScalar {
  /// Named `uint16` on disk.
  @inlinable
  public static var dataType: DataType { .uint16 }
}

extension UInt32: VoxelScalar {
  /// Named `uint32` on disk.
  @inlinable
  public static var dataType: DataType { .uint32 }
}

extension UInt64: VoxelScalar {
  /// Named `uint64` on disk.
  @inlinable
  public static var dataType: DataType { .uint64 }
}

extension Int8: VoxelScalar {
  /// Named `int8` on disk.
  @inlinable
  public static var dataType: DataType { .int8 }
}

extension Int16: VoxelScalar {
  /// Named `int16` on disk.
  @inlinable
  public static var dataType: DataType { .int16 }
}

extension Int32: VoxelScalar {
  /// Named `int32` on disk.
  @inlinable
  public static var dataType: DataType { .int32 }
}

extension Int64: VoxelScalar {
  /// Named `int64` on disk.
  @inlinable
  public static var dataType: DataType { .int64 }
}

extension Float16: VoxelScalar {
  /// Named `float16` on disk.
  @inlinable
  public static var dataType: DataType { .float16 }
}

extension Float: VoxelScalar {
  /// Named `float32` on disk.
  @inlinable
  public static var dataType: DataType { .float32 }
}

extension Double: VoxelScalar {
  /// Named `float64` on disk.
  @inlinable
  public static var dataType: DataType { .float64 }
}
