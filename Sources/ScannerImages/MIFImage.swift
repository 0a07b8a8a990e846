import VolumeStore
import Voxels

extension ScannerImageHeader {
  /// Keys that have a meaning of their own.
  private static let ownKeys: Set<String> = [
    "dim", "vox", "layout", "datatype", "transform", "scaling", "file", "dw_scheme",
  ]

  /// The description of an MRtrix image, and where its values are.
  static func mif(_ path: String) throws(VolumeError) -> (Self, StoredValues) {
    let header = try MIFHeader(ofFile: path)
    var lengths = try header.lengths()
    var layout = try header.layout(lengths)
    while lengths.count < 3 {
      layout.order.append(lengths.count)
      layout.isReversed.append(false)
      lengths.append(1)
      layout.lengths = lengths
    }
    let (type, isBigEndian) = try header.valueType()
    var spacing = try header.numbers(header.value("vox"), of: "vox")
    spacing += [Double](repeating: 1, count: max(0, 3 - spacing.count))
    spacing = spacing.prefix(3).map { $0.isFinite && $0 > 0 ? $0 : 1 }
    var notes: [String] = []
    var transform = try header.transform(spacing: spacing)
    if transform == nil {
      notes.append("the header does not say how the image lies; it is centred on the scanner")
      transform = ScannerTransform(
        spacing: SIMD3(spacing[0], spacing[1], spacing[2]), centring: lengths)
    }
    guard let transform else { preconditionFailure("it was set above") }
    var scaling: Scaling?
    if let text = header.values("scaling").last {
      let numbers = try header.numbers(text, of: "scaling")
      guard numbers.count == 2, numbers.allSatisfy(\.isFinite) else {
        throw header.malformed("the scaling is not sound", text, "an offset and a multiplier")
      }
      if numbers != [0, 1] { scaling = Scaling(slope: numbers[1], intercept: numbers[0]) }
    }
    let description = ScannerImageHeader(
      format: "MIF", extent: VoxelExtent(z: lengths[2], y: lengths[1], x: lengths[0]),
      furtherLengths: Array(lengths.dropFirst(3)), transform: transform, valueType: type,
      scaling: scaling, gradients: try header.gradients(),
      properties: header.entries.filter { !ownKeys.contains($0.key) }.map {
        Property(key: $0.key, value: $0.value)
      },
      notes: notes, layout: layout)
    return (
      description, try header.storedValues(description, isBigEndian: isBigEndian)
    )
  }
}

extension MIFHeader {
  /// The rows of the gradient table, where there is one.
  fileprivate func gradients() throws(VolumeError) -> [SIMD4<Double>]? {
    let lines = values("dw_scheme")
    if lines.isEmpty { return nil }
    var rows: [SIMD4<Double>] = []
    for line in lines {
      let numbers = try numbers(line, of: "dw_scheme")
      guard numbers.count >= 4 else {
        throw malformed("a row of the gradient table is too short", line, "x, y, z and b")
      }
      rows.append(SIMD4(numbers[0], numbers[1], numbers[2], numbers[3]))
    }
    return rows
  }

  /// Where the values are: after the header, or in files beside it.
  fileprivate func storedValues(
    _ description: ScannerImageHeader, isBigEndian: Bool
  ) throws(VolumeError) -> StoredValues {
    var parts: [(name: String, offset: Int)] = []
    for text in values("file") {
      let words = text.split(separator: " ")
      guard let name = words.first else {
        throw malformed("the values have no file", text, "a name, and an offset")
      }
      let offset = words.count > 1 ? Int(words[1]) : 0
      guard let offset, offset >= 0 else {
        throw malformed("the values have no place", text, "a number of bytes")
      }
      parts.append((String(name), offset))
    }
    guard let first = parts.first else {
      throw malformed("the header does not say where the values are", nil, "a line \"file: …\"")
    }
    if first.name == "." {
      return try StoredValues(
        path, from: first.offset, description: description, isBigEndian: isBigEndian)
    }
    let folder = FileStore.split(path).folder
    let paths = parts.map { $0.name.hasPrefix("/") ? $0.name : "\(folder)/\($0.name)" }
    if parts.count == 1 {
      return try StoredValues(
        paths[0], from: first.offset, description: description, isBigEndian: isBigEndian)
    }
    guard let count = checkedProduct(description.layout.lengths),
      let bits = checkedProduct([count, description.valueType.bitCount]),
      bits.isMultiple(of: 8 * parts.count)
    else {
      throw malformed(
        "the values cannot be spread evenly over the files", "\(parts.count) files",
        "as many voxels in each")
    }
    let partByteCount = bits / 8 / parts.count
    var sources: [any ByteSource] = []
    for (place, part) in zip(paths, parts) {
      sources.append(PartialBytes(whole: try FileBytes(place), start: part.offset))
    }
    return try StoredValues(
      try JoinedBytes(sources, partByteCount: partByteCount), from: 0, description: description,
      isBigEndian: isBigEndian)
  }
}
