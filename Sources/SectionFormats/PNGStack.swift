import Codecs
public import VolumeStore
public import Voxels

/// A stack of sections in PNG files, one section each.
///
/// Grey values of 1, 2, 4 and 8 bits become `uint8` and of 16 bits `uint16`, exactly as they are
/// stored; places in a palette become labels, as VAST exports them; colours become labels where that
/// is stated. Interlaced images too.
///
/// Opening reads each file's header once. Reading a region decodes each section it needs whole, and
/// checks all its checksums. May be used from several threads at once.
///
/// Source: PNG Specification 3, W3C 2025.
public struct PNGStack: VolumeReader {
  /// The path the stack was opened from.
  public let path: String
  /// What the headers say; the storage unit is one section.
  public let metadata: VolumeMetadata
  /// What was assumed that the headers do not say.
  public let notes: [String]

  private let sections: [String]
  private let hasColourLabels: Bool

  /// The most bytes of a file.
  private static let largestFile = 1 << 32

  /// Opens a folder, a shell pattern (`stack/*.png`), a counted name (`stack/img_%04d.png`) or one
  /// file.
  ///
  /// - Throws: ``VolumeError`` that names the first missing or odd file and what to do about it.
  public init(_ path: String, stated: StatedLayout = .none) throws(VolumeError) {
    let series = try SectionSeries.search(path, .png)
    sections = series?.paths ?? [path]
    var notes = series?.notes ?? []
    guard let firstPath = sections.first, sections.count <= TIFFStack.maximalSectionCount else {
      throw VolumeError(
        .limitExceeded, path: path, "has too many sections",
        expected: "at most \(TIFFStack.maximalSectionCount)")
    }
    let first = try PNGHeader(ofFile: firstPath)
    let type = try first.dataType(hasColourLabels: stated.hasColourLabels, path: firstPath)
    var (palettes, alphas, smallDepths) = (0, 0, 0)
    for section in sections {
      let header = try PNGHeader(ofFile: section)
      try header.checkSame(as: first, path: section)
      if header.isPalette { palettes += 1 }
      if header.hasAlpha { alphas += 1 }
      if header.bitDepth < 8, !header.isPalette { smallDepths += 1 }
    }
    if palettes > 0 {
      notes.append(
        "\(palettes) sections have palettes: pixels are read as their places in the palette, "
          + "which are labels, not grey values")
    }
    if alphas > 0 { notes.append("the opacity of pixels is left out") }
    if smallDepths > 0 {
      notes.append("\(first.bitDepth)-bit pixels are read as 0 to \(1 << first.bitDepth - 1)")
    }
    if first.isColour {
      notes.append("colours are read as labels: 65536 × red + 256 × green + blue")
    }
    let order = try PageOrder(
      stated, header: first, pageCount: sections.count, path: path)
    metadata = VolumeMetadata(
      extent: VoxelExtent(z: order.length(.z), y: first.height, x: first.width),
      channels: order.length(.channel) * order.length(.time), timePoints: order.length(.time),
      axes: VolumeAxes(order.axes.filter { $0 == .z || order.length($0) > 1 } + [.y, .x]) ?? .zyx,
      dataType: type, voxelSize: nil,
      storageUnit: VoxelExtent(z: 1, y: first.height, x: first.width))
    guard metadata.isCountable else {
      throw VolumeError(.limitExceeded, path: path, "the stack is too large")
    }
    planes = order.pages
    self.path = path
    self.notes = notes
    hasColourLabels = stated.hasColourLabels
  }

  /// The files' places, in order of time point, channel, section.
  private let planes: [Int]

