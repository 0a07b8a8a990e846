/// What an axis of a stored array stands for.
public enum VolumeAxis: String, Hashable, Sendable, CaseIterable {
  /// Time points, channels, and the axes of space.
  case time = "t"
  case channel = "c"
  case z, y, x
}

/// The axes of a volume as it is stored, slowest first: two to five, y and x among them.
///
/// However a volume is stored, it is read as (channel, z, y, x): the values of a voxel are its
/// channels at the first time point, then those at the next.
public struct VolumeAxes: Hashable, Sendable, CustomStringConvertible {
  /// The axes, slowest first, each at most once.
  public let order: [VolumeAxis]

  /// The axes of a single section.
  public static let yx = VolumeAxes(unchecked: [.y, .x])
  /// The axes of a volume with one value per voxel.
  public static let zyx = VolumeAxes(unchecked: [.z, .y, .x])
  /// The axes of a volume with several values per voxel.
  public static let czyx = VolumeAxes(unchecked: [.channel, .z, .y, .x])

  /// The axes of a volume with several values per voxel at several time points.
  public static let tczyx = VolumeAxes(unchecked: [.time, .channel, .z, .y, .x])

  /// The axes that arrays of a number of axes usually have: `yx`, `zyx`, `czyx`, `tczyx`.
  public static func usual(count: Int) -> VolumeAxes? {
    (2...5).contains(count) ? VolumeAxes(unchecked: Array(VolumeAxis.allCases.suffix(count))) : nil
  }

  private init(unchecked order: [VolumeAxis]) { self.order = order }

  /// Creates axes; nil where one is there twice, or y or x is not.
  public init?(_ order: [VolumeAxis]) {
    guard Set(order).count == order.count, order.contains(.y), order.contains(.x) else {
      return nil
    }
    self.order = order
  }

  /// Reads axes as users write them: `zyx`, `c,z,y,x`; nil where they are none.
  public init?(parsing text: String) {
    let letters = text.lowercased().filter { $0 != "," && $0 != " " }
    let order = letters.compactMap { VolumeAxis(rawValue: String($0)) }
    guard order.count == letters.count else { return nil }
    self.init(order)
  }

  /// Whether the axes are in the order in which volumes are written: t, c, z, y, x.
  public var isCanonical: Bool { self == canonical }

  /// The same axes in the order in which volumes are written: t, c, z, y, x.
  public var canonical: VolumeAxes {
    VolumeAxes(unchecked: VolumeAxis.allCases.filter { order.contains($0) })
  }

  /// Whether an axis is there.
  public func contains(_ axis: VolumeAxis) -> Bool { order.contains(axis) }

  /// The axes as `c,z,y,x`.
  public var description: String { order.map { $0.rawValue }.joined(separator: ",") }
}
