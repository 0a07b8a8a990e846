import CTurboJPEG
import Codecs
import VolumeStore
import Voxels

// The unsafe code of reading and writing JPEG images is all here; each use states why it is sound.

/// A decoder of JPEG images; one thread at a time.
///
/// The corresponding C type is `tjhandle`.
struct JPEGDecoder: ~Copyable {
  private let handle: tjhandle

  init() throws(CodecError) {
    guard let handle = tjInitDecompress() else { throw CodecError(jpeg: nil) }
    self.handle = handle
  }

  deinit { tjDestroy(handle) }

  /// Decodes an image into (channel, pixel) values, pixels row after row.
  ///
  /// - Throws: ``CodecError`` where the image has not exactly `count` pixels of 1 or 3 channels;
  ///   nothing is decoded then, so that a small file cannot ask for much memory.
  func decode(
    _ bytes: [UInt8], pixels count: Int, channels: Int, into values: inout MutableRawSpan
  ) throws(CodecError) {
    precondition(values.byteCount == count * channels, "there is room for another image")
    var (width, height, sampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let status = bytes.withUnsafeBufferPointer {
      // Sound: the library reads the bytes given; the header's numbers are out-parameters.
      tjDecompressHeader3(
        handle, $0.baseAddress, UInt($0.count), &width, &height, &sampling, &space)
    }
    guard status == 0 else { throw CodecError(jpeg: handle) }
    guard width > 0, height > 0, Int(width) * Int(height) == count else {
      throw CodecError(
        .corruptData, codec: "jpeg",
        "the image has \(width) × \(height) pixels where \(count) are expected")
    }
    let isGrey = space == TJCS_GRAY.rawValue
    guard isGrey == (channels == 1), space != TJCS_CMYK.rawValue, space != TJCS_YCCK.rawValue else {
      throw CodecError(
        .corruptData, codec: "jpeg", "the image has other than \(channels) channels")
    }
    guard channels == 3 else {
      try decode(bytes, width, height, TJPF_GRAY, into: &values)
      return
    }
    var colours: [UInt8] = try uninitializedValues(count * 3) { (target) throws(CodecError) in
      try self.decode(bytes, width, height, TJPF_RGB, into: &target)
    }
    colours = separated(colours, pixels: count)
    values.update(copying: colours.rawSpan)
  }

  private func decode(
    _ bytes: [UInt8], _ width: Int32, _ height: Int32, _ format: TJPF,
    into target: inout MutableRawSpan
  ) throws(CodecError) {
    let status = target.withUnsafeMutableBytes { target in
      bytes.withUnsafeBufferPointer {
        // Sound: the target holds width × height pixels of the format, rows without a gap; the
        // library fails where the image is not of that size. A warning, as of an image cut short,
        // is an error; so is an image of more scans than any encoder makes.
        tjDecompress2(
          handle, $0.baseAddress, UInt($0.count),
          target.bindMemory(to: UInt8.self).baseAddress, width, 0, height, format.rawValue,
          TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)
      }
    }
    guard status == 0 else { throw CodecError(jpeg: handle) }
  }

  private func separated(_ colours: [UInt8], pixels count: Int) -> [UInt8] {
    let source = colours.span
    return [UInt8](capacity: colours.count) { output in
      for channel in 0..<3 {
        for pixel in 0..<count { output.append(source[pixel * 3 + channel]) }
      }
    }
  }
}

/// An encoder of JPEG images; one thread at a time.
///
/// The corresponding C type is `tjhandle`.
struct JPEGEncoder: ~Copyable {
  private let handle: tjhandle

  init() throws(CodecError) {
    guard let handle = tjInitCompress() else { throw CodecError(jpeg: nil) }
    self.handle = handle
  }

  deinit { tjDestroy(handle) }

  /// Encodes (channel, pixel) values of 1 or 3 channels as an image of the given size, with a
  /// quality of 1 to 100; colours keep their full resolution.
  func encode(
    _ values: [UInt8], width: Int, height: Int, channels: Int, quality: Int
  ) throws(CodecError) -> [UInt8] {
    precondition(values.count == width * height * channels, "the image has another size")
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
    let pixels = channels == 1 ? values : interleaved(values, pixels: width * height)
    let sampling = channels == 1 ? TJSAMP_GRAY : TJSAMP_444
    let bound = tjBufSize(Int32(width), Int32(height), Int32(sampling.rawValue))
    guard bound != UInt.max, bound <= UInt(Int32.max) else {
      throw CodecError(.tooLarge, codec: "jpeg", "the image is too large")
    }
    var status: Int32 = -1
    let encoded = [UInt8](unsafeUninitializedCapacity: Int(bound)) { buffer, count in
      var target = buffer.baseAddress
      var size = bound
      status = pixels.withUnsafeBufferPointer {
        // Sound: the source holds width × height pixels, rows without a gap. The target has the
        // room that `tjBufSize` asks for, and may not be replaced by another.
        tjCompress2(
          handle, $0.baseAddress, Int32(width), 0, Int32(height),
          (channels == 1 ? TJPF_GRAY : TJPF_RGB).rawValue, &target, &size,
          Int32(sampling.rawValue), Int32(quality), TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT)
      }
      count = status == 0 ? Int(size) : 0
    }
    guard status == 0 else { throw CodecError(jpeg: handle) }
    return encoded
  }

  private func interleaved(_ values: [UInt8], pixels count: Int) -> [UInt8] {
    let source = values.span
    return [UInt8](capacity: values.count) { output in
      for pixel in 0..<count {
        for channel in 0..<3 { output.append(source[channel * count + pixel]) }
      }
    }
  }
}

extension CodecError {
  /// The library's last error, in its words.
  fileprivate init(jpeg handle: tjhandle?) {
    // Sound: the library returns a terminated string that is copied at once.
    let text = tjGetErrorStr2(handle).map { String(cString: $0) } ?? "no memory"
    self.init(.corruptData, codec: "jpeg", text)
  }
}
