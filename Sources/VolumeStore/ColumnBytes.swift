package import Voxels

// Unsafe code of lists of numbers as bytes.

extension [UInt8] {
  /// The bytes themselves, for targets that hold no unsafe code.
  package var rawSpan: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: bytes have no padding, so every one of them is initialised.
      span.bytes
    }
  }

  /// Appends numbers in little-endian order.
  package mutating func appendColumn<Scalar: VoxelScalar>(_ values: [Scalar]) {
    // Sound: the scalars have no padding. Every platform the package builds for is little-endian.
    values.withUnsafeBytes { append(contentsOf: $0) }
  }

  /// The `count` little-endian numbers that start at an offset, which must lie within the bytes.
  package func column<Scalar: VoxelScalar>(
    _ type: Scalar.Type, at offset: Int, count: Int
  ) -> [Scalar] {
    let width = MemoryLayout<Scalar>.size
    precondition(
      offset >= 0 && offset <= self.count && count >= 0
        && count <= (self.count - offset) / width, "the numbers lie outside the bytes")
    return [Scalar](unsafeUninitializedCapacity: count) { target, filled in
      withUnsafeBytes { source in
        // Sound: the range was checked, the target holds `count` values and is no part of the
        // source, and any bytes are a valid number.
        UnsafeMutableRawBufferPointer(target).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count * width]))
      }
      filled = count
    }
  }
}
