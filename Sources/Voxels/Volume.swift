/// A dense block of voxels in memory that knows which part of its dataset it covers.
///
/// Voxels are laid out (channel, z, y, x) with x varying fastest.
///
/// Rows and planes are addressed by their index *within the block* (`0 ..< extent`), since that is
/// what inner loops count; positions (``subscript(_:channel:)``) are dataset coordinates.
public struct Volume<Scalar: VoxelScalar>: Sendable {
  /// The part of the dataset that the block covers.
  public let box: VoxelBox
  /// The number of values per voxel.
  public let channels: Int
  @usableFromInline
  package var storage: [Scalar]

  /// Creates a block with every value the same.
  @inlinable
  public init(channels: Int = 1, box: VoxelBox, fill: Scalar = .zero) {
    precondition(channels > 0 && !box.isEmpty, "a volume needs at least one voxel")
    self.box = box
    self.channels = channels
    storage = Array(repeating: fill, count: channels * box.extent.voxelCount)
  }

  /// Creates a block from its values in (channel, z, y, x) order.
  @inlinable
  public init(channels: Int = 1, box: VoxelBox, values: [Scalar]) {
    precondition(
      channels > 0 && values.count == channels * box.extent.voxelCount,
      "a volume needs one value per channel and voxel")
    self.box = box
    self.channels = channels
    storage = values
  }

  /// The size of the block in voxels.
  @inlinable
  public var extent: VoxelExtent { box.extent }

  /// Every value, in (channel, z, y, x) order.
  @inlinable
  public var span: Span<Scalar> {
    @_lifetime(borrow self)
    get { storage.span }
  }

  /// Every value, in (channel, z, y, x) order, for writing.
  @inlinable
  public var mutableSpan: MutableSpan<Scalar> {
    @_lifetime(&self)
    mutating get { storage.mutableSpan }
  }

  /// One row of voxels along x; `z` and `y` count from the block's first voxel.
  @inlinable
  @_lifetime(borrow self)
  public func row(channel: Int = 0, z: Int, y: Int) -> Span<Scalar> {
    storage.span.extracting(rowRange(channel: channel, z: z, y: y))
  }

  /// One row of voxels along x for writing; `z` and `y` count from the block's first voxel.
  @inlinable
  @_lifetime(&self)
  public mutating func mutableRow(channel: Int = 0, z: Int, y: Int) -> MutableSpan<Scalar> {
    let range = rowRange(channel: channel, z: z, y: y)
    // The underscored spelling is the one Swift 6.3 does not deprecate; it stays in this module.
    return storage.mutableSpan._consumingExtracting(range)
  }

  @inlinable
  package func rowRange(channel: Int, z: Int, y: Int) -> Range<Int> {
    let extent = box.extent
    precondition(
      channel >= 0 && channel < channels && z >= 0 && z < extent.z && y >= 0 && y < extent.y,
      "the row lies outside the volume")
    let start = ((channel * extent.z + z) * extent.y + y) * extent.x
    return start..<start + extent.x
  }

  /// The value at a position of the dataset.
  @inlinable
  public subscript(position: VoxelPosition, channel channel: Int = 0) -> Scalar {
    get { storage[index(of: position, channel: channel)] }
    set { storage[index(of: position, channel: channel)] = newValue }
  }

  @inlinable
  package func index(of position: VoxelPosition, channel: Int) -> Int {
    precondition(
      box.contains(position) && channel >= 0 && channel < channels,
      "the position lies outside the volume")
    let step = position - box.origin
    return rowRange(channel: channel, z: step.z, y: step.y).lowerBound + step.x
  }
}

extension Volume: Equatable {}
