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
  /// The corresponding C function is `ZSTD_compress2`.
  public func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8] {
    let context = try CompressionContext.taken(level: level, checksum: hasChecksum)
    defer { context.giveBack() }
    var status = 0
    let encoded = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(decoded.byteCount)) {
      output, count in
      status = decoded.withUnsafeBytes { input in
        // Sound: both buffers are valid for their counts during the call, and only as many output
        // bytes count as initialised as the library says it wrote.
        ZSTD_compress2(
          context.pointer, output.baseAddress, output.count, input.baseAddress, input.count)
      }
      count = ZSTD_isError(status) == 0 ? status : 0
    }
    try check(status)
    return encoded
  }

  /// Decompresses frames of at most `limit` bytes.
  public func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    let capacity = try outputCapacity(encoded, limit: limit)
    let context = try DecompressionContext.taken()
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
    let context = try DecompressionContext.taken()
    defer { context.giveBack() }
    let expected = decoded.byteCount
    let status = decoded.withUnsafeMutableBytes { context.decompress(encoded, into: $0) }
    try check(status)
    try requireCount(status, of: expected)
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

  private func check(_ status: Int) throws(CodecError) {
    guard ZSTD_isError(status) != 0 else { return }
    let isTooLarge = ZSTD_getErrorCode(status) == ZSTD_error_dstSize_tooSmall
    throw CodecError(
      isTooLarge ? .tooLarge : .corruptData, codec: Self.name,
      String(cString: ZSTD_getErrorName(status)).lowercased())
  }
}

// Contexts hold megabytes that are costly to make: as many as were ever in use at once are kept.

private final class CompressionContext: Sendable {
  // Sound: a context is used by whoever took it from the idle ones, until it is given back.
  nonisolated(unsafe) let pointer: OpaquePointer
  private static let idle = Mutex<[CompressionContext]>([])

  private init() throws(CodecError) {
    guard let pointer = ZSTD_createCCtx() else { throw outOfMemory() }
    self.pointer = pointer
  }

  static func taken(level: Int, checksum: Bool) throws(CodecError) -> CompressionContext {
    let known = idle.withLock { $0.popLast() }
    let context = if let known { known } else { try CompressionContext() }
    // Cannot fail: the level is within the library's bounds, and no frame is begun.
    _ = ZSTD_CCtx_reset(context.pointer, ZSTD_reset_session_and_parameters)
    _ = ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_compressionLevel, Int32(level))
    _ = ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    return context
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

  static func taken() throws(CodecError) -> DecompressionContext {
    if let known = idle.withLock({ $0.popLast() }) { return known }
    return try DecompressionContext()
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
}

private func outOfMemory() -> CodecError {
  CodecError(.tooLarge, codec: ZstdCodec.name, "no memory for a zstd context")
}
