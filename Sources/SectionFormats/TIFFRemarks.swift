import Voxels

/// What programs write about a TIFF image besides its pixels.
///
/// Source: ImageJ `TiffEncoder`/`TiffDecoder` conventions; OME-XML schema 2016-06, `Pixels`.
struct TIFFRemarks {
  var description: String?
  var pixelsPerUnitX: Double?
  var pixelsPerUnitY: Double?

  /// The `name=value` lines that ImageJ writes, or nil where another program wrote the text.
  var imageJ: [Substring: Substring]? {
    guard let description, description.hasPrefix("ImageJ=") else { return nil }
    var values: [Substring: Substring] = [:]
    for line in description.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[line[..<equals]] = line[line.index(after: equals)...]
    }
    return values
  }

  /// Whether the text is OME-XML.
  var isOME: Bool {
    guard let description else { return false }
    return description.hasPrefix("<?xml") && description.contains("<OME")
      || description.hasPrefix("<OME")
  }

  /// The voxel size, where the text gives all three lengths.
  var voxelSize: VoxelSize? {
    let size = isOME ? omeVoxelSize : imageJVoxelSize
    return size.flatMap { $0.isValid ? $0 : nil }
  }

  private var imageJVoxelSize: VoxelSize? {
    guard let values = imageJ, let x = pixelsPerUnitX, let y = pixelsPerUnitY, x > 0, y > 0,
      let spacing = values["spacing"].flatMap({ Double($0) }),
      let unit = values["unit"].flatMap({ TIFFRemarks.unit(named: $0) })
    else { return nil }
    return VoxelSize(
      z: spacing, y: TIFFRemarks.rounded(1 / y), x: TIFFRemarks.rounded(1 / x), unit: unit)
  }

  private var omeVoxelSize: VoxelSize? {
    guard let z = omeLength("Z"), let y = omeLength("Y"), let x = omeLength("X") else { return nil }
    return VoxelSize(z: z, y: y, x: x)
  }

  private func omeLength(_ axis: String) -> Double? {
    guard let length = omeAttribute("PhysicalSize\(axis)").flatMap({ Double($0) }),
      let unit = TIFFRemarks.unit(named: omeAttribute("PhysicalSize\(axis)Unit") ?? "µm")
    else { return nil }
    return TIFFRemarks.rounded(length * unit.nanometers)
  }

  /// The number of channels and of time points that the text gives.
  var channelAndTimeCounts: (channels: Int, times: Int) {
    if isOME {
      return (
        omeAttribute("SizeC").flatMap { Int($0) } ?? 1,
        omeAttribute("SizeT").flatMap { Int($0) } ?? 1
      )
    }
    guard let values = imageJ else { return (1, 1) }
    return (
      values["channels"].flatMap { Int($0) } ?? 1, values["frames"].flatMap { Int($0) } ?? 1
    )
  }

  /// The number of sections that the text gives.
  var sectionCount: Int? {
    isOME
      ? omeAttribute("SizeZ").flatMap { Int($0) }
      : imageJ.flatMap { $0["images"].flatMap { Int($0) } }
  }

  private func omeAttribute(_ name: String) -> Substring? {
    guard let description else { return nil }
    let pattern = Array(" \(name)=\"".utf8)
    let text = Array(description.utf8)
    guard text.count >= pattern.count else { return nil }
    for start in 0...(text.count - pattern.count)
    where text[start] == pattern[0] && text[start..<start + pattern.count].elementsEqual(pattern) {
      let value = text[(start + pattern.count)...].prefix { $0 != UInt8(ascii: "\"") }
      return Substring(decoding: value, as: UTF8.self)
    }
    return nil
  }

  /// A length from single-precision tags, without the digits that single precision invents.
  private static func rounded(_ length: Double) -> Double {
    guard length > 0, length.isFinite else { return length }
    var scale = 1.0
    while length * scale < 1e5 { scale *= 10 }
    let short = (length * scale).rounded() / scale
    return abs(short - length) < length * 1e-6 ? short : length
  }

  private static func unit(named name: Substring) -> LengthUnit? {
    switch name.lowercased() {
    case "nm", "nanometer", "nanometers": .nanometer
    case "µm", "μm", "um", "micron", "microns", "micrometer", "micrometers", "\\u00b5m": .micrometer
    case "mm", "millimeter": .millimeter
    case "cm", "centimeter": .centimeter
    case "m", "meter": .meter
    case "å", "angstrom": .angstrom
    default: nil
    }
  }
}
