public import Voxels

/// An annotated volume that training samples are cut from.
///
/// Every read asks for a box inside ``box`` and is given exactly that box.
public protocol PatchSource: Sendable {
  /// What errors call the volume.
  var name: String { get }
  /// The part of the dataset that is both imaged and annotated.
  var box: VoxelBox { get }
  /// The size of one voxel.
  var voxelSize: VoxelSize { get }
  /// The names of further label volumes, such as `synapses`.
  var labelNames: [String] { get }
  /// The grey values, (channel, z, y, x) in [0, 1].
  func image(in box: VoxelBox) throws -> Volume<Float>
  /// The objects, (1, z, y, x); 0 is background or boundary.
  func labels(in box: VoxelBox) throws -> Volume<UInt64>
  /// One of the volumes that ``labelNames`` lists, (1, z, y, x); 0 is background.
  func labels(named name: String, in box: VoxelBox) throws -> Volume<UInt64>
  /// Where the volume is annotated, (1, z, y, x): 0 is not; nil where all of it is.
  func mask(in box: VoxelBox) throws -> Volume<UInt8>?
}

extension PatchSource {
  /// No further label volumes.
  public var labelNames: [String] { [] }

  /// Throws, since there are no further label volumes.
  public func labels(named name: String, in box: VoxelBox) throws -> Volume<UInt64> {
    throw TrainingError(
      .data, self.name, "has no labels of that name", found: name,
      remedy: "name one of the volume's label volumes")
  }
}

/// An annotated volume in memory.
public struct MemoryPatchSource: PatchSource {
  /// What errors call the volume.
  public let name: String
  /// The size of one voxel.
  public let voxelSize: VoxelSize
  private let grey: Volume<Float>
  private let objects: Volume<UInt64>
  private let furtherLabels: [String: Volume<UInt64>]
  private let annotated: Volume<UInt8>?

  /// Creates a source from an image in [0, 1] and its annotations, which cover the same box.
  public init(
    name: String = "memory", image: Volume<Float>, labels: Volume<UInt64>,
    furtherLabels: [String: Volume<UInt64>] = [:], mask: Volume<UInt8>? = nil,
    voxelSize: VoxelSize
  ) {
    precondition(
      labels.box == image.box && furtherLabels.values.allSatisfy { $0.box == image.box }
        && (mask?.box ?? image.box) == image.box, "the annotations cover another box")
    self.name = name
    self.voxelSize = voxelSize
    grey = image
    objects = labels
    self.furtherLabels = furtherLabels
    annotated = mask
  }

  /// The box of the image.
  public var box: VoxelBox { grey.box }

  /// The names of the further label volumes.
  public var labelNames: [String] { furtherLabels.keys.sorted() }

  /// The grey values in a box.
  public func image(in box: VoxelBox) -> Volume<Float> { grey.cropped(to: box) }

  /// The objects in a box.
  public func labels(in box: VoxelBox) -> Volume<UInt64> { objects.cropped(to: box) }

  /// One of the further label volumes in a box.
  public func labels(named name: String, in box: VoxelBox) throws -> Volume<UInt64> {
    guard let volume = furtherLabels[name] else {
      throw TrainingError(
        .data, self.name, "has no labels of that name", found: name,
        expected: labelNames.joined(separator: ", "))
    }
    return volume.cropped(to: box)
  }

  /// Where the volume is annotated in a box.
  public func mask(in box: VoxelBox) -> Volume<UInt8>? { annotated?.cropped(to: box) }
}
