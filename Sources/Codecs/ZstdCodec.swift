import CZstd
import Synchronization

/// Zstandard compression, one frame a chunk.
///
/// Purpose: the default of every array; fast, and on labels smaller than the others.
///
/// Specification: <https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/zstd>,
/// frames as in RFC 8878.
///
/// Read and written alike by zarr-python 3.1.6 and tensorstore 0.1.86.
///
/// Configuration example: `{"name": "zstd", "configuration": {"level": 3, "checksum": true}}`
public struct ZstdCodec: BytesCodec, Hashable {
  /// `zstd`.
  public static let name = "zstd"
  /// The levels the library has.
  public static let levels = -131072...22

  /// How hard to compress.
  public let level: Int
  /// Whether each frame carries a checksum of its content.
  public let hasChecksum: Bool
  /// Whether the checksum is passed over, since another around the frame has been compared.
  package var ignoresChecksum = false

  /// Creates the codec.
  public init(level: Int = 3, checksum: Bool = true) {
    precondition(Self.levels.contains(level), "zstd has no such level")
    self.level = level
    hasChecksum = checksum
  }

  /// Creates the codec from `level` and, optionally, `checksum`.
  public init(configuration: JSONObject) throws(CodecError) {
    var members = CodecConfiguration(configuration, codec: Self.name)
    level = try members.integer("level", in: Self.levels, default: 3)
    hasChecksum = try members.flag("checksum", default: false)
    try members.end()
  }

  /// `level` and `checksum`.
  public var configuration: JSONObject? {
    ["level": .integer(Int64(level)), "checksum": .bool(hasChecksum)]
  }

  /// Compresses bytes into one frame.
  ///
  /// Level 3 spends two thirds of its time looking for repeats that the noise of a microscope's
  /// image has none of. Where level 1 gives as few bytes, level 1 it is (``RepeatSearch``).
  ///
  /// The corresponding C function is `ZSTD_compress2`.
  public func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8] {
    let context = try CompressionContext.taken(checksum: hasChecksum)
    defer { context.giveBack() }
    if level == RepeatSearch.level, let search = RepeatSearch(decoded) {
      let part = decoded.extracting(search.sample)
      let quick = try context.compress(part, level: RepeatSearch.quickLevel).count
      if search.isQuickEnough(quick, thorough: try context.compress(part, level: level).count) {
        let encoded = try context.compress(decoded, level: RepeatSearch.quickLevel)
        if search.hasNoRepeats(encodedCount: encoded.count) { return encoded }
      }
    }
    return try context.compress(decoded, level: level)
  }

  /// Decompresses frames of at most `limit` bytes.
  public func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    let capacity = try outputCapacity(encoded, limit: limit)
    let context = try DecompressionContext.taken(ignoresChecksum: ignoresChecksum)
    defer { context.giveBack() }
    var status = 0
    let decoded = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      status = context.decompress(encoded, into: UnsafeMutableRawBufferPointer(output))
      count = ZSTD_isError(status) == 0 ? status : 0
    }
    try check(status)
    return decoded
  }

  /// Decompresses frames whose decompressed size is known.
  ///
  /// The corresponding C function is `ZSTD_decompressDCtx`.
  public func decode(
    _ encoded: RawSpan, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    let context = try DecompressionContext.taken(ignoresChecksum: ignoresChecksum)
    defer { context.giveBack() }
    let expected = decoded.byteCount
    let status = decoded.withUnsafeMutableBytes { context.decompress(encoded, into: $0) }
    try check(status)
    try requireCount(status, of: expected)
  }

  /// Decompresses the first bytes of a frame, and no more of it than they need.
  ///
  /// The corresponding C function is `ZSTD_decompressStream`.
  public func decodePrefix(
    _ encoded: RawSpan, of decodedCount: Int, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    guard decoded.byteCount < decodedCount else { return try decode(encoded, into: &decoded) }
    let context = try DecompressionContext.taken(ignoresChecksum: ignoresChecksum)
    defer { context.giveBack() }
    let expected = decoded.byteCount
    let (status, count) = decoded.withUnsafeMutableBytes {
      context.decompressPrefix(encoded, into: $0)
    }
    try check(status)
    try requireCount(count, of: expected)
  }

  /// The library's bound.
  public func maximalEncodedCount(_ decodedCount: Int) -> Int {
    ZSTD_compressBound(decodedCount)
  }

  /// The declared size where the bytes are one frame that declares it, `limit` otherwise.
  private func outputCapacity(_ encoded: RawSpan, limit: Int) throws(CodecError) -> Int {
    let (frameCount, declared) = encoded.withUnsafeBytes { input in
      // Sound: both read within `input.count` bytes.
      (
        ZSTD_findFrameCompressedSize(input.baseAddress, input.count),
        ZSTD_getFrameContentSize(input.baseAddress, input.count)
      )
    }
    try check(frameCount)
    guard frameCount == encoded.byteCount, declared < ZSTD_CONTENTSIZE_ERROR else { return limit }
    guard declared <= UInt64(limit) else {
      throw CodecError(
        .tooLarge, codec: Self.name, "the frame declares \(declared) bytes, more than \(limit)")
    }
    return Int(declared)
  }
}

