import Codecs
import VolumeStore
import Voxels

/// The header of an N5 block, and the values behind it.
///
/// A block starts with its mode, its rank and its lengths, fastest axis first, all big-endian; its
/// values follow, compressed. A block at the far side of an array is cut there by most writers, so
/// that its lengths may be below the array's block size.
///
/// Source: <https://github.com/saalfeldlab/n5#file-system-specification>
struct N5Block {
  /// The lengths of the block, slowest axis first.
  let shape: [Int]
  /// The bytes of the header.
  let headerByteCount: Int

  /// Reads the header of a block of at most `full` values along each axis, slowest first.
  init(_ bytes: [UInt8], within full: [Int], path: String) throws(VolumeError) {
    func corrupt(_ message: String, found: String, expected: String) -> VolumeError {
      VolumeError(
        .corruptChunk, path: path, message, found: found, expected: expected,
        remedy: ZarrArray.rewriteRemedy)
    }
    func number(at offset: Int, bytes count: Int) -> Int {
      bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
    let count = 4 + 4 * full.count
    guard bytes.count >= count else {
      throw corrupt(
        "the block is too short for its header", found: "\(bytes.count) bytes",
        expected: "at least \(count)")
    }
    let mode = number(at: 0, bytes: 2)
    guard mode == 0 else {
      guard mode == 1 || mode == 2 else {
        throw corrupt("the block's mode is wrong", found: "\(mode)", expected: "0")
      }
      throw VolumeError(
        .unsupportedFeature, path: path,
        "blocks of \(mode == 1 ? "variable length" : "objects") are not supported",
        found: "mode \(mode)", expected: "mode 0",
        remedy: "write the array again as plain numbers")
    }
    let rank = number(at: 2, bytes: 2)
    guard rank == full.count else {
      throw corrupt("the block's rank is wrong", found: "\(rank)", expected: "\(full.count)")
    }
    let lengths = full.indices.map { number(at: 4 + 4 * $0, bytes: 4) }
    shape = lengths.reversed()
    headerByteCount = count
    guard zip(shape, full).allSatisfy({ $0 > 0 && $0 <= $1 }) else {
      throw corrupt(
        "the block's lengths are out of range", found: "\(lengths)",
        expected: "1 to \(Array(full.reversed()))")
    }
  }

  /// The header of a block whose lengths are given slowest first.
  static func header(_ shape: [Int]) -> [UInt8] {
    func bytes<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) -> [UInt8] {
      stride(from: Number.bitWidth - 8, through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: number >> Number($0))
      }
    }
    return bytes(UInt16(0)) + bytes(UInt16(shape.count))
      + shape.reversed().flatMap { bytes(UInt32($0)) }
  }

  /// Copies the values of a block into one of another shape: those that both have.
  ///
  /// - Parameters:
  ///   - values: The values, in the order of `shape`.
  ///   - shape: The lengths of the block, slowest axis first.
  ///   - wanted: The lengths of the block to make, of the same rank.
  ///   - fill: What the values are that the block has not.
  /// - Returns: The values in the order of `wanted`.
  static func reshaped<Scalar: VoxelScalar>(
    _ values: [Scalar], from shape: [Int], to wanted: [Int], fill: Scalar
  ) -> [Scalar] {
    guard shape != wanted else { return values }
    let width = MemoryLayout<Scalar>.stride
    var result = filledValues(fill, count: wanted.reduce(1, *))
    let shared = zip(shape, wanted).map { min($0, $1) }
    let rowByteCount = (shared.last ?? 1) * width
    var target = result.mutableSpan
    var bytes = target.mutableBytes
    var index = [Int](repeating: 0, count: max(0, shape.count - 1))
    while true {
      var from = 0
      var to = 0
      for axis in index.indices {
        from = (from + index[axis]) * shape[axis + 1]
        to = (to + index[axis]) * wanted[axis + 1]
      }
      let row = values.span.bytes.extracting(from * width..<from * width + rowByteCount)
      bytes.copy(row, to: to * width)
      guard let axis = index.indices.last(where: { index[$0] + 1 < shared[$0] }) else { break }
      index[axis] += 1
      for later in index.indices where later > axis { index[later] = 0 }
    }
    return result
  }
}

extension ZarrArray {
  /// Decodes an N5 block into a whole chunk's values.
  func decodeBlock<Scalar: VoxelScalar>(
    _ stored: [UInt8], to values: inout [Scalar], path: String
  ) throws(VolumeError) {
    let full = zarr.chunkShape
    let block = try N5Block(stored, within: full, path: path)
    let payload = Array(stored[block.headerByteCount...])
    do throws(CodecError) {
      guard block.shape != full else {
        try zarr.chain.decode(payload, count: full.reduce(1, *), to: &values)
        return
      }
      var part: [Scalar] = []
      try zarr.chain.decode(payload, count: block.shape.reduce(1, *), to: &part)
      values = N5Block.reshaped(
        part, from: block.shape, to: full, fill: zarr.fill.value(Scalar.self))
    } catch {
      throw VolumeError(
        .corruptChunk, path: path, "the block does not decode", remedy: Self.rewriteRemedy,
        cause: error)
    }
  }

  /// The bytes of an N5 block that holds a chunk's values as far as the array reaches.
  func encodeBlock<Scalar: VoxelScalar>(
    _ values: [Scalar], at index: [Int]
  ) throws(CodecError) -> [UInt8] {
    let full = zarr.chunkShape
    let shape = full.indices.map { min(full[$0], zarr.shape[$0] - index[$0] * full[$0]) }
    let part = N5Block.reshaped(
      values, from: full, to: shape, fill: zarr.fill.value(Scalar.self))
    return N5Block.header(shape) + (try zarr.chain.encode(part.span))
  }
}
