import Glibc
public import Voxels

/// One of the three planes that are shown.
public enum ReviewPlane: Int, CaseIterable, Hashable, Sendable {
  /// x to the right, y down.
  case xy
  /// x to the right, z down.
  case xz
  /// z to the right, y down.
  case yz

  /// The plane's name.
  public var name: String {
    switch self {
    case .xy: "xy"
    case .xz: "xz"
    case .yz: "zy"
    }
  }

  /// Components of a position or length: to the right, down, and through the plane.
  func components<Value>(z: Value, y: Value, x: Value) -> (
    right: Value, down: Value, through: Value
  ) {
    switch self {
    case .xy: (x, y, z)
    case .xz: (x, z, y)
    case .yz: (z, y, x)
    }
  }

  /// A step given by its components.
  func step(right: Int, down: Int, through: Int) -> VoxelExtent {
    switch self {
    case .xy: VoxelExtent(z: through, y: down, x: right)
    case .xz: VoxelExtent(z: down, y: through, x: right)
    case .yz: VoxelExtent(z: right, y: down, x: through)
    }
  }
}

/// What of the segments is drawn over the image.
public enum ReviewOverlay: Int, CaseIterable, Hashable, Sendable {
  /// The two segments in their colours.
  case colours
  /// Their outlines only.
  case outlines
  /// Nothing.
  case none
}

/// Where a reviewer looks, and how.
public struct ReviewView: Hashable, Sendable {
  /// The voxel at which the planes meet.
  public var focus: VoxelPosition
  /// Half steps of magnification by 2; at 0 a pixel is as long as a voxel's shortest side.
  public var zoom = 0 { didSet { zoom = min(8, max(-8, zoom)) } }
  /// The plane that keys move in.
  public var plane = ReviewPlane.xy
  /// What is drawn over the image.
  public var overlay = ReviewOverlay.colours
  /// Whether other segments have colours too.
  public var showsNeighbours = false

  /// Looks at a voxel.
  public init(at focus: VoxelPosition) { self.focus = focus }

  /// The length of a pixel, in the unit of the voxel size.
  func pixelLength(_ size: VoxelSize) -> Double {
    min(size.z, size.y, size.x) * exp2(-Double(zoom) / 2)
  }

  /// Moves in the plane by a share of what is seen, or through it by sections.
  ///
  /// - Parameters:
  ///   - right: pixels to the right.
  ///   - down: pixels down.
  ///   - through: voxels through the plane.
  ///   - size: the size of a voxel.
  ///   - box: what there is; the focus stays within.
  mutating func move(right: Double, down: Double, through: Int, _ size: VoxelSize, in box: VoxelBox)
  {
    let sides = plane.components(z: size.z, y: size.y, x: size.x)
    let length = pixelLength(size)
    // A step that is asked for moves by one voxel at least.
    func voxels(_ pixels: Double, _ side: Double) -> Int {
      let count = pixels * length / side
      return Int(count.rounded(count < 0 ? .down : .up))
    }
    let step = plane.step(
      right: voxels(right, sides.right), down: voxels(down, sides.down), through: through)
    place(
      at: VoxelPosition(z: focus.z + step.z, y: focus.y + step.y, x: focus.x + step.x), in: box)
  }

  /// Looks at a voxel, or at the nearest that there is.
  mutating func place(at voxel: VoxelPosition, in box: VoxelBox) {
    func clamped(_ value: Int, _ first: Int, _ count: Int) -> Int {
      min(first + max(count, 1) - 1, max(first, value))
    }
    focus = VoxelPosition(
      z: clamped(voxel.z, box.origin.z, box.extent.z),
      y: clamped(voxel.y, box.origin.y, box.extent.y),
      x: clamped(voxel.x, box.origin.x, box.extent.x))
  }
}
