public import Training
public import Voxels

/// How the field of view moves while a network is trained.
public struct MovingField: Hashable, Sendable {
  /// What the network sees, odd along each axis.
  public var fieldOfView: VoxelExtent
  /// How far it moves.
  public var step: VoxelExtent
  /// Grey values as the network sees them: (value − mean) / deviation, for values up to 255.
  public var mean: Double, deviation: Double
  /// The probabilities of voxels inside and outside the object, to begin with and as a target.
  public var inside: Double, outside: Double
  /// The least probability at a place to move to.
  public var threshold: Double

  /// Creates the published settings.
  public init(
    fieldOfView: VoxelExtent = VoxelExtent(cube: 33), step: VoxelExtent = VoxelExtent(cube: 8),
    mean: Double = 128, deviation: Double = 33, inside: Double = 0.95, outside: Double = 0.05,
    threshold: Double = 0.9
  ) {
    self.fieldOfView = fieldOfView
    self.step = step
    self.mean = mean
    self.deviation = deviation
    self.inside = inside
    self.outside = outside
    self.threshold = threshold
  }

  /// What a sample covers: the field of view with all its moves.
  public var sampleExtent: VoxelExtent { fieldOfView + step * 2 }

  /// The moves to the 26 neighbouring places, in raster order.
  var moves: [VoxelExtent] {
    func steps(_ length: Int) -> [Int] { length > 0 ? [-length, 0, length] : [0] }
    return steps(step.z).flatMap { z in
      steps(step.y).flatMap { y in steps(step.x).map { VoxelExtent(z: z, y: y, x: $0) } }
    }.filter { $0 != .zero }
  }
}

/// The surroundings of a place, to train from.
public struct MovingFieldSample: Sendable {
  /// (1, z, y, x): the image as the network sees it, from 0.
  public let image: Volume<Float>
  /// (1, z, y, x): 1 in the object of the middle voxel, else 0.
  public let object: Volume<UInt8>
  /// Where the field of view goes after the middle, in order.
  let moves: [VoxelExtent]

  /// Cuts a sample, turned and mirrored at random.
  ///
  /// - Parameters:
  ///   - source: The annotated volume.
  ///   - place: The middle.
  ///   - field: How the field of view moves.
  ///   - isTurned: Whether y and x are swapped, and axes mirrored, at random.
  ///   - generator: What draws.
  /// - Throws: What reading throws.
  public init(
    of source: any PatchSource, at place: VoxelPosition, _ field: MovingField, isTurned: Bool,
    using generator: inout SampleGenerator
  ) throws {
    let extent = field.sampleExtent
    let reach = VoxelExtent(z: extent.z / 2, y: extent.y / 2, x: extent.x / 2)
    var order = AxisOrder()
    if isTurned {
      if extent.y == extent.x, generator.happens(0.5) { order.axes = [0, 2, 1] }
      order.isReversed = (0..<3).map { _ in generator.happens(0.5) }
    }
    var shuffled = field.moves
    for index in stride(from: shuffled.count - 1, to: 0, by: -1) {
      shuffled.swapAt(index, generator.integer(in: 0...index))
    }
    moves = shuffled
    let box = VoxelBox(origin: place - reach, extent: extent)
    let labels = try source.labels(in: box)
    let ids = labels.span
    let id = labels[place]
    let marks = Volume(
      box: box,
      values: [UInt8](capacity: ids.count) { output in
        for index in ids.indices { output.append(ids[index] == id ? 1 : 0) }
      })
    object = order.moved(marks).moved(to: .zero)
    var grey = try source.image(in: box)
    var values = grey.mutableSpan
    let (scale, mean) = (Float(255 / field.deviation), Float(field.mean / field.deviation))
    for index in values.indices { values[index] = values[index] * scale - mean }
    image = order.moved(grey).moved(to: .zero)
  }

  /// The middle voxel.
  var middle: VoxelPosition {
    let extent = image.extent
    return VoxelPosition(z: extent.z / 2, y: extent.y / 2, x: extent.x / 2)
  }
}
