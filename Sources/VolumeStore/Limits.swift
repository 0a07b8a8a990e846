/// The most that a stored volume's description may ask for.
///
/// A description is text from a file: nothing is allocated on its word before it is within these.
public struct Limits: Hashable, Sendable {
  /// The most axes.
  public var maximalRank = 5
  /// The longest axis, in voxels.
  public var maximalLength = 1 << 40
  /// The most decoded bytes of one chunk (of a sharded array: of one inner chunk).
  public var maximalChunkBytes = 1 << 31
  /// The most inner chunks of one shard.
  public var maximalInnerChunks = 1 << 24
  /// The most bytes of a description such as `zarr.json`.
  public var maximalMetadataBytes = 64 << 20

  /// The limits used where none are given.
  public static let standard = Limits()

  /// Creates the standard limits.
  public init() {}
}

/// The product of factors, or nil where one is negative or the product overflows.
package func checkedProduct(_ factors: [Int]) -> Int? {
  var product = 1
  for factor in factors {
    let (next, overflows) = product.multipliedReportingOverflow(by: factor)
    guard factor >= 0, !overflows else { return nil }
    product = next
  }
  return product
}