  /// Reads a region.
  ///
  /// - Returns: (channel, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds`, `dataTypeMismatch`, `corruptChunk` where an image
  ///   does not decode, naming the file.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    let planeByteCount = box.extent.y * box.extent.x * metadata.dataType.byteCount
    let values: [Scalar] = try uninitializedValues(
      metadata.channels * box.extent.voxelCount
    ) { (bytes) throws(VolumeError) in
      for channel in 0..<metadata.channels {
        for z in 0..<box.extent.z {
          let section = sections[planes[channel * metadata.extent.z + box.origin.z + z]]
          try readSection(
            section, box, into: &bytes, at: (channel * box.extent.z + z) * planeByteCount)
        }
      }
    }
    return Volume(channels: metadata.channels, box: box, values: values)
  }

  private func readSection(
    _ section: String, _ box: VoxelBox, into target: inout MutableRawSpan, at start: Int
  ) throws(VolumeError) {
    let header = try PNGHeader(ofFile: section)
    let type = try header.dataType(hasColourLabels: hasColourLabels, path: section)
    guard header.width == metadata.extent.x, header.height == metadata.extent.y,
      type == metadata.dataType
    else {
      throw VolumeError(
        .corruptChunk, path: section, "changed since it was opened",
        remedy: "leave the files unchanged while they are read")
    }
    let byteCount = try FileStatus.ofFile(section).byteCount
    guard byteCount <= PNGStack.largestFile else {
      throw VolumeError(.limitExceeded, path: section, "the file is too large")
    }
    let file = try bytes(ofFile: section, count: byteCount)
    let pixels = try PNGImage.decode(file, header, path: section)
    let rowByteCount = box.extent.x * type.byteCount
    for y in 0..<box.extent.y {
      let from = (box.origin.y + y) * header.rowByteCount
      let row = pixels.bytes.extracting(from..<from + header.rowByteCount)
      let to = start + y * rowByteCount
      let columns = box.origin.x..<box.end.x
      let pixelByteCount = header.samplesPerPixel * header.bitDepth / 8
      if header.bitDepth < 8 {
        target.expand(columns, of: row, bitsPerValue: header.bitDepth, to: to)
      } else {
        let part = row.extracting(
          columns.lowerBound * pixelByteCount..<columns.upperBound * pixelByteCount)
        if header.isColour {
          target.packColours(
            part, pixelStep: pixelByteCount, sampleStep: 1, to: to, count: columns.count)
        } else if header.hasAlpha {
          target.gather(
            part, valueByteCount: type.byteCount, from: 0, every: 2, to: to, count: columns.count)
        } else {
          target.copy(part, to: to)
        }
      }
    }
  }
}

extension PNGHeader {
  /// Checks that a section is like the first one.
  fileprivate func checkSame(as first: PNGHeader, path: String) throws(VolumeError) {
    guard width == first.width, height == first.height else {
      throw VolumeError(
        .malformedMetadata, path: path, "has another size than the sections before",
        found: "\(height) × \(width) pixels (y × x)", expected: "\(first.height) × \(first.width)",
        remedy: "crop or pad the section, or move it out of the stack")
    }
    // Programs choose the smallest palette for each section.
    guard bitDepth == first.bitDepth || isPalette && first.isPalette, isColour == first.isColour,
      isPalette == first.isPalette
    else {
      throw VolumeError(
        .malformedMetadata, path: path, "has another pixel type than the sections before",
        found: description, expected: first.description,
        remedy: "convert all sections to the same type")
    }
  }
}

extension PageOrder {
  /// Takes files of one page each as the user says, or as sections.
  fileprivate init(
    _ stated: StatedLayout, header: PNGHeader, pageCount: Int, path: String
  ) throws(VolumeError) {
    guard let axes = stated.axes else {
      self.init(sections: pageCount)
      return
    }
    try self.init(
      axes, shape: stated.shape, height: header.height, width: header.width, samples: 1,
      pageCount: pageCount, known: [:], path: path)
  }
}

/// PNG stacks: folders, patterns and single files.
public enum PNGFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "PNG"

  /// Whether the source is a PNG file, a folder with PNG files, or a pattern of their names.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard let status = try FileStatus(source.path), !status.isFolder else {
      return try SectionSeries.recognises(source.path, .png)
    }
    guard status.isRegularFile else { return false }
    if SectionFileKind.png.matches(source.path) { return true }
    return try bytes(ofFile: source.path, count: 8) == PNGHeader.signature
  }

  /// Opens the stack.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    if let dataset = source.dataset {
      throw VolumeError(
        .unsupportedFeature, path: source.path, "a PNG stack holds no datasets", found: dataset,
        remedy: "leave out --dataset")
    }
    let stack = try PNGStack(source.path, stated: source.stated)
    return OpenedVolume(reader: stack, formatName: name, notes: stack.notes)
  }
}
