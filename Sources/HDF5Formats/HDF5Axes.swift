import Codecs
import VolumeStore
import Voxels

/// What each axis of a dataset stands for.
struct HDF5Axes: Sendable {
  /// The dataset's axes of the volume's, or nil for an axis of length one that stands for none.
  enum Axis: Sendable {
    case channel, z, y, x, single
  }

  let axes: [Axis]
  let lengths: [Int]

  /// The longest axis that is taken for channels without being told.
  private static let mostChannels = 16

  /// Tells the axes from `axistags` or `axis_order`, or else from their number and lengths.
  ///
  /// - Parameters:
  ///   - lengths: The axes' lengths.
  ///   - names: Their names, where the file tells them.
  ///   - dataset: The dataset's path, for messages.
  ///   - path: The file's path, for messages.
  ///   - notes: Gets what was assumed.
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where they are no volume's.
  init(
    lengths: [Int], names: [String]?, dataset: String, path: String, notes: inout [String]
  ) throws(VolumeError) {
    self.lengths = lengths
    guard (3...5).contains(lengths.count), lengths.allSatisfy({ $0 > 0 && $0 < 1 << 48 }) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "dataset \(dataset) is not a volume",
        found: lengths.isEmpty ? "no axes" : lengths.sizesDescription,
        expected: "3 axes (z, y, x) or 4 (channel, z, y, x)",
        remedy: "name another dataset by --dataset")
    }
    if let names, names.count == lengths.count {
      axes = try HDF5Axes.named(names, lengths: lengths, dataset: dataset, path: path)
    } else {
      axes = try HDF5Axes.guessed(lengths, dataset: dataset, path: path, notes: &notes)
    }
  }

  private static func named(
    _ names: [String], lengths: [Int], dataset: String, path: String
  ) throws(VolumeError) -> [Axis] {
    var axes: [Axis] = []
    for (name, length) in zip(names, lengths) {
      switch name.lowercased() {
      case "z": axes.append(.z)
      case "y": axes.append(.y)
      case "x": axes.append(.x)
      case "c" where length > 1: axes.append(.channel)
      default: axes.append(.single)
      }
    }
    let order = zip(axes, lengths).filter { $0.0 != .single && $0.0 != .channel }.map(\.0)
    let others = zip(axes, lengths).filter { $0.0 == .single && $0.1 > 1 }
    guard order == [.z, .y, .x], others.isEmpty, axes.count(where: { $0 == .channel }) <= 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "dataset \(dataset) has another order of axes",
        found: "\(names.joined()) (\(lengths.sizesDescription))",
        expected: "z before y before x, and at most a channel axis",
        remedy: "export it again with the axes in the order zyx, czyx or zyxc")
    }
    return axes
  }

  private static func guessed(
    _ lengths: [Int], dataset: String, path: String, notes: inout [String]
  ) throws(VolumeError) -> [Axis] {
    var axes: [Axis] = []
    var rest = lengths
    while rest.count > 3, rest[0] == 1 {
      axes.append(.single)
      rest.removeFirst()
    }
    switch rest.count {
    case 3:
      axes += [.z, .y, .x]
      notes.append("\(dataset): axes taken as z, y, x")
    case 4 where rest[3] == 1:
      axes += [.z, .y, .x, .single]
      notes.append("\(dataset): axes taken as z, y, x, and one of length 1")
    case 4 where rest[0] <= mostChannels:
      axes += [.channel, .z, .y, .x]
      notes.append("\(dataset): axes taken as channel, z, y, x")
    default:
      throw VolumeError(
        .unsupportedFeature, path: path, "the axes of dataset \(dataset) cannot be told",
        found: lengths.sizesDescription,
        expected: "z, y, x, or channel, z, y, x with at most \(mostChannels) channels",
        remedy: "write their names into an attribute axistags or axis_order, such as zyxc")
    }
    return axes
  }

  /// The axis names in an ilastik `axistags` attribute.
  ///
  /// Source: VIGRA `AxisTags::toJSON`.
  static func names(axistags: String) -> [String]? {
    guard let value = try? JSONValue(parsing: Array(axistags.utf8)),
      let axes = value.object?["axes"]?.array
    else { return nil }
    let names = axes.compactMap { $0.object?["key"]?.string }
    return names.count == axes.count ? names : nil
  }

  private func length(_ axis: Axis) -> Int {
    axes.firstIndex { $0 == axis }.map { lengths[$0] } ?? 1
  }

  /// The volume's size in voxels.
  var extent: VoxelExtent { VoxelExtent(z: length(.z), y: length(.y), x: length(.x)) }

  /// The number of channels.
  var channels: Int { length(.channel) }

  /// Whether the channels vary fastest, or between space axes, and have to be taken apart.
  var hasInnerChannels: Bool {
    guard let channel = axes.firstIndex(of: .channel), let z = axes.firstIndex(of: .z) else {
      return false
    }
    return channel > z
  }

  /// The values along each of the dataset's axes for those along the volume's.
  func perAxis(channel: Int, z: Int, y: Int, x: Int, single: Int) -> [Int] {
    axes.map { axis in
      switch axis {
      case .channel: channel
      case .z: z
      case .y: y
      case .x: x
      case .single: single
      }
    }
  }

  /// The spatial part of lengths along the dataset's axes.
  func extent(of lengths: [Int]) -> VoxelExtent {
    var extent = VoxelExtent(cube: 1)
    for (axis, length) in zip(axes, lengths) {
      switch axis {
      case .z: extent.z = length
      case .y: extent.y = length
      case .x: extent.x = length
      case .channel, .single: break
      }
    }
    return extent
  }
}
