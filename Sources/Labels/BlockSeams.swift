public import Voxels

/// What joining a block's labels with its neighbours' needs to know of the block.
///
/// A block labels its own box *grown by one voxel* on the far faces (see ``grownBox(of:in:)``).
/// Any two adjacent voxels lie together in the grown box of at least one block, so whatever makes
/// two voxels belong together is seen by some block. A voxel of the overlap is labelled by the
/// block that owns it and by others; that both labels name the same voxel is all that joining
/// needs to know. Hence it is exact for any rule that looks at pairs of adjacent voxels.
///
///     |aaaaaaaa|A           block 0: a own, A overlap (owned by block 1)
///              |bbbbbbbb|B  block 1
public struct BlockSeams: Hashable, Sendable {
  /// A component of the block, as far as its own box goes.
  public struct Component: Hashable, Sendable {
    /// The number of its voxels in the block's own box; 0 where it lies in the overlap only.
    public var voxelCount: Int
    /// The smallest index of these voxels in the region's raster order; nil where there are none.
    public var firstIndex: Int?
    /// Whether one of these voxels lies on the region's outer faces.
    public var touchesBorder: Bool

    /// A component that the block's own box has no part of.
    public static let outside = Component(voxelCount: 0, firstIndex: nil, touchesBorder: false)
  }

  /// The box whose voxels belong to the block.
  public let ownBox: VoxelBox
  /// The region that the blocks' own boxes tile.
  public let region: VoxelBox
  /// The block's components: the one labelled *n* stands at index *n* − 1.
  public let components: [Component]
  /// The labels on the first planes of the own box along z, y and x.
  let nearPlanes: [SeamPlane]
  /// The labels on the overlap beyond the last planes along z, y and x; without voxels where the
  /// region ends.
  let farPlanes: [SeamPlane]

  init(
    ownBox: VoxelBox, region: VoxelBox, components: [Component], nearPlanes: [SeamPlane],
    farPlanes: [SeamPlane]
  ) {
    self.ownBox = ownBox
    self.region = region
    self.components = components
    self.nearPlanes = nearPlanes
    self.farPlanes = farPlanes
  }

  /// The box that a block has to label: its own grown by one voxel on the far faces, clipped to
  /// the region.
  public static func grownBox(of ownBox: VoxelBox, in region: VoxelBox) -> VoxelBox {
    VoxelBox(origin: ownBox.origin, extent: ownBox.extent + VoxelExtent(cube: 1))
      .intersection(region)
  }

  /// Gathers the seams of a labelled block.
  ///
  /// - Parameters:
  ///   - labels: (1, z, y, x) labels over ``grownBox(of:in:)``; 0 is background, others are in
  ///     `1 ... labelCount`.
  ///   - labelCount: The number of labels.
  ///   - ownBox: The box whose voxels belong to the block.
  ///   - region: The region that the blocks' own boxes tile.
  /// - Complexity: O(*n*) in the voxels.
  public init(
    of labels: borrowing Volume<UInt32>, labelCount: Int, ownBox: VoxelBox, region: VoxelBox
  ) {
    precondition(!ownBox.isEmpty && region.contains(ownBox), "the block lies outside its region")
    precondition(
      labels.box == Self.grownBox(of: ownBox, in: region),
      "the labels do not cover the block and its overlap")
    self.init(
      ownBox: ownBox, region: region,
      components: Self.components(labels, labelCount, ownBox, region),
      nearPlanes: Self.nearBoxes(of: ownBox).map { SeamPlane(box: $0, of: labels) },
      farPlanes: Self.farBoxes(of: ownBox, in: region).map { SeamPlane(box: $0, of: labels) })
  }

  /// Gathers the seams of a block's connected components.
  public init(of components: borrowing LocalComponents, ownBox: VoxelBox, region: VoxelBox) {
    self.init(
      of: components.labels, labelCount: components.count, ownBox: ownBox, region: region)
  }

