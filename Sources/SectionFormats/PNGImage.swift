import CSPNG
import Glibc
import VolumeStore

// Unsafe code: all calls of libspng. Each use states why it is sound.

/// A decoded or a new PNG image.
enum PNGImage {
  /// The most bytes of a chunk that is no image data: text, colour profiles.
  private static let largestChunk = 16 << 20
  private static let compressionLevel: Int32 = 4

  /// Decodes a file's pixels as it packs them, 16-bit values in this machine's byte order.
  ///
  /// - Throws: ``VolumeError`` with `corruptChunk` where a checksum or the data is wrong.
  static func decode(
    _ file: [UInt8], _ header: PNGHeader, path: String
  ) throws(VolumeError) -> ScratchBytes {
    guard let context = spng_ctx_new(0) else {
      throw VolumeError(.limitExceeded, path: path, "no memory to decode the image")
    }
    defer { spng_ctx_free(context) }
    let count = header.rowByteCount * header.height
    var pixels = ScratchBytes(count: count)
    var target = pixels.mutableBytes
    // Interlaced values of few bits are added to their bytes one by one.
    if header.bitDepth < 8 { target.fillWithZeros() }
    let status = file.withUnsafeBytes { bytes in
      target.withUnsafeMutableBytes { target in
        // Sound: libspng reads the bytes while they are there, and writes no more than the count
        // given, which it checks against the image's.
        PNGImage.firstFailure([
          { spng_set_image_limits(context, UInt32(header.width), UInt32(header.height)) },
          { spng_set_chunk_limits(context, largestChunk, 4 * largestChunk) },
          {
            spng_set_crc_action(
              context, Int32(SPNG_CRC_ERROR.rawValue), Int32(SPNG_CRC_ERROR.rawValue))
          },
          { spng_set_png_buffer(context, bytes.baseAddress, bytes.count) },
          {
            spng_decode_image(context, target.baseAddress, count, Int32(SPNG_FMT_PNG.rawValue), 0)
          },
          // What follows the image data has checksums too.
          { spng_decode_chunks(context) },
        ])
      }
    }
    guard status == 0 else {
      throw VolumeError(
        .corruptChunk, path: path, "the image does not decode",
        found: spng_strerror(status).map { String(cString: $0) },
        remedy: "copy the file again, or replace the section by a sound one")
    }
    return pixels
  }

  /// Encodes pixels: grey values of 8 or 16 bits, or red, green and blue of 8 each.
  static func encode(
    _ pixels: RawSpan, width: Int, height: Int, bitDepth: Int, isColour: Bool, path: String
  ) throws(VolumeError) -> [UInt8] {
    guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
      throw VolumeError(.limitExceeded, path: path, "no memory to encode the image")
    }
    defer { spng_ctx_free(context) }
    var header = spng_ihdr()
    header.width = UInt32(width)
    header.height = UInt32(height)
    header.bit_depth = UInt8(bitDepth)
    header.color_type = isColour ? 2 : 0
    let status = withUnsafeMutablePointer(to: &header) { header in
      pixels.withUnsafeBytes { pixels in
        // Sound: libspng reads the header and the pixels while they are there, within the count.
        PNGImage.firstFailure([
          { spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1) },
          { spng_set_option(context, SPNG_IMG_COMPRESSION_LEVEL, compressionLevel) },
          { spng_set_ihdr(context, header) },
          {
            spng_encode_image(
              context, pixels.baseAddress, pixels.count, Int32(SPNG_FMT_PNG.rawValue),
              Int32(SPNG_ENCODE_FINALIZE.rawValue))
          },
        ])
      }
    }
    var count = 0
    var code: Int32 = 0
    guard status == 0, let bytes = spng_get_png_buffer(context, &count, &code) else {
      throw VolumeError(
        .inputOutput, path: path, "the image cannot be encoded",
        found: spng_strerror(status == 0 ? code : status).map { String(cString: $0) })
    }
    // Sound: the buffer is ours from here on, of that many bytes from malloc.
    defer { free(bytes) }
    return Array(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// Calls functions until one fails.
  private static func firstFailure(_ calls: [() -> Int32]) -> Int32 {
    for call in calls {
      let status = call()
      if status != 0 { return status }
    }
    return 0
  }
}
