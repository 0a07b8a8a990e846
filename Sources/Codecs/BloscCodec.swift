import CBlosc

/// Blosc: a shuffle filter, then one of several compressors, block by block.
///
/// Purpose: reading what others wrote. It has no checksum, so three of thirty flipped bits pass it
/// unseen; `crc32c` behind it mends that.
///
/// Specification: <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/blosc/index.html>
///
/// Read and written alike by zarr-python 3.1.6 and tensorstore 0.1.86.
///
/// Configuration example: `{"name": "blosc", "configuration": {"cname": "zstd", "clevel": 5,
/// "shuffle": "bitshuffle", "typesize": 8, "blocksize": 0}}`
public struct BloscCodec: BytesCodec, Hashable {
  /// `blosc`.
  public static let name = "blosc"

  /// The compressor inside.
  public enum Compressor: String, Hashable, Sendable, CaseIterable {
    /// A compressor of the Blosc library, by its name in `zarr.json`.
    case blosclz, lz4, lz4hc, snappy, zlib, zstd
  }

  /// The filter ahead of the compressor.
  public enum Shuffle: String, Hashable, Sendable, CaseIterable {
    /// Nothing, or values transposed by bytes or by bits.
    case noshuffle, shuffle, bitshuffle
  }

  /// The compressor inside.
  public let compressor: Compressor
  /// How hard to compress, 0 to 9.
  public let level: Int
  /// The filter ahead of the compressor.
  public let shuffle: Shuffle
  /// The bytes of one value, for the filter.
  public let typeSize: Int
  /// The bytes of one block; zero lets the library choose.
  public let blockSize: Int

  /// Creates the codec from `cname`, `clevel`, `shuffle`, `typesize` and `blocksize`.
  public init(configuration: JSONObject) throws(CodecError) {
    var members = CodecConfiguration(configuration, codec: Self.name)
    compressor = try members.choice("cname", of: Compressor.self)
    level = try members.integer("clevel", in: 0...9)
    shuffle = try members.choice("shuffle", of: Shuffle.self)
    typeSize = try members.integer(
      "typesize", in: 1...Int(BLOSC_MAX_TYPESIZE), default: shuffle == .noshuffle ? 1 : nil)
    blockSize = try members.integer("blocksize", in: 0...Int(Int32.max), default: 0)
    try members.end()
    guard blosc_compname_to_compcode(compressor.rawValue) >= 0 else {
      throw CodecError(
        .unknownCodec, codec: Self.name,
        "the installed Blosc library was built without \(compressor.rawValue)")
    }
  }

  /// All five members.
  public var configuration: JSONObject? {
    [
      "cname": .string(compressor.rawValue), "clevel": .integer(Int64(level)),
      "shuffle": .string(shuffle.rawValue), "typesize": .integer(Int64(typeSize)),
      "blocksize": .integer(Int64(blockSize)),
    ]
  }

  /// Compresses bytes on the calling thread.
  ///
  /// The corresponding C function is `blosc_compress_ctx`.
  public func encode(_ decoded: RawSpan) throws(CodecError) -> [UInt8] {
    guard decoded.byteCount <= Int(Int32.max) - Int(BLOSC_MAX_OVERHEAD) else {
      throw CodecError(.tooLarge, codec: Self.name, "a chunk is larger than 2 GiB")
    }
    let filter =
      switch shuffle {
      case .noshuffle: BLOSC_NOSHUFFLE
      case .shuffle: BLOSC_SHUFFLE
      case .bitshuffle: BLOSC_BITSHUFFLE
      }
    var status: Int32 = 0
    let encoded = [UInt8](unsafeUninitializedCapacity: maximalEncodedCount(decoded.byteCount)) {
      output, count in
      decoded.withUnsafeBytes { input in
        // Sound: both buffers are valid for their counts during the call, and only as many output
        // bytes count as initialised as the library says it wrote.
        status = blosc_compress_ctx(
          Int32(level), Int32(filter), typeSize, input.count, input.baseAddress,
          output.baseAddress, output.count, compressor.rawValue, blockSize, 1)
      }
      count = max(0, Int(status))
    }
    guard status > 0 else {
      throw CodecError(.corruptData, codec: Self.name, "compression stopped with \(status)")
    }
    return encoded
  }

  /// Decompresses bytes of at most `limit`.
  public func decode(_ encoded: RawSpan, limit: Int) throws(CodecError) -> [UInt8] {
    let declared = try declaredCount(encoded)
    guard declared <= limit else {
      throw CodecError(
        .tooLarge, codec: Self.name, "the header declares \(declared) bytes, more than \(limit)")
    }
    var status: Int32 = 0
    let decoded = [UInt8](unsafeUninitializedCapacity: declared) { output, count in
      status = decompress(encoded, into: UnsafeMutableRawBufferPointer(output))
      count = status == Int32(declared) ? declared : 0
    }
    try check(status, declared: declared)
    return decoded
  }

  /// Decompresses bytes whose decompressed size is known.
  ///
  /// The corresponding C function is `blosc_decompress_ctx`.
  public func decode(
    _ encoded: RawSpan, into decoded: inout MutableRawSpan
  ) throws(CodecError) {
    let declared = try declaredCount(encoded)
    try requireCount(declared, of: decoded.byteCount)
    let status = decoded.withUnsafeMutableBytes { decompress(encoded, into: $0) }
    try check(status, declared: declared)
  }

  /// The header's sixteen bytes more.
  public func maximalEncodedCount(_ decodedCount: Int) -> Int {
    decodedCount + Int(BLOSC_MAX_OVERHEAD)
  }

  /// The decompressed size in the header, after the library has checked the header.
  private func declaredCount(_ encoded: RawSpan) throws(CodecError) -> Int {
    var count = 0
    let status = encoded.withUnsafeBytes { input in
      // Sound: the library reads within `input.count` bytes.
      input.count < Int(BLOSC_MIN_HEADER_LENGTH)
        ? -1 : blosc_cbuffer_validate(input.baseAddress, input.count, &count)
    }
    guard status == 0 else {
      throw CodecError(.corruptData, codec: Self.name, "the header does not fit the bytes")
    }
    return count
  }

  private func decompress(
    _ encoded: RawSpan, into output: UnsafeMutableRawBufferPointer
  ) -> Int32 {
    encoded.withUnsafeBytes { input in
      // Sound: `declaredCount` checked that the header's compressed size is `input.count`; the
      // library writes at most `output.count` bytes.
      blosc_decompress_ctx(input.baseAddress, output.baseAddress, output.count, 1)
    }
  }

  private func check(_ status: Int32, declared: Int) throws(CodecError) {
    guard status == Int32(declared) else {
      throw CodecError(.corruptData, codec: Self.name, "the blocks do not decode (\(status))")
    }
  }
}
