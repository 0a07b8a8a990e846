public import Voxels

/// A grey value that tables can be made over: 8 or 16 bits without a sign.
public protocol GreyScalar: VoxelScalar {
  /// The number of grey values.
  static var greyCount: Int { get }
  /// The value as an index, 0 to ``greyCount`` − 1.
  var greyIndex: Int { get }
  /// The grey value of a whole number, at most ``greyCount`` − 1.
  init(grey: Float)
}

extension UInt8: GreyScalar {
  /// 256.
  @inlinable
  public static var greyCount: Int { 256 }
  /// The value as an index.
  @inlinable
  public var greyIndex: Int { Int(self) }
  /// The grey value of a whole number.
  @inlinable
  public init(grey: Float) { self = UInt8(grey) }
}

extension UInt16: GreyScalar {
  /// 65,536.
  @inlinable
  public static var greyCount: Int { 65536 }
  /// The value as an index.
  @inlinable
  public var greyIndex: Int { Int(self) }
  /// The grey value of a whole number.
  @inlinable
  public init(grey: Float) { self = UInt16(grey) }
}
