extension Volume {
  /// The block with each value converted to the nearest of another type.
  ///
  /// - Complexity: O(*n*) in the values.
  @specialized(where Scalar == UInt8, Other == Float)
  @specialized(where Scalar == UInt8, Other == UInt64)
  @specialized(where Scalar == UInt16, Other == Float)
  @specialized(where Scalar == UInt16, Other == UInt64)
  @specialized(where Scalar == UInt32, Other == UInt64)
  @specialized(where Scalar == Float, Other == UInt8)
  @specialized(where Scalar == Float16, Other == Float)
  public func converted<Other: VoxelScalar>(to type: Other.Type) -> Volume<Other> {
    let source = span
    let values = [Other](capacity: source.count) { output in
      for index in source.indices { output.append(source[index].nearest(Other.self)) }
    }
    return Volume<Other>(channels: channels, box: box, values: values)
  }
}
