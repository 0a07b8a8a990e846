import CommandLineInterface
import Evaluation
import Synchronization
import VolumeStore
import Voxels

/// A segmentation and true labels of the same tissue, to be compared voxel by voxel.
struct LabelComparison {
  private let segmentation: any VolumeReader
  private let truth: any VolumeReader
  /// What both cover, in the segmentation's voxels.
  let region: VoxelBox
  /// The segmentation's voxel at which the truth starts.
  private let shift: VoxelExtent
  /// Where voxels count, in the segmentation's voxels.
  var mask: MaskVolume?
  /// What is left out at the borders of true objects.
  var border: BorderMask?

  /// Puts two label volumes beside each other.
  ///
  /// - Parameters:
  ///   - segmentation: The segments.
  ///   - truth: The objects, of the same voxel size.
  ///   - part: What to compare, in the segmentation's voxels; nil compares all that both cover.
  /// - Throws: ``VolumeError`` where one holds no labels or they do not overlap.
  init(
    of segmentation: any VolumeReader, with truth: any VolumeReader, part: VoxelBox? = nil
  ) throws {
    for reader in [truth, segmentation] { try LabelAlignment.checkLabels(reader) }
    let overlap = try Self.overlap(of: segmentation, with: truth)
    region = part ?? overlap.shared
    guard overlap.shared.contains(region) else {
      throw UsageError(
        "--region", "the region reaches beyond what both volumes cover",
        found: region.rangesText, expected: "a part of \(overlap.shared.rangesText)")
    }
    self.segmentation = segmentation
    self.truth = truth
    shift = overlap.shift
  }

  /// What two volumes both cover, in the first one's voxels, and where the second starts in it.
  ///
  /// - Throws: ``VolumeError`` where that is nothing, or their voxel sizes differ.
  static func overlap(
    of base: any VolumeReader, with other: any VolumeReader
  ) throws(VolumeError) -> (shared: VoxelBox, shift: VoxelExtent) {
    let shift = try LabelAlignment.shift(of: other, within: base)
    let covered = VoxelBox(origin: .zero + shift, extent: other.metadata.extent)
    let shared = covered.intersection(base.metadata.box)
    guard !shared.isEmpty else {
      throw VolumeError(
        .unsupportedFeature, path: other.path, "the volumes do not overlap",
        found: "an offset of \(shift.text) voxels", remedy: "correct the offset of one of them")
    }
    return (shared, shift)
  }

  /// Whether a part of one of the volumes is left out.
  var isPartial: Bool {
    region.extent != segmentation.metadata.extent || region.extent != truth.metadata.extent
  }

  /// The size of a voxel, where one of the volumes states it.
  var voxelSize: VoxelSize? {
    segmentation.metadata.voxelSize ?? truth.metadata.voxelSize
  }

  /// Where the centre of a voxel of the segmentation lies, in nanometres.
  func place(of voxel: VoxelPosition) -> PhysicalPosition? {
    guard let size = voxelSize else { return nil }
    let (length, unit) = (size.converted(to: .nanometer), size.unit.nanometers)
    let offset = segmentation.metadata.offset
    return PhysicalPosition(
      z: offset.z * unit + Double(voxel.z) * length.z,
      y: offset.y * unit + Double(voxel.y) * length.y,
      x: offset.x * unit + Double(voxel.x) * length.x)
  }

  /// Counts the overlaps in one pass, on all threads and within the memory.
  ///
  /// - Throws: ``VolumeError`` with `limitExceeded` where the overlaps alone take more than half of
  ///   the memory; what reading throws.
  func table(_ runner: StageRunner) throws -> ContingencyTable {
    let view = VolumeView(segmentation, box: region)
    let tableBytes = runner.options.memory.bytes / 2
    let other = truth.readingMemory
    let walk = VolumeWalk(
      reader: view, runner: runner, label: "evaluate",
      // Both as labels of 64 bits, moved, the truth once more where its borders are looked at.
      bytesPerVoxel: other.perVoxel + 2 * 16 + (mask == nil ? 0 : 2) + (border == nil ? 0 : 24),
      bytesPerBlock: other.perRead + Self.blockTableBytes, sharedBytes: other.held + tableBytes)
    let shared = Mutex(ContingencyTable())
    let isNegative = Atomic(false)
    @Sendable func merge(_ table: ContingencyTable) throws {
      let count = shared.withLock { found in
        found.merge(table)
        return found.count
      }
      guard count * ContingencyTable.bytesPerOverlap <= tableBytes else {
        throw VolumeError(
          .limitExceeded, path: segmentation.path,
          "more pairs of labels overlap than the memory holds",
          found: "\(count) pairs, of \(ContingencyTable.bytesPerOverlap) bytes each",
          expected: "at most \(ByteCount(tableBytes)), half of --memory",
          remedy: "raise --memory, or compare a --region")
      }
    }
    _ = try walk.results { box in
      let here = VoxelBox(origin: region.origin + (box.origin - .zero), extent: box.extent)
      let segments = try labels(of: segmentation, here, isNegative)
      let (objects, counted) = try trueLabels(here, isNegative)
      var table = ContingencyTable()
      for plane in 0..<here.extent.z {
        table.add(segmentation: segments, truth: objects, mask: counted, planes: plane..<plane + 1)
        if table.count > Self.blockOverlaps {
          try merge(table)
          table = ContingencyTable()
        }
      }
      try merge(table)
    }
    if isNegative.load(ordering: .relaxed) {
      runner.context.warn("labels below 0 are taken for background")
    }
    return shared.withLock { $0 }
  }

  /// A block's own table is handed over when it has more overlaps than this.
  private static let blockOverlaps = 1 << 16
  private static let blockTableBytes = 4 * blockOverlaps * 64

  /// The true labels in a box of the segmentation, and which of them count.
  private func trueLabels(
    _ box: VoxelBox, _ isNegative: borrowing Atomic<Bool>
  ) throws -> (labels: Volume<UInt64>, counted: Volume<UInt8>?) {
    let marks = try mask?.fullMarks(over: box)
    guard let border else {
      return (try truth(box, isNegative), marks)
    }
    let whole = VoxelBox(origin: .zero + shift, extent: truth.metadata.extent)
    let near = try truth(box.grown(by: border.halo).intersection(whole), isNegative)
    var counted = border.counted(labels: near, box: box)
    if let marks {
      let inside = marks.span
      var values = counted.mutableSpan
      for index in values.indices where inside[index] == 0 { values[index] = 0 }
    }
    return (near.cropped(to: box), counted)
  }

  private func truth(
    _ box: VoxelBox, _ isNegative: borrowing Atomic<Bool>
  ) throws -> Volume<UInt64> {
    let there = VoxelBox(origin: box.origin - shift, extent: box.extent)
    return try labels(of: truth, there, isNegative).moved(to: box.origin)
  }

  /// Reads labels; those below 0 become 0, and are reported.
  private func labels(
    of reader: any VolumeReader, _ box: VoxelBox, _ isNegative: borrowing Atomic<Bool>
  ) throws -> Volume<UInt64> {
    func signedLabels<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> Volume<UInt64> {
      let volume = try reader.read(box, as: type)
      let span = volume.span
      for index in span.indices where span[index] < .zero {
        isNegative.store(true, ordering: .relaxed)
        break
      }
      return volume.converted(to: UInt64.self)
    }
    guard !reader.metadata.dataType.rawValue.hasPrefix("u") else {
      return try reader.readConverting(box, to: UInt64.self)
    }
    return try signedLabels(reader.metadata.dataType.scalarType)
  }
}
