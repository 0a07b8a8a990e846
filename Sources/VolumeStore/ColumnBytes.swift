import Codecs
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

  /// Appends bytes.
  package mutating func append(copying bytes: RawSpan) {
    let start = count
    append(contentsOf: repeatElement(0, count: bytes.byteCount))
    var span = mutableSpan
    var target = span.mutableBytes
    target.copy(bytes, to: start)
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
    return uninitializedValues(count) {
      $0.update(copying: rawSpan.extracting(offset..<offset + count * width))
    }
  }
}

extension Volume {
  /// The values as they lie in memory, for targets that hold no unsafe code.
  package var rawSpan: RawSpan {
    @_lifetime(borrow self)
    get {
      // Sound: scalars have no padding, so every byte is initialised.
      span.bytes
    }
  }
}

/// An array whose bytes a body fills, all of them unless it throws.
package func uninitializedValues<Scalar: VoxelScalar, Failure: Error>(
  _ count: Int, _ fill: (inout MutableRawSpan) throws(Failure) -> Void
) throws(Failure) -> [Scalar] {
  var failure: Failure?
  let values = [Scalar](unsafeUninitializedCapacity: count) { buffer, filled in
    // Sound: the span covers exactly the room of `count` values; the body fills it or throws, and
    // every bit pattern is a value.
    let room = UnsafeMutableRawBufferPointer(
      start: buffer.baseAddress, count: count * MemoryLayout<Scalar>.stride)
    preferHugePages(room)
    var target = MutableRawSpan(_unsafeBytes: room)
    do throws(Failure) {
      try fill(&target)
      filled = count
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
  return values
}