private func check(_ status: Int) throws(CodecError) {
  guard ZSTD_isError(status) != 0 else { return }
  let isTooLarge = ZSTD_getErrorCode(status) == ZSTD_error_dstSize_tooSmall
  throw CodecError(
    isTooLarge ? .tooLarge : .corruptData, codec: ZstdCodec.name,
    String(cString: ZSTD_getErrorName(status)).lowercased())
}

// Contexts hold megabytes that are costly to make: as many as were ever in use at once are kept.

private final class CompressionContext: Sendable {
  // Sound: a context is used by whoever took it from the idle ones, until it is given back.
  private nonisolated(unsafe) let pointer: OpaquePointer
  private static let idle = Mutex<[CompressionContext]>([])

  private init() throws(CodecError) {
    guard let pointer = ZSTD_createCCtx() else { throw outOfMemory() }
    self.pointer = pointer
  }

  static func taken(checksum: Bool) throws(CodecError) -> CompressionContext {
    let known = idle.withLock { $0.popLast() }
    let context = if let known { known } else { try CompressionContext() }
    // Cannot fail, as no frame is begun.
    _ = ZSTD_CCtx_reset(context.pointer, ZSTD_reset_session_and_parameters)
    _ = ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    return context
  }

  /// Compresses bytes into one frame; the level is one that the library has.
  func compress(_ decoded: RawSpan, level: Int) throws(CodecError) -> [UInt8] {
    // Cannot fail: the level is within the library's bounds, and no frame is begun.
    _ = ZSTD_CCtx_setParameter(pointer, ZSTD_c_compressionLevel, Int32(level))
    var status = 0
    // Room for a checksum more, so that one can be appended in place.
    let capacity = ZSTD_compressBound(decoded.byteCount) + 4
    let encoded = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      status = decoded.withUnsafeBytes { input in
        // Sound: both buffers are valid for their counts during the call, and only as many output
        // bytes count as initialised as the library says it wrote.
        ZSTD_compress2(pointer, output.baseAddress, output.count, input.baseAddress, input.count)
      }
      count = ZSTD_isError(status) == 0 ? status : 0
    }
    try check(status)
    return encoded
  }

  func giveBack() { Self.idle.withLock { $0.append(self) } }

  deinit { ZSTD_freeCCtx(pointer) }
}

private final class DecompressionContext: Sendable {
  // Sound: a context is used by whoever took it from the idle ones, until it is given back.
  private nonisolated(unsafe) let pointer: OpaquePointer
  private static let idle = Mutex<[DecompressionContext]>([])

  private init() throws(CodecError) {
    guard let pointer = ZSTD_createDCtx() else { throw outOfMemory() }
    self.pointer = pointer
  }

  static func taken(ignoresChecksum: Bool) throws(CodecError) -> DecompressionContext {
    let known = idle.withLock { $0.popLast() }
    let context = if let known { known } else { try DecompressionContext() }
    // Cannot fail where the library has the parameter; where it has not, the checksum is compared.
    _ = ZSTD_DCtx_reset(context.pointer, ZSTD_reset_session_only)
    _ = ZSTD_DCtx_setParameter(
      context.pointer, czstd_d_force_ignore_checksum, ignoresChecksum ? 1 : 0)
    return context
  }

  func giveBack() { Self.idle.withLock { $0.append(self) } }

  deinit { ZSTD_freeDCtx(pointer) }

  func decompress(_ encoded: RawSpan, into output: UnsafeMutableRawBufferPointer) -> Int {
    encoded.withUnsafeBytes { input in
      // Sound: both buffers are valid for their counts during the call.
      ZSTD_decompressDCtx(
        pointer, output.baseAddress, output.count, input.baseAddress, input.count)
    }
  }

  /// Fills the output, which is shorter than what the frame holds, and stops there.
  ///
  /// - Returns: The library's status and the bytes written.
  func decompressPrefix(
    _ encoded: RawSpan, into output: UnsafeMutableRawBufferPointer
  ) -> (status: Int, count: Int) {
    encoded.withUnsafeBytes { input in
      // Sound: both buffers are valid for their counts during the calls.
      var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
      var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
      var status = 0
      repeat {
        let before = (source.pos, target.pos)
        status = ZSTD_decompressStream(pointer, &target, &source)
        guard ZSTD_isError(status) == 0, before != (source.pos, target.pos) else { break }
      } while target.pos < target.size
      return (status, target.pos)
    }
  }
}

private func outOfMemory() -> CodecError {
  CodecError(.tooLarge, codec: ZstdCodec.name, "no memory for a zstd context")
}
