package import VolumeStore
package import Voxels

extension NIfTIHeader {
  /// The types that volumes can have, and the numbers that stand for them.
  package static let dataTypes: [(code: Int, type: DataType)] = [
    (2, .uint8), (4, .int16), (8, .int32), (16, .float32), (64, .float64), (256, .int8),
    (512, .uint16), (768, .uint32), (1024, .int64), (1280, .uint64),
  ]

  private static let otherTypes: [Int: String] = [
    1: "single bits", 32: "complex numbers of 64 bits", 128: "RGB colours",
    1536: "numbers of 128 bits", 1792: "complex numbers of 128 bits",
    2048: "complex numbers of 256 bits", 2304: "RGBA colours",
  ]

  /// The type of the values.
  ///
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where they are no plain numbers.
  package func dataType(path: String) throws(VolumeError) -> DataType {
    if let known = NIfTIHeader.dataTypes.first(where: { $0.code == dataTypeCode }) {
      return known.type
    }
    throw VolumeError(
      .unsupportedFeature, path: path, "the values are of a type that is not read",
      found: NIfTIHeader.otherTypes[dataTypeCode] ?? "type number \(dataTypeCode)",
      expected: "integers of 8 to 64 bits, or float32 or float64",
      remedy: "convert the file to one of these types")
  }

  /// Describes values that follow the header at once, in the lowest version that can say it.
  package init(
    lengths: [Int], dataTypeCode: Int, distances: [Double], units: Int, handedness: Double = 1,
    quaternionCode: Int = 1, quaternion: [Double] = [0, 0, 0], quaternionOffset: [Double],
    affineRows: [[Double]], note: String = ""
  ) {
    version = lengths.contains { $0 > Int(Int16.max) } ? 2 : 1
    isBigEndian = false
    isSingleFile = true
    self.lengths = lengths
    self.dataTypeCode = dataTypeCode
    self.distances = distances
    self.handedness = handedness
    // A multiple of 16 above the header.
    valueOffset = version == 1 ? 352 : 544
    slope = 1
    intercept = 0
    self.units = units
    self.note = note
    self.quaternionCode = quaternionCode
    affineCode = 1
    self.quaternion = quaternion
    self.quaternionOffset = quaternionOffset
    self.affineRows = affineRows
  }
}

extension NIfTIHeader {
  /// Reads the header of a file, or of the pair that it is one of.
  ///
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` where it is not sound.
  package init(ofFile path: String) throws(VolumeError) {
    let file = try NIfTIHeader.headerPath(of: path) ?? path
    _ = try FileStatus.ofFile(file)
    try self.init(NIfTIHeader.firstBytes(of: file), path: file)
  }

  /// Whether a name is that of a header beside an `.img`.
  package static func isHeaderName(_ path: String) -> Bool {
    [".hdr", ".hdr.gz"].contains { path.lowercased().hasSuffix($0) }
  }

  /// The file that holds a file's header: itself, or that beside an `.img`; nil where that is not
  /// there.
  package static func headerPath(of path: String) throws(VolumeError) -> String? {
    for ending in [".img", ".img.gz"] where path.lowercased().hasSuffix(ending) {
      let stem = path.dropLast(ending.utf8.count)
      for candidate in ["\(stem).hdr", "\(stem).hdr.gz"] where try FileStatus(candidate) != nil {
        return candidate
      }
      return nil
    }
    return path
  }

  /// The file with the voxels of a header of its own.
  package static func imagePath(of header: String) throws(VolumeError) -> String {
    var stem = header[...]
    for ending in [".hdr.gz", ".hdr"] where header.lowercased().hasSuffix(ending) {
      stem = header.dropLast(ending.utf8.count)
      break
    }
    for candidate in ["\(stem).img", "\(stem).img.gz"] where try FileStatus(candidate) != nil {
      return candidate
    }
    throw VolumeError(
      .notFound, path: "\(stem).img", "the file with the voxels of \(header) is not there",
      remedy: "keep the .hdr and the .img file of a pair together")
  }

  /// The bytes that may hold a header, unpacked.
  package static func firstBytes(of path: String) throws(VolumeError) -> [UInt8] {
    try SeekableGzip.recognises(path)
      ? SeekableGzip.prefix(of: path, count: longest) : bytes(ofFile: path, count: longest)
  }
}
