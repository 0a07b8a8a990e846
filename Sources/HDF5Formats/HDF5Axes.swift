import Codecs
import VolumeStore
import Voxels

/// What each axis of a dataset stands for.
struct HDF5Axes: Sendable {
  /// The dataset's axes, slowest first; nil for an axis of length one that stands for none.
  let axes: [VolumeAxis?]
  /// Their lengths.
  let lengths: [Int]

  /// The longest axis that is taken for channels without being told.
  private static let mostChannels = 16

  /// Tells the axes by what the user states, by the names in the file, or else by their number and
  /// lengths.
  ///
  /// - Parameters:
  ///   - lengths: The axes' lengths.
  ///   - stated: What the user states.
  ///   - names: Their names, where the file tells them.
  ///   - isMATLAB: Whether MATLAB wrote the file, whose axes are reversed.
  ///   - dataset: The dataset's path, for messages.
  ///   - path: The file's path, for messages.
  ///   - notes: Gets what was assumed.
  /// - Throws: ``VolumeError`` with `unsupportedFeature` where they are no volume's.
  init(
    lengths: [Int], stated: VolumeAxes?, names: [String]?, isMATLAB: Bool = false, dataset: String,
    path: String, notes: inout [String]
  ) throws(VolumeError) {
    self.lengths = lengths
    guard (1...5).contains(lengths.count), lengths.allSatisfy({ $0 > 0 && $0 < 1 << 48 }) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "dataset \(dataset) is not a volume",
        found: lengths.isEmpty ? "no axes" : lengths.sizesDescription,
        expected: "2 to 5 axes, of lengths above zero",
        remedy: "name another dataset by --dataset")
    }
    if let stated {
      guard stated.order.count == lengths.count else {
        throw VolumeError(
          .unsupportedFeature, path: path, "the axes stated are not those of dataset \(dataset)",
          found: lengths.sizesDescription, expected: "axes \(stated)",
          remedy: "state one letter for each of its \(lengths.count) axes by --axes")
      }
      axes = stated.order
    } else if let names, names.count == lengths.count {
      axes = try HDF5Axes.named(names, lengths: lengths, dataset: dataset, path: path)
    } else {
      axes = try HDF5Axes.guessed(
        lengths, isMATLAB: isMATLAB, dataset: dataset, path: path, notes: &notes)
    }
  }

  private static func named(
    _ names: [String], lengths: [Int], dataset: String, path: String
  ) throws(VolumeError) -> [VolumeAxis?] {
    var axes: [VolumeAxis?] = []
    var others: [String] = []
    for (name, length) in zip(names, lengths) {
      let axis = VolumeAxis(hdf5Name: name)
      if let axis, axis != .channel && axis != .time || length > 1 {
        axes.append(axis)
      } else {
        axes.append(nil)
        if axis == nil, length > 1 { others.append(name) }
      }
    }
    guard others.isEmpty, VolumeAxes(axes.compactMap { $0 }) != nil else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the axes of dataset \(dataset) are not a volume's",
        found: "\(names.joined(separator: ", ")) (\(lengths.sizesDescription))",
        expected: "t, c, z, y and x, each at most once, y and x among them",
        remedy: "state what they are by --axes, such as --axes zyx")
    }
    return axes
  }

  private static func guessed(
    _ lengths: [Int], isMATLAB: Bool, dataset: String, path: String, notes: inout [String]
  ) throws(VolumeError) -> [VolumeAxis?] {
    var axes: [VolumeAxis?] = []
    var rest = lengths
    while rest.count > 3, rest[0] == 1 {
      axes.append(nil)
      rest.removeFirst()
    }
    // MATLAB numbers (row, column, section), the row fastest.
    let space: [VolumeAxis?] = isMATLAB ? [.z, .x, .y] : [.z, .y, .x]
    let names = isMATLAB ? "z, x, y, as MATLAB writes (row, column, section)" : "z, y, x"
    switch rest.count {
    case 3:
      axes += space
      notes.append("\(dataset): axes taken as \(names)")
    case 4 where rest[3] == 1 && !isMATLAB:
      axes += space + [nil]
      notes.append("\(dataset): axes taken as \(names), and one of length 1")
    case 4 where rest[0] <= mostChannels:
      axes += [.channel] + space
      notes.append("\(dataset): axes taken as channel, \(names)")
    default:
      throw VolumeError(
        .unsupportedFeature, path: path, "the axes of dataset \(dataset) cannot be told",
        found: lengths.sizesDescription,
        expected: "z, y, x, or channel, z, y, x with at most \(mostChannels) channels",
        remedy: "state them by --axes, such as --axes \(suggestion(lengths.count))")
    }
    return axes
  }

  private static func suggestion(_ rank: Int) -> String {
    switch rank {
    case ...2: "yx"
    case 3: "zyx"
    case 4: "zyxc"
    default: "tzyxc"
    }
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

  /// The length of a volume's axis; one where the dataset has none.
  func length(_ axis: VolumeAxis) -> Int {
    axes.firstIndex { $0 == axis }.map { lengths[$0] } ?? 1
  }

  /// The volume's size in voxels.
  var extent: VoxelExtent { extent(of: lengths) }

  /// The axes that stand for something.
  var volumeAxes: VolumeAxes { VolumeAxes(axes.compactMap { $0 }) ?? .zyx }

  /// The values along each of the dataset's axes for those along the volume's.
  func perAxis(_ value: (VolumeAxis) -> Int, single: Int) -> [Int] {
    axes.map { axis in axis.map(value) ?? single }
  }

  /// The spatial part of lengths along the dataset's axes.
  func extent(of lengths: [Int]) -> VoxelExtent {
    var extent = VoxelExtent(cube: 1)
    for (axis, length) in zip(axes, lengths) {
      switch axis {
      case .z: extent.z = length
      case .y: extent.y = length
      case .x: extent.x = length
      case .channel, .time, nil: break
      }
    }
    return extent
  }

  /// Where a block of the given lengths belongs among values in (t, c, z, y, x) order.
  ///
  /// - Parameters:
  ///   - block: The block's lengths along the dataset's axes.
  ///   - whole: The lengths of the values it belongs to, along the dataset's axes.
  /// - Returns: How its values get there; nil where they lie there as they are.
  func reordering(_ block: [Int], in whole: [Int]) -> AxisReordering? {
    let places = axes.indices.filter { axes[$0] != nil }
    precondition(
      axes.indices.allSatisfy { axes[$0] != nil || block[$0] == 1 },
      "an axis that stands for none has one value")
    return AxisReordering(
      of: axes.compactMap { $0 }, lengths: places.map { block[$0] },
      within: places.map { whole[$0] })
  }
}

extension VolumeAxis {
  /// The axis that a program calls by a name; nil where it is none of a volume's.
  init?(hdf5Name name: String) {
    switch name.lowercased() {
    case "z", "depth": self = .z
    case "y": self = .y
    case "x": self = .x
    case "c", "channel", "channels", "c^", "b^", "s^": self = .channel
    case "t", "time": self = .time
    default: return nil
    }
  }
}
