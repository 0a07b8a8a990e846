// The unsafe code of this module that moves bytes; each use states why it is sound.

extension RawSpan {
  /// The byte at an offset.
  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < byteCount, "the byte lies outside")
    // Sound: the bounds were checked, any byte is a valid number.
    return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }
}
