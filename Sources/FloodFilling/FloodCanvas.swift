public import Voxels

/// The image that objects are flooded in, the mask of the object being flooded, and the objects that
/// are finished.
///
/// Positions are those of the box.
public struct FloodCanvas: Sendable {
  /// The part of the dataset that is flooded.
  public let box: VoxelBox
  /// (1, z, y, x): the image, normalised as the network wants it.
  public let image: Volume<Float>
  /// (1, z, y, x): the logits of the object being flooded; NaN where nothing was predicted.
  public private(set) var mask: Volume<Float>
  /// (1, z, y, x): objects by their number, from 1; 0 is free, -1 the seed of a failure.
  public var objects: Volume<Int32>
  /// (1, z, y, x): where objects may lie, not 0; nil for everywhere.
  public let domain: Volume<UInt8>?

  /// Creates a canvas without objects.
  ///
  /// - Parameters:
  ///   - image: (1, z, y, x), normalised as the network wants it.
  ///   - domain: (1, z, y, x) over the same box: where objects may lie, not 0; nil for everywhere.
  public init(image: Volume<Float>, domain: Volume<UInt8>? = nil) {
    precondition(image.channels == 1, "the image has one channel")
    precondition(domain.map { $0.box == image.box } ?? true, "the domain covers the image")
    box = image.box
    self.image = image
    self.domain = domain
    mask = Volume(box: image.box, fill: .nan)
    objects = Volume(box: image.box)
  }

  /// Whether the field of view around a position lies within the canvas.
  func holds(_ position: VoxelPosition, margin: VoxelExtent) -> Bool {
    box.contains(
      VoxelBox(from: position - margin, to: position + margin + VoxelExtent(cube: 1)))
  }

  /// Whether objects may lie at a position.
  func allows(_ position: VoxelPosition) -> Bool {
    domain.map { $0[position] != 0 } ?? true
  }

  /// Forgets the mask where objects may not lie, within a box.
  mutating func clearMaskOutsideDomain(in box: VoxelBox) {
    guard let domain else { return }
    let start = box.origin - self.box.origin
    for z in start.z..<start.z + box.extent.z {
      for y in start.y..<start.y + box.extent.y {
        let allowed = domain.row(z: z, y: y)
        var row = mask.mutableRow(z: z, y: y)
        for x in start.x..<start.x + box.extent.x where allowed[x] == 0 { row[x] = .nan }
      }
    }
  }

  /// Forgets the mask within a box.
  mutating func clearMask(_ box: VoxelBox) {
    let start = box.origin - self.box.origin
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        var row = mask.mutableRow(z: start.z + z, y: start.y + y)
        for x in start.x..<start.x + box.extent.x { row[x] = .nan }
      }
    }
  }

  mutating func setMask(_ value: Float, at position: VoxelPosition) { mask[position] = value }

  /// Copies image and mask around a position into a window of the field of view; what was not
  /// predicted yet becomes the padding.
  func copy(around position: VoxelPosition, padding: Float, into window: inout Volume<Float>) {
    let extent = window.extent
    let start = position - VoxelExtent(z: extent.z / 2, y: extent.y / 2, x: extent.x / 2)
    let from = start - box.origin
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        let grey = image.row(z: from.z + z, y: from.y + y)
          .extracting(from.x..<from.x + extent.x)
        var target = window.mutableRow(channel: 0, z: z, y: y)
        for x in 0..<extent.x { target[x] = grey[x] }
        let known = mask.row(z: from.z + z, y: from.y + y)
          .extracting(from.x..<from.x + extent.x)
        var mask = window.mutableRow(channel: 1, z: z, y: y)
        for x in 0..<extent.x { mask[x] = known[x].isNaN ? padding : known[x] }
      }
    }
  }

  /// Takes up what the network says around a position.
  ///
  /// - Parameters:
  ///   - logits: (z, y, x) over the field of view; changed to what is taken up.
  ///   - fieldOfView: Its extent.
  ///   - position: Its middle.
  ///   - keepsOutside: Whether voxels known to be outside keep their logit rather than rise.
  /// - Returns: The voxels that were most likely inside and are outside now.
  mutating func write(
    _ logits: inout [Float], _ fieldOfView: VoxelExtent, around position: VoxelPosition,
    keepsOutside: Bool
  ) -> Int {
    let start =
      position
      - VoxelExtent(
        z: fieldOfView.z / 2, y: fieldOfView.y / 2, x: fieldOfView.x / 2)
    let to = start - box.origin
    var values = logits.mutableSpan
    var deleted = 0
    for z in 0..<fieldOfView.z {
      for y in 0..<fieldOfView.y {
        var row = mask.mutableRow(z: to.z + z, y: to.y + y)
        let first = (z * fieldOfView.y + y) * fieldOfView.x
        for x in 0..<fieldOfView.x {
          let old = row[to.x + x]
          if old >= Self.certain, values[first + x] < 0 { deleted += 1 }
          // Not true where nothing was predicted: NaN is not below anything.
          if keepsOutside, old < 0, values[first + x] > old { values[first + x] = old }
          row[to.x + x] = values[first + x]
        }
      }
    }
    return deleted
  }

  /// The logit of 0.8, from which a voxel counts as inside when its deletion is counted.
  private static let certain = FloodSettings.logit(0.8)
}
