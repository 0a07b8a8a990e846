import VolumeStore

/// How a dataset is laid out in its file.
struct HDF5Storage: Sendable {
  /// The lengths of a chunk along the dataset's axes; nil where the dataset is one piece.
  var chunk: [Int]?
  /// Where the one piece starts in the file; nil where there are chunks, or nothing was written.
  var address: Int?
  /// Whether chunks are decoded by the threads that read, not by the library.
  var isDecodedHere: Bool
  /// The filters that its chunks went through.
  var pipeline: HDF5Pipeline
  /// The filters that are needed to decode it and are not there: their registered numbers and the
  /// names the file gives them.
  var missingFilters: [(number: Int32, name: String)]
  /// The bytes of the value of voxels that were never written.
  var fill: [UInt8]
  /// Whether it is made of parts of other datasets.
  var isVirtual: Bool
  /// Whether its bytes lie in other files.
  var isExternal: Bool

  /// The most bytes one chunk may hold.
  static let largestChunk = 1 << 30

  /// The bytes of one chunk, or nil where they cannot be counted.
  func chunkByteCount(_ valueByteCount: Int) -> Int? {
    guard let chunk else { return 0 }
    return chunk.contains(0) ? nil : checkedProduct(chunk + [valueByteCount])
  }

  /// Refuses what cannot be decoded, or not safely.
  func check(_ name: String, valueByteCount: Int, path: String) throws(VolumeError) {
    if isVirtual || isExternal {
      throw VolumeError(
        .unsupportedFeature, path: path, "dataset \(name) keeps its voxels in other files",
        found: isVirtual ? "a virtual dataset" : "external storage",
        remedy: "copy it into one file, for example by h5repack")
    }
    if let filter = missingFilters.first {
      throw VolumeError(
        .unsupportedFeature, path: path,
        "dataset \(name) is compressed by a filter that is not there",
        found: HDF5Storage.filterName(filter),
        expected: "gzip, shuffle, fletcher32, szip, scale-offset, n-bit, LZF, Blosc or Zstandard",
        remedy: "rewrite it with gzip: h5repack -f GZIP=4, where the filter is installed")
    }
    guard let byteCount = chunkByteCount(valueByteCount), byteCount <= HDF5Storage.largestChunk
    else {
      throw VolumeError(
        .limitExceeded, path: path, "dataset \(name) has too large chunks",
        found: chunk?.sizesDescription, expected: "at most \(HDF5Storage.largestChunk) bytes",
        remedy: "rewrite it in smaller chunks: h5repack -l CHUNK=64x64x64")
    }
  }

  /// Source: The HDF Group, "Registered Filter Plugins".
  private static func filterName(_ filter: (number: Int32, name: String)) -> String {
    let number = filter.number
    let name: String? =
      switch number {
      case 4: "szip"
      case 305: "LZO"
      case 307: "bzip2"
      case 32004: "LZ4"
      case 32008: "bitshuffle"
      case 32013: "ZFP"
      case 32019: "JPEG"
      case 32026: "Blosc2"
      default: filter.name.isEmpty ? nil : filter.name
      }
    return name.map { "filter \(number), \($0)" } ?? "filter \(number)"
  }
}

/// The library's cache of decoded chunks of one open dataset.
struct HDF5Cache: Sendable {
  /// The bytes it may hold.
  var byteCount: Int
  /// The slots of its hash table: a prime, about a hundred for each chunk that fits.
  var slotCount: Int

  init(byteCount: Int, chunkByteCount: Int) {
    self.byteCount = byteCount
    let chunks = byteCount / max(1, chunkByteCount)
    let primes = [1009, 10_007, 100_003, 1_000_003]
    slotCount = primes.first { $0 >= chunks * 100 } ?? 1_000_003
  }

  /// A cache that holds one layer of chunks along the slowest axis, within a limit, and at least
  /// one chunk: chunks that do not fit are decoded once for every read that touches them.
  init(layerOf lengths: [Int], chunk: [Int]?, chunkByteCount: Int, limit: Int) {
    guard let chunk, chunkByteCount > 0 else {
      self.init(byteCount: 0, chunkByteCount: 1)
      return
    }
    var byteCount = chunkByteCount
    for (length, chunkLength) in zip(lengths, chunk).dropFirst() {
      let chunks = (length - 1) / chunkLength + 1
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: chunks)
      byteCount = overflows ? limit : min(product, limit)
    }
    self.init(byteCount: max(byteCount, chunkByteCount), chunkByteCount: chunkByteCount)
  }
}
