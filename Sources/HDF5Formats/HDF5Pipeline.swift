import Codecs
import VolumeStore

/// The filters that a dataset's chunks went through, as far as they are undone here.
///
/// The library undoes them one chunk at a time whatever the number of threads; here every reading
/// thread undoes its own.
struct HDF5Pipeline: Sendable {
  /// One filter.
  enum Filter: Sendable {
    /// Undone here: zlib; bytes separated, with the bytes of a value; a checksum; h5py's LZF.
    case deflate, shuffle(width: Int), fletcher32, lzf
    /// Undone here by ``Codecs``.
    case blosc(BloscCodec), zstd(ZstdCodec)
    /// Left to the library, or missing there too.
    case other(Int32)

    /// Recognises a filter by its registered number and parameters.
    ///
    /// Source: HDF5 File Format Specification 3.0, §IV.A.2.l; The HDF Group, "Registered Filter
    /// Plugins".
    init(number: Int32, parameters: [UInt32]) {
      switch number {
      case 1: self = .deflate
      case 2 where parameters.first.map { $0 > 0 && $0 <= 1 << 20 } == true:
        self = .shuffle(width: Int(parameters[0]))
      case 3: self = .fletcher32
      case 32000: self = .lzf
      case 32001:
        // The chunk says itself how it was compressed.
        let any: JSONObject = [
          "cname": .string("blosclz"), "clevel": .integer(1), "shuffle": .string("noshuffle"),
          "typesize": .integer(1), "blocksize": .integer(0),
        ]
        self = (try? BloscCodec(configuration: any)).map { .blosc($0) } ?? .other(number)
      case 32015: self = .zstd(ZstdCodec())
      default: self = .other(number)
      }
    }

    /// Whether the number of bytes it leaves follows from the number it gets.
    var keepsCount: Bool {
      switch self {
      case .shuffle, .fletcher32: true
      default: false
      }
    }
  }

  /// The filters in the order in which they were applied.
  let filters: [Filter]

  /// Whether all of them are undone here, so that the library need not be asked.
  var isOurs: Bool {
    !filters.isEmpty
      && filters.allSatisfy {
        if case .other = $0 { false } else { true }
      }
  }

  /// Decodes a chunk, filling `values` exactly.
  ///
  /// - Parameters:
  ///   - stored: The chunk's bytes in the file.
  ///   - skipped: The filters that were not applied to this chunk, a bit for each.
  ///   - values: Gets the values' bytes as the dataset's type stores them.
  /// - Throws: ``CodecError`` where they do not decode, fail their checksum or have another size.
  func decode(
    _ stored: [UInt8], skipped: UInt32, into values: inout MutableRawSpan
  ) throws(CodecError) {
    let applied = filters.indices.filter { $0 >= 32 || skipped >> UInt32($0) & 1 == 0 }
    var bytes = stored
    for (step, index) in applied.enumerated().reversed() {
      if step == 0 {
        try undo(filters[index], bytes.rawSpan, into: &values)
        return
      }
      // What the filters before leave to this one.
      let before = applied[..<step].map { filters[$0] }
      var count = values.byteCount
      for filter in before {
        if case .fletcher32 = filter { count += 4 }
      }
      let encoded = bytes
      if before.allSatisfy(\.keepsCount) {
        bytes = try filledBytes(count) { (target: inout MutableRawSpan) throws(CodecError) in
          try undo(filters[index], encoded.rawSpan, into: &target)
        }
      } else {
        bytes = try undo(filters[index], encoded, limit: count * 2 + 1 << 16)
      }
    }
    guard bytes.count == values.byteCount else {
      throw CodecError(
        .corruptData, codec: "none",
        "the chunk has \(bytes.count) bytes where \(values.byteCount) are expected")
    }
    values.update(copying: bytes.rawSpan)
  }

  /// Undoes a filter whose input's size is known.
  private func undo(
    _ filter: Filter, _ bytes: RawSpan, into values: inout MutableRawSpan
  ) throws(CodecError) {
    switch filter {
    case .deflate: try WholeDeflate.decode(bytes, into: &values, .zlib)
    case .lzf: try LZF.decode(bytes, into: &values)
    case .blosc(let codec): try codec.decode(bytes, into: &values)
    case .zstd(let codec): try codec.decode(bytes, into: &values)
    case .shuffle(let width):
      try require(bytes.byteCount, values.byteCount, "shuffle")
      if width > 1 {
        ByteShuffle.restore(bytes, width: width, into: &values)
      } else {
        values.update(copying: bytes)
      }
    case .fletcher32:
      try require(bytes.byteCount, values.byteCount + 4, "fletcher32")
      guard Fletcher32.isIntact(bytes) else {
        throw CodecError(
          .checksumMismatch, codec: "fletcher32", "the checksum is not the one of the bytes")
      }
      values.update(copying: bytes.extracting(0..<values.byteCount))
    case .other(let number):
      throw CodecError(.unknownCodec, codec: "\(number)", "the filter is not known")
    }
  }

  /// Undoes a filter ahead of which another compressed: only a limit of its input is known.
  private func undo(
    _ filter: Filter, _ bytes: [UInt8], limit: Int
  ) throws(CodecError) -> [UInt8] {
    switch filter {
    case .blosc(let codec): return try codec.decode(bytes.rawSpan, limit: limit)
    case .zstd(let codec): return try codec.decode(bytes.rawSpan, limit: limit)
    case .shuffle, .fletcher32:
      let tail = if case .fletcher32 = filter { 4 } else { 0 }
      guard bytes.count > tail else {
        throw CodecError(.corruptData, codec: "fletcher32", "the chunk has no checksum")
      }
      return try filledBytes(bytes.count - tail) {
        (target: inout MutableRawSpan) throws(CodecError) in
        try undo(filter, bytes.rawSpan, into: &target)
      }
    case .deflate, .lzf, .other:
      throw CodecError(
        .unknownCodec, codec: "deflate", "a chunk that was compressed twice is not read")
    }
  }

  private func require(_ count: Int, _ expected: Int, _ codec: String) throws(CodecError) {
    guard count == expected else {
      throw CodecError(
        .corruptData, codec: codec, "the chunk has \(count) bytes where \(expected) are expected")
    }
  }

  private func filledBytes(
    _ count: Int, _ fill: (inout MutableRawSpan) throws(CodecError) -> Void
  ) throws(CodecError) -> [UInt8] {
    try uninitializedValues(count, fill)
  }
}
