import VolumeStore
import Voxels

/// Labels of a volume at the centres of another volume's voxels, whatever the voxel sizes.
struct AlignedLabels {
  private let reader: any VolumeReader
  /// Where the other volume's first voxel lies in voxels of the labels, and how far apart its
  /// voxels are there, along z, y and x.
  private let start: [Double], step: [Double]

  /// Puts labels beside another volume.
  ///
  /// - Throws: ``VolumeError`` where the volume holds no labels, one does not state its voxel size,
  ///   or they do not overlap.
  init(_ reader: any VolumeReader, along base: any VolumeReader) throws(VolumeError) {
    try LabelAlignment.checkLabels(reader)
    let (near, far) = (base.metadata, reader.metadata)
    guard let size = near.voxelSize, let other = far.voxelSize else {
      throw VolumeError(
        .malformedMetadata, path: near.voxelSize == nil ? base.path : reader.path,
        "the volume does not state its voxel size", expected: "one, to lay volumes over each other",
        remedy: "import it with --voxel-size")
    }
    let (length, unit) = (size.converted(to: .nanometer), size.unit.nanometers)
    let (otherLength, otherUnit) = (other.converted(to: .nanometer), other.unit.nanometers)
    let lengths = [length.z, length.y, length.x]
    let otherLengths = [otherLength.z, otherLength.y, otherLength.x]
    let offsets = [near.offset.z, near.offset.y, near.offset.x].map { $0 * unit }
    let otherOffsets = [far.offset.z, far.offset.y, far.offset.x].map { $0 * otherUnit }
    self.reader = reader
    step = zip(lengths, otherLengths).map { $0 / $1 }
    start = (0..<3).map { (offsets[$0] - otherOffsets[$0]) / otherLengths[$0] }
    let overlap = (0..<3).allSatisfy { axis in
      let count = [near.extent.z, near.extent.y, near.extent.x][axis]
      return !voxels(axis, 0..<count).allSatisfy { $0 == nil }
    }
    guard overlap else {
      throw VolumeError(
        .unsupportedFeature, path: reader.path, "the segmentation lies elsewhere",
        found: "\(far.extent.text) voxels of \(other.text) nm",
        expected: "a part of \(near.extent.text) voxels of \(size.text) nm, as in \(base.path)",
        remedy: "correct the voxel size or the offset of one of them")
    }
  }

  /// The labels' voxels under a range of the other volume's, along an axis; nil outside.
  private func voxels(_ axis: Int, _ range: Range<Int>) -> [Int?] {
    let extent = reader.metadata.extent
    let count = [extent.z, extent.y, extent.x][axis]
    return range.map { index in
      // Half a voxel up, so that a centre between two voxels belongs to the later one.
      let voxel = (start[axis] + Double(index) * step[axis] + 0.5).rounded(.down)
      return voxel >= 0 && voxel < Double(count) ? Int(voxel) : nil
    }
  }

  /// The labels at the centres of a box's voxels; 0 outside.
  func read(_ box: VoxelBox) throws -> Volume<UInt64> {
    let places = [
      voxels(0, box.origin.z..<box.end.z), voxels(1, box.origin.y..<box.end.y),
      voxels(2, box.origin.x..<box.end.x),
    ]
    var result = Volume<UInt64>(box: box)
    let bounds = places.map { list in
      let inside = list.compactMap { $0 }
      return inside.first.map { $0..<((inside.last ?? $0) + 1) }
    }
    guard let z = bounds[0], let y = bounds[1], let x = bounds[2] else { return result }
    let part = VoxelBox(
      from: VoxelPosition(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
      to: VoxelPosition(z: z.upperBound, y: y.upperBound, x: x.upperBound))
    let labels = try reader.readConverting(part, to: UInt64.self)
    for (row, sourceZ) in places[0].enumerated() {
      guard let sourceZ else { continue }
      for (line, sourceY) in places[1].enumerated() {
        guard let sourceY else { continue }
        let source = labels.row(z: sourceZ - z.lowerBound, y: sourceY - y.lowerBound)
        var target = result.mutableRow(z: row, y: line)
        for (place, sourceX) in places[2].enumerated() {
          if let sourceX { target[place] = source[sourceX - x.lowerBound] }
        }
      }
    }
    return result
  }
}
