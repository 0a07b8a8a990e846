public import Voxels

/// One object that a network found, such as a cleft, with all that lies around it.
///
/// All volumes cover the same box.
public struct SynapseScene: Sendable {
  /// The label of the object that is looked at.
  public var object: UInt64
  /// (1, z, y, x) labels of what was found, 0 elsewhere.
  public var objects: Volume<UInt64>
  /// (1, z, y, x) labels of the neurons, as far as they are put together; 0 is none.
  public var segments: Volume<UInt64>
  /// (1, z, y, x) labels of the pieces that neurons are put together from; nil where these are the
  /// segments.
  public var supervoxels: Volume<UInt64>?
  /// (c, z, y, x) answers of the network: probabilities in [0, 1], or lengths.
  public var prediction: Volume<Float>
  /// The voxels' size in nanometres.
  public let voxelSize: VoxelSize
  /// Where the centre of the dataset's first voxel lies, in nanometres.
  public let offset: PhysicalPosition

  /// Creates a scene.
  public init(
    object: UInt64, objects: Volume<UInt64>, segments: Volume<UInt64>,
    supervoxels: Volume<UInt64>? = nil, prediction: Volume<Float>, voxelSize: VoxelSize,
    offset: PhysicalPosition = .zero
  ) {
    precondition(object != 0, "0 is the label of what lies around")
    precondition(
      segments.box == objects.box && prediction.box == objects.box
        && (supervoxels.map { $0.box == objects.box } ?? true),
      "the volumes of a scene cover the same box")
    self.object = object
    self.objects = objects
    self.segments = segments
    self.supervoxels = supervoxels
    self.prediction = prediction
    self.voxelSize = voxelSize.converted(to: .nanometer)
    self.offset = offset
  }

  /// Where the centre of a voxel lies, in nanometres.
  public func place(of voxel: VoxelPosition) -> PhysicalPosition {
    PhysicalPosition(
      z: offset.z + Double(voxel.z) * voxelSize.z, y: offset.y + Double(voxel.y) * voxelSize.y,
      x: offset.x + Double(voxel.x) * voxelSize.x)
  }

  /// The voxel nearest to a place; nil outside the scene.
  public func voxel(at place: PhysicalPosition) -> VoxelPosition? {
    func index(_ value: Double, _ first: Double, _ length: Double, _ range: Range<Int>) -> Int? {
      let index = ((value - first) / length).rounded()
      return index >= Double(range.lowerBound) && index < Double(range.upperBound)
        ? Int(index) : nil
    }
    let box = objects.box
    guard
      let z = index(place.z, offset.z, voxelSize.z, box.origin.z..<box.end.z),
      let y = index(place.y, offset.y, voxelSize.y, box.origin.y..<box.end.y),
      let x = index(place.x, offset.x, voxelSize.x, box.origin.x..<box.end.x)
    else { return nil }
    return VoxelPosition(z: z, y: y, x: x)
  }

  /// The side of a synapse that lies in a voxel.
  func side(at voxel: VoxelPosition) -> SynapseSide {
    let segment = segments[voxel]
    return SynapseSide(
      place: place(of: voxel), segment: segment, supervoxel: supervoxels?[voxel] ?? segment)
  }

  /// Calls a body with the place of every voxel in the rows' spans, row by row.
  func forEachRow(_ body: (_ z: Int, _ y: Int) -> Void) {
    for z in 0..<objects.extent.z { for y in 0..<objects.extent.y { body(z, y) } }
  }

  /// The position of a voxel that is counted from the scene's first.
  func position(_ z: Int, _ y: Int, _ x: Int) -> VoxelPosition {
    objects.box.origin + VoxelExtent(z: z, y: y, x: x)
  }

  /// The mean, over the object, of a channel.
  func mean(ofChannel channel: Int) -> Double {
    var (sum, count) = (0.0, 0)
    forEachRow { z, y in
      let labels = objects.row(z: z, y: y)
      let values = prediction.row(channel: channel, z: z, y: y)
      for x in labels.indices where labels[x] == object {
        sum += Double(values[x])
        count += 1
      }
    }
    return count == 0 ? 0 : sum / Double(count)
  }
}

/// One side of a synapse.
struct SynapseSide: Hashable, Sendable {
  var place: PhysicalPosition
  var segment: UInt64
  var supervoxel: UInt64
}

extension Synapse {
  /// The synapse between two sides.
  init(
    from pre: SynapseSide, to post: SynapseSide, center: PhysicalPosition?, score: Double,
    size: Double, method: String
  ) {
    self.init(
      pre: pre.place, post: post.place, preID: pre.segment, postID: post.segment, score: score,
      size: size, preSupervoxelID: pre.supervoxel, postSupervoxelID: post.supervoxel,
      center: center, method: method)
  }
}
