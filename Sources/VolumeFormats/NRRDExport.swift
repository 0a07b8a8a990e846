public import VolumeStore
import Voxels

/// Writes NRRD files with the values in them: labels compressed by gzip, images as they are.
public enum NRRDExport: VolumeExport {
  /// Shown to users.
  public static let name = "NRRD"
  /// `.nrrd`.
  public static let fileEndings = [".nrrd"]

  /// Creates the file.
  public static func create(_ request: ExportRequest) throws(VolumeError) -> any VolumeSink {
    try request.refuseHalfPrecision(for: name)
    let header = header(of: request.metadata, encoding: request.isLabels ? "gzip" : "raw")
    return request.isLabels
      ? try GzipSink(request, plain: header) : try DenseSink(request, header: header)
  }

  private static func header(of metadata: VolumeMetadata, encoding: String) -> [UInt8] {
    let extent = metadata.extent
    let (channels, times) = (metadata.channels / metadata.timePoints, metadata.timePoints)
    var lengths = [extent.x, extent.y, extent.z]
    var kinds = ["domain", "domain", "domain"]
    if channels > 1 {
      lengths.append(channels)
      kinds.append("list")
    }
    if times > 1 {
      lengths.append(times)
      kinds.append("time")
    }
    let others = lengths.count - 3
    let type =
      switch metadata.dataType {
      case .float32: "float"
      case .float64: "double"
      case .float16, .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64:
        metadata.dataType.rawValue
      }
    var lines = [
      "NRRD0005", "# Complete NRRD file format specification at:",
      "# http://teem.sourceforge.net/nrrd/format.html", "type: \(type)",
      "dimension: \(lengths.count)",
    ]
    if let size = metadata.voxelSize {
      let unit =
        switch size.unit {
        case .angstrom: "angstrom"
        case .nanometer: "nm"
        case .micrometer: "um"
        case .millimeter: "mm"
        case .centimeter: "cm"
        case .meter: "m"
        }
      let place = metadata.offset
      let none = [String](repeating: "none", count: others)
      let directions = ["(\(size.x),0,0)", "(0,\(size.y),0)", "(0,0,\(size.z))"] + none
      lines += [
        "space dimension: 3", "sizes: \(lengths.map { "\($0)" }.joined(separator: " "))",
        "space directions: \(directions.joined(separator: " "))",
        "space units: \"\(unit)\" \"\(unit)\" \"\(unit)\"",
        "space origin: (\(place.x),\(place.y),\(place.z))",
      ]
    } else {
      lines.append("sizes: \(lengths.map { "\($0)" }.joined(separator: " "))")
    }
    lines.append("kinds: \(kinds.joined(separator: " "))")
    if metadata.dataType.byteCount > 1 { lines.append("endian: little") }
    lines += ["encoding: \(encoding)", "", ""]
    return Array(lines.joined(separator: "\n").utf8)
  }
}
