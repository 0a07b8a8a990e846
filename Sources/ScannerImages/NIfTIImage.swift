import VolumeStore
import Voxels

extension NIfTIHeader {
  /// The header with its numbers as they are stored, not as the shortest decimals that stand for
  /// them, so that positions equal those of programs that compute with the stored ones.
  var unrounded: NIfTIHeader {
    guard version == 1 else { return self }
    func stored(_ value: Double) -> Double { Double(Float(value)) }
    var header = self
    header.distances = distances.map(stored)
    header.quaternion = quaternion.map(stored)
    header.quaternionOffset = quaternionOffset.map(stored)
    header.affineRows = affineRows.map { $0.map(stored) }
    header.slope = stored(slope)
    header.intercept = stored(intercept)
    return header
  }
}

extension ScannerImageHeader {
  /// The description of a NIfTI file, and where its values are.
  ///
  /// The affine method comes before that of quaternions; an image without either lies around the
  /// scanner's centre along the axes.
  static func nifti(_ path: String) throws(VolumeError) -> (Self, StoredValues) {
    let headerPath = try NIfTIHeader.headerPath(of: path) ?? path
    let header = try NIfTIHeader(ofFile: headerPath).unrounded
    let type = try header.dataType(path: headerPath)
    guard header.lengths.allSatisfy({ $0 > 0 }) else {
      throw VolumeError(
        .malformedMetadata, path: headerPath, "an axis has no voxels",
        found: header.lengths.sizes, expected: "lengths above zero",
        remedy: "write the file again")
    }
    var lengths = header.lengths
    while lengths.count > 3, lengths.last == 1 { lengths.removeLast() }
    lengths += [Int](repeating: 1, count: max(0, 3 - lengths.count))
    var notes: [String] = []
    let transform = try header.transform(lengths: lengths, path: headerPath, &notes)
    let unit = header.units & 7
    if unit == 1 || unit == 3 {
      notes.append("the header gives lengths in \(unit == 1 ? "m" : "µm"); they are taken as mm")
    }
    let isScaled =
      header.slope.isFinite && header.slope != 0 && (header.slope, header.intercept) != (1, 0)
    var description = ScannerImageHeader(
      format: "NIfTI-\(header.version)",
      extent: VoxelExtent(z: lengths[2], y: lengths[1], x: lengths[0]),
      furtherLengths: Array(lengths.dropFirst(3)), transform: transform,
      valueType: .number(type),
      scaling: isScaled ? Scaling(slope: header.slope, intercept: header.intercept) : nil,
      gradients: nil,
      properties: header.note.isEmpty ? [] : [Property(key: "description", value: header.note)],
      notes: notes, layout: ImageLayout(lengths: lengths))
    if header.distances.count >= 3 {
      description.statedSpacing = SIMD3(
        abs(header.distances[0]), abs(header.distances[1]), abs(header.distances[2]))
    }
    let values = try StoredValues(
      header.isSingleFile ? headerPath : NIfTIHeader.imagePath(of: headerPath),
      from: header.valueOffset, description: description, isBigEndian: header.isBigEndian)
    return (description, values)
  }
}

extension NIfTIHeader {
  /// The transform that counts, and a note where the two do not agree.
  fileprivate func transform(
    lengths: [Int], path: String, _ notes: inout [String]
  ) throws(VolumeError) -> ScannerTransform {
    let extent = Array(lengths.prefix(3))
    let stored = storedAffine.map { ScannerTransform(rows: $0) }
    let turned = quaternionAffine.map { ScannerTransform(rows: $0) }
    if let stored, let turned {
      let distance = stored.largestDistance(to: turned, over: extent)
      if distance.isFinite, distance > 0.1 * stored.spacing.min() {
        notes.append(
          "the header's two transforms (sform and qform) place a corner of the image "
            + "\(distance.rounded(toPlaces: 2)) mm apart; the sform is used")
      }
    }
    guard let transform = stored ?? turned else {
      let steps = (0..<3).map {
        $0 < distances.count && distances[$0] != 0 ? abs(distances[$0]) : 1
      }
      notes.append("the header does not say how the image lies; it is centred on the scanner")
      return ScannerTransform(spacing: SIMD3(steps[0], steps[1], steps[2]), centring: extent)
    }
    guard transform.rows.joined().allSatisfy(\.isFinite), transform.inverse != nil else {
      throw VolumeError(
        .malformedMetadata, path: path, "the transform to scanner coordinates is singular",
        found: "\(transform.rows)", expected: "three independent axes",
        remedy: "set the header's sform and qform again")
    }
    return transform
  }
}

extension ScannerTransform {
  /// The axis-aligned transform of an image whose middle is the scanner's centre.
  init(spacing: SIMD3<Double>, centring lengths: [Int]) {
    self.init(
      rows: (0..<3).map { axis in
        var row = [0.0, 0, 0, -0.5 * Double(lengths[axis] - 1) * spacing[axis]]
        row[axis] = spacing[axis]
        return row
      })
  }

  /// The largest distance in mm between the places that two transforms give a corner of an image.
  func largestDistance(to other: ScannerTransform, over lengths: [Int]) -> Double {
    var largest = 0.0
    for corner in 0..<8 {
      let index = SIMD3(
        Double(corner & 1 == 0 ? 0 : lengths[0] - 1), Double(corner & 2 == 0 ? 0 : lengths[1] - 1),
        Double(corner & 4 == 0 ? 0 : lengths[2] - 1))
      let difference = apply(index) - other.apply(index)
      largest = max(largest, (difference * difference).sum().squareRoot())
    }
    return largest
  }
}

extension Double {
  /// The number with that many decimals.
  func rounded(toPlaces places: Int) -> Double {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    return (self * scale).rounded() / scale
  }
}

extension [Int] {
  /// The lengths as `5 × 4 × 3`.
  package var sizes: String { map(String.init).joined(separator: " × ") }
}
