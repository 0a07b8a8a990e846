import Codecs
import Voxels

/// What programs write about a TIFF image besides its pixels.
///
/// Source: ImageJ `TiffEncoder`/`TiffDecoder` conventions; tifffile's "shaped" series.
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

  /// The OME-XML, where the text is one.
  var omeXML: String? {
    guard let description else { return nil }
    let start = description.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    let isOME =
      start.hasPrefix("<OME")
      || (start.hasPrefix("<?xml") || start.hasPrefix("<!--")) && start.contains("<OME")
    return isOME ? String(start) : nil
  }

  /// The lengths of the array that tifffile wrote, and whether only its first page has a header.
  var tifffileArray: (shape: [Int], isTruncated: Bool)? {
    guard let description, description.hasPrefix("{"), description.utf8.count < 1 << 16,
      case .object(let members) = try? JSONValue(parsing: Array(description.utf8)),
      case .array(let lengths) = members["shape"]
    else { return nil }
    let shape = lengths.compactMap(\.int)
    guard shape.count == lengths.count, shape.allSatisfy({ $0 > 0 }) else { return nil }
    let marks = [members["truncated"], members["truncate"]]
    return (shape, marks.contains(.bool(true)))
  }

  /// The voxel size, where ImageJ wrote all three lengths.
  var imageJVoxelSize: VoxelSize? {
    guard let values = imageJ, let x = pixelsPerUnitX, let y = pixelsPerUnitY, x > 0, y > 0,
      let spacing = values["spacing"].flatMap({ Double($0) }),
      let unit = values["unit"]
    else { return nil }
    var size = VoxelSize(
      z: abs(spacing), y: TIFFRemarks.rounded(1 / y), x: TIFFRemarks.rounded(1 / x))
    if let named = TIFFRemarks.unit(named: unit) {
      size.unit = named
    } else if let scale = TIFFRemarks.nanometers(ofUnit: unit) {
      size = VoxelSize(z: size.z * scale, y: size.y * scale, x: size.x * scale)
    } else {
      return nil
    }
    return size.isValid ? size : nil
  }

  /// A length from single-precision tags, without the digits that single precision invents.
  static func rounded(_ length: Double) -> Double {
    guard length > 0, length.isFinite else { return length }
    var scale = 1.0
    while length * scale < 1e5, scale < 1e60 { scale *= 10 }
    let short = (length * scale).rounded() / scale
    return abs(short - length) < length * 1e-6 ? short : length
  }

  /// The nanometres of a unit, by the names that ImageJ and OME use.
  static func nanometers(ofUnit name: Substring) -> Double? {
    if let unit = unit(named: name) { return unit.nanometers }
    return switch name.lowercased() {
    case "in", "inch", "inches", "\"": 25_400_000
    case "pm", "picometer": 1e-3
    case "thou", "mil": 25_400
    case "ft", "foot": 304_800_000
    default: nil
    }
  }

  private static func unit(named name: Substring) -> LengthUnit? {
    switch name.lowercased() {
    case "nm", "nanometer", "nanometers", "nanometre": .nanometer
    case "µm", "μm", "um", "micron", "microns", "micrometer", "micrometers", "micrometre",
      "\\u00b5m", "\\u03bcm":
      .micrometer
    case "mm", "millimeter", "millimetre": .millimeter
    case "cm", "centimeter", "centimetre": .centimeter
    case "m", "meter", "metre": .meter
    case "å", "angstrom", "\\u00c5", "\\u212b": .angstrom
    default: nil
    }
  }
}