  static func nearBoxes(of own: VoxelBox) -> [VoxelBox] {
    let (z, y, x) = (own.extent.z, own.extent.y, own.extent.x)
    return [
      VoxelBox(origin: own.origin, extent: VoxelExtent(z: 1, y: y, x: x)),
      VoxelBox(origin: own.origin, extent: VoxelExtent(z: z, y: 1, x: x)),
      VoxelBox(origin: own.origin, extent: VoxelExtent(z: z, y: y, x: 1)),
    ]
  }

  /// The overlap in three parts, each voxel in one: the plane along z is grown along y and x, the
  /// plane along y is grown along x.
  static func farBoxes(of own: VoxelBox, in region: VoxelBox) -> [VoxelBox] {
    let grown = grownBox(of: own, in: region)
    let (start, end) = (own.origin, own.end)
    let (zEnd, yEnd, xEnd) = (grown.end.z, grown.end.y, grown.end.x)
    return [
      VoxelBox(
        from: VoxelPosition(z: end.z, y: start.y, x: start.x),
        to: VoxelPosition(z: zEnd, y: yEnd, x: xEnd)),
      VoxelBox(
        from: VoxelPosition(z: start.z, y: end.y, x: start.x),
        to: VoxelPosition(z: end.z, y: yEnd, x: xEnd)),
      VoxelBox(
        from: VoxelPosition(z: start.z, y: start.y, x: end.x),
        to: VoxelPosition(z: end.z, y: end.y, x: xEnd)),
    ]
  }

  private static func components(
    _ labels: borrowing Volume<UInt32>, _ labelCount: Int, _ own: VoxelBox, _ region: VoxelBox
  ) -> [Component] {
    var components = [Component](repeating: .outside, count: labelCount)
    let start = own.origin - region.origin
    for z in 0..<own.extent.z {
      for y in 0..<own.extent.y {
        let (regionZ, regionY) = (start.z + z, start.y + y)
        let rowIndex = (regionZ * region.extent.y + regionY) * region.extent.x + start.x
        let rowTouches =
          regionZ == 0 || regionZ == region.extent.z - 1 || regionY == 0
          || regionY == region.extent.y - 1
        let row = labels.row(z: z, y: y).extracting(0..<own.extent.x)
        var x = 0
        while x < row.count {
          let label = row[x]
          let first = x
          repeat { x &+= 1 } while x < row.count && row[x] == label
          guard label != 0 else { continue }
          let index = Int(label) - 1
          components[index].voxelCount += x - first
          if components[index].firstIndex == nil {
            components[index].firstIndex = rowIndex + first
          }
          if rowTouches || (first == 0 && start.x == 0)
            || (x == row.count && start.x + x == region.extent.x)
          {
            components[index].touchesBorder = true
          }
        }
      }
    }
    return components
  }
}

/// The labels of one plane of a block, as stretches of equal labels in raster order.
struct SeamPlane: Hashable, Sendable {
  struct Stretch: Hashable, Sendable {
    var count: Int
    var label: UInt32
  }

  let box: VoxelBox
  let stretches: [Stretch]

  init(box: VoxelBox, stretches: [Stretch]) {
    self.box = box
    self.stretches = stretches
  }

  init(box: VoxelBox, of labels: borrowing Volume<UInt32>) {
    self.box = box
    var stretches: [Stretch] = []
    let step = box.origin - labels.box.origin
    if !box.isEmpty {
      for z in step.z..<step.z + box.extent.z {
        for y in step.y..<step.y + box.extent.y {
          let row = labels.row(z: z, y: y).extracting(step.x..<step.x + box.extent.x)
          for x in row.indices {
            if let last = stretches.indices.last, stretches[last].label == row[x] {
              stretches[last].count += 1
            } else {
              stretches.append(Stretch(count: 1, label: row[x]))
            }
          }
        }
      }
    }
    self.stretches = stretches
  }

  /// The plane's labels as a block; the plane must have voxels.
  func expanded() -> Volume<UInt32> {
    let values = [UInt32](capacity: box.extent.voxelCount) { output in
      for stretch in stretches { output.append(repeating: stretch.label, count: stretch.count) }
    }
    return Volume(box: box, values: values)
  }
}
