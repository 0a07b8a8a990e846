public import ScannerImages
public import VolumeStore
import Voxels

/// NIfTI-1 and NIfTI-2 files: `.nii`, `.nii.gz`, and pairs of `.hdr` and `.img`.
///
/// Voxels are read in the order in which they are stored; a transform that turns them is noted.
public enum NIfTIFormat: VolumeFormat {
  /// Shown to users.
  public static let name = "NIfTI"

  /// Whether the name or the first bytes are a NIfTI file's.
  public static func recognises(_ source: VolumeSource) throws(VolumeError) -> Bool {
    guard let status = try FileStatus(source.path), status.isRegularFile else { return false }
    let name = source.path.lowercased()
    if [".nii", ".nii.gz"].contains(where: { name.hasSuffix($0) }) { return true }
    guard let path = try NIfTIHeader.headerPath(of: source.path) else { return false }
    let bytes = try NIfTIHeader.firstBytes(of: path)
    guard let (version, _) = NIfTIHeader.recognise(bytes), bytes.count >= 348 else { return false }
    let magic = version == 1 ? bytes[344..<347] : bytes[4..<7]
    return magic.first == UInt8(ascii: "n") || path != source.path || NIfTIHeader.isHeaderName(path)
  }

  /// Reads the header of a file.
  ///
  /// - Throws: ``VolumeError`` with `notFound`, or `malformedMetadata` where it is not sound.
  public static func header(of path: String) throws(VolumeError) -> NIfTIHeader {
    try NIfTIHeader(ofFile: path)
  }

  /// Opens a file, or the pair that it is one of.
  public static func open(_ source: VolumeSource) throws(VolumeError) -> OpenedVolume {
    let headerPath = try NIfTIHeader.headerPath(of: source.path) ?? source.path
    let header = try header(of: headerPath)
    var notes: [String] = []
    let type = try header.dataType(path: headerPath)
    let (axes, lengths) = try header.axes(stated: source.stated.axes, path: headerPath)
    let layout = try DenseLayout(
      axes: axes, lengths: lengths, dataType: type, isBigEndian: header.isBigEndian,
      path: headerPath)
    let (end, overflows) = layout.byteCount.addingReportingOverflow(header.valueOffset)
    guard !overflows else {
      throw VolumeError(
        .limitExceeded, path: headerPath, "the volume is too large", found: lengths.sizesText,
        remedy: "check that the file was copied whole")
    }
    let valuePath =
      header.isSingleFile ? headerPath : try NIfTIHeader.imagePath(of: headerPath)
    let bytes: any ByteSource =
      try SeekableGzip.recognises(valuePath)
      ? SeekableGzip(valuePath, expecting: end) : FileBytes(valuePath)
    if let byteCount = bytes.byteCount, byteCount > end {
      notes.append("\(byteCount - end) bytes after the last value are not read")
    }
    let scaling = header.scaling
    if let scaling {
      notes.append(
        "the values are scaled by \(scaling.slope) and moved by \(scaling.intercept), as the file "
          + "says (scl_slope, scl_inter), and read as "
          + DenseVolume.Scaling.dataType(of: type).rawValue)
    }
    let (voxelSize, offset) = header.place(&notes)
    let metadata = layout.metadata(
      dataType: scaling.map { _ in DenseVolume.Scaling.dataType(of: type) },
      voxelSize: voxelSize, offset: offset)
    let volume = try DenseVolume(
      source.path, bytes: PartialBytes(whole: bytes, start: header.valueOffset), layout: layout,
      metadata: metadata, scaling: scaling)
    return OpenedVolume(reader: volume, formatName: "\(name)-\(header.version)", notes: notes)
  }
}

extension NIfTIHeader {
  /// The scaling of the values, where it changes any.
  var scaling: DenseVolume.Scaling? {
    guard slope.isFinite, slope != 0, (slope, intercept) != (1, 0) else { return nil }
    return DenseVolume.Scaling(slope: slope, intercept: intercept)
  }

  /// The axes, slowest first, and their lengths.
  func axes(stated: VolumeAxes?, path: String) throws(VolumeError) -> (VolumeAxes, [Int]) {
    guard lengths.allSatisfy({ $0 > 0 }) else {
      throw VolumeError(
        .malformedMetadata, path: path, "an axis has no voxels", found: lengths.sizesText,
        expected: "lengths above zero", remedy: "write the file again")
    }
    var lengths = lengths
    while lengths.count > max(stated?.order.count ?? 2, 2), lengths.last == 1 {
      lengths.removeLast()
    }
    if let stated {
      return try statedAxes(stated, lengths: lengths.reversed(), path: path)
    }
    if lengths.count < 3 { lengths += [Int](repeating: 1, count: 3 - lengths.count) }
    guard lengths.count <= 5 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the volume has more than five axes",
        found: lengths.sizesText, expected: "x, y, z, time and channel",
        remedy: "take one volume out of it with the program that wrote it")
    }
    var axes: [VolumeAxis] = [.x, .y, .z, .time, .channel]
    if lengths.count == 5, lengths[3] == 1 {
      lengths.remove(at: 3)
      axes.remove(at: 3)
    }
    guard let order = VolumeAxes(axes.prefix(lengths.count).reversed()) else {
      preconditionFailure("x and y are among them")
    }
    return (order, lengths.reversed())
  }

  /// The voxel size and the place of the first voxel in nanometres, as far as the file states them.
  func place(_ notes: inout [String]) -> (VoxelSize?, PhysicalPosition) {
    let steps = (0..<3).map { $0 < distances.count ? abs(distances[$0]) : 1 }
    let unit: LengthUnit? =
      switch units & 7 {
      case 1: .meter
      case 2: .millimeter
      case 3: .micrometer
      default: nil
      }
    let size = VoxelSize(z: steps[2], y: steps[1], x: steps[0], unit: unit ?? .millimeter)
    guard let unit, size.isValid else {
      notes.append(
        "the file does not say the voxel size: distances of \(steps[2]), \(steps[1]), \(steps[0]) "
          + "along z, y, x, in no unit")
      return (nil, .zero)
    }
    guard let affine else { return (size.inNanometers, .zero) }
    let isAligned = (0..<3).allSatisfy { row in
      (0..<3).allSatisfy { column in
        row == column
          ? affine[row][row] > 0 : abs(affine[row][column]) <= 1e-4 * abs(affine[row][row])
      }
    }
    let first = affine.map { $0[3] }
    guard isAligned, first.allSatisfy(\.isFinite) else {
      notes.append(
        "the file turns or mirrors the volume in space; voxels are read in the order in which they "
          + "are stored, and the transform is left out")
      return (size.inNanometers, .zero)
    }
    return (
      size.inNanometers, PhysicalPosition(z: first[2], y: first[1], x: first[0]).inNanometers(unit)
    )
  }
}
