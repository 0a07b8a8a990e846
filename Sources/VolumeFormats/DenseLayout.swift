import VolumeStore
import Voxels

/// Where the values of a volume lie that is stored in one piece, axis within axis.
struct DenseLayout: Hashable, Sendable {
  /// The axes, slowest first.
  let axes: VolumeAxes
  /// Their lengths.
  let lengths: [Int]
  /// The type of one value as it is stored.
  let dataType: DataType
  /// Whether the bytes of a value start with the highest.
  let isBigEndian: Bool

  /// Creates a layout.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where a length is not above zero,
  ///   `limitExceeded` where the volume's size cannot be counted.
  init(
    axes: VolumeAxes, lengths: [Int], dataType: DataType, isBigEndian: Bool, path: String
  ) throws(VolumeError) {
    precondition(axes.order.count == lengths.count, "every axis has a length")
    guard lengths.allSatisfy({ $0 > 0 }) else {
      throw VolumeError(
        .malformedMetadata, path: path, "an axis has no voxels", found: lengths.sizesText,
        expected: "lengths above zero", remedy: "write the file again")
    }
    guard lengths.allSatisfy({ $0 <= Limits.standard.maximalLength }),
      checkedProduct(lengths + [dataType.byteCount]) != nil
    else {
      throw VolumeError(
        .limitExceeded, path: path, "the volume is too large", found: lengths.sizesText,
        remedy: "check that the file was copied whole")
    }
    self.axes = axes
    self.lengths = lengths
    self.dataType = dataType
    self.isBigEndian = isBigEndian
  }

  /// An axis's length, 1 where it is not there.
  func length(_ axis: VolumeAxis) -> Int {
    axes.order.firstIndex(of: axis).map { lengths[$0] } ?? 1
  }

  /// The number of bytes of all values.
  var byteCount: Int { lengths.reduce(dataType.byteCount, *) }

  /// Whether stored values have to be turned round to be read here.
  var isSwapped: Bool { isBigEndian && dataType.byteCount > 1 }

  /// The size in voxels.
  var extent: VoxelExtent { VoxelExtent(z: length(.z), y: length(.y), x: length(.x)) }

  /// What a reader says of a volume so stored.
  func metadata(
    dataType: DataType? = nil, voxelSize: VoxelSize?, offset: PhysicalPosition = .zero
  ) -> VolumeMetadata {
    let extent = extent
    let order = axes.order.filter { [.z, .y, .x].contains($0) }
    let section = VoxelExtent(z: 1, y: extent.y, x: extent.x)
    let cube = VoxelExtent(z: min(64, extent.z), y: min(64, extent.y), x: min(64, extent.x))
    return VolumeMetadata(
      extent: extent, channels: length(.channel) * length(.time), timePoints: length(.time),
      axes: axes, dataType: dataType ?? self.dataType, voxelSize: voxelSize, offset: offset,
      storageUnit: order.first == .z || !axes.contains(.z) ? section : cube)
  }

  /// The axes of a region, slowest first, each with its strides where it is stored and where it is
  /// read to.
  func steps(of box: VoxelBox) -> (start: Int, steps: [DenseStep]) {
    let extent = box.extent
    let plane = extent.y * extent.x
    var stride = 1
    var start = 0
    var steps: [DenseStep] = []
    for (axis, length) in zip(axes.order, lengths).reversed() {
      let (first, count, target) =
        switch axis {
        case .x: (box.origin.x, extent.x, 1)
        case .y: (box.origin.y, extent.y, extent.x)
        case .z: (box.origin.z, extent.z, plane)
        case .channel: (0, length, plane * extent.z)
        case .time: (0, length, plane * extent.z * self.length(.channel))
        }
      start += first * stride
      let step = DenseStep(count: count, source: stride, target: target)
      stride *= length
      guard count > 1 else { continue }
      // What follows on without a gap on both sides is one longer run.
      if let last = steps.last, last.source * last.count == step.source,
        last.target * last.count == step.target
      {
        steps[steps.count - 1].count *= count
      } else {
        steps.append(step)
      }
    }
    return (start, steps.reversed())
  }
}

/// One axis of a region that is copied: how many, and how far apart on either side, in values.
struct DenseStep: Hashable, Sendable {
  var count: Int
  var source: Int
  var target: Int
}

extension [Int] {
  /// Lengths as `a × b × c`.
  var sizesText: String { map { String($0) }.joined(separator: " × ") }
}
