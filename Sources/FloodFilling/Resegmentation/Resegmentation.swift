public import Voxels

/// Segments the surroundings of a contact anew, once from each of the two segments that meet there.
///
/// Both are erased; what else is there stays, and is not entered. A run begins where its segment is
/// thickest.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4, "FFN resegmentation and
/// agglomeration"; google/ffn, `resegmentation.py` and `resegmentation_analysis.py`.
public struct Resegmentation<Network: FloodNetwork> {
  private var flood: ObjectFlood<Network>
  private let thresholds: FloodSettings
  private let settings: ResegmentationSettings

  /// Prepares for pairs.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - movement: Where the field of view goes next.
  ///   - thresholds: How objects are flooded.
  ///   - settings: How pairs are judged.
  public init(
    _ network: Network, movement: any MovementPolicy, thresholds: FloodSettings,
    settings: ResegmentationSettings
  ) {
    flood = ObjectFlood(network, movement: movement, settings: thresholds)
    self.thresholds = thresholds
    self.settings = settings
  }

  /// The part of a volume that a contact needs.
  public static func box(
    around point: VoxelPosition, within volume: VoxelBox, _ settings: ResegmentationSettings
  ) -> VoxelBox {
    Self.box(point, settings.radius).intersection(volume)
  }

  private static func box(_ point: VoxelPosition, _ radius: VoxelExtent) -> VoxelBox {
    VoxelBox(origin: point, extent: VoxelExtent(cube: 1)).grown(by: radius)
  }

  /// Judges a pair.
  ///
  /// - Parameters:
  ///   - pair: The numbers of the segments.
  ///   - point: Where they meet.
  ///   - image: (1, z, y, x), normalised, around the contact.
  ///   - labels: (1, z, y, x), the segments over the same box.
  ///   - shouldStop: Asked before every network call.
  /// - Returns: What both runs gave; nil where either segment has no voxel in the box of
  ///   comparison.
  /// - Throws: What the network or `shouldStop` throws.
  public mutating func judge(
    _ pair: (a: UInt64, b: UInt64), at point: VoxelPosition, image: Volume<Float>,
    labels: Volume<UInt64>, checking shouldStop: () throws -> Void = {}
  ) throws -> ResegmentedPair? {
    precondition(labels.box == image.box, "image and labels cover one box")
    let analysis = Self.box(point, settings.analysisRadius).intersection(image.box)
    guard !analysis.isEmpty else { return nil }
    let near = labels.cropped(to: analysis)
    let (countA, countB) = (voxels(of: pair.a, in: near), voxels(of: pair.b, in: near))
    guard countA > 0, countB > 0 else { return nil }
    var canvas = FloodCanvas(image: image)
    let ids = labels.span
    var others = canvas.objects.mutableSpan
    for index in ids.indices {
      others[index] = ids[index] == 0 || ids[index] == pair.a || ids[index] == pair.b ? 0 : 1
    }
    var sides: [(side: ResegmentedSide, object: Volume<UInt8>?)] = []
    for id in [pair.a, pair.b] {
      sides.append(try run(from: id, labels, analysis, in: &canvas, shouldStop))
    }
    for index in sides.indices {
      guard let object = sides[index].object else { continue }
      sides[index].side.voxelCount = object.count(with: object) { $0 && $1 }
      sides[index].side.consistencyA = object.part(of: pair.a, countA, in: near)
      sides[index].side.consistencyB = object.part(of: pair.b, countB, in: near)
    }
    var overlap = 0.0
    if let first = sides[0].object, let second = sides[1].object {
      let both = first.count(with: second) { $0 && $1 }
      let either = first.count(with: second) { $0 || $1 }
      overlap = either > 0 ? Double(both) / Double(either) : 0
    }
    return ResegmentedPair(
      voxelsA: countA, voxelsB: countB, fromA: sides[0].side, fromB: sides[1].side,
      overlap: overlap)
  }

  /// Floods from within a segment until enough of it is given back.
  private mutating func run(
    from id: UInt64, _ labels: Volume<UInt64>, _ analysis: VoxelBox,
    in canvas: inout FloodCanvas, _ shouldStop: () throws -> Void
  ) throws -> (side: ResegmentedSide, object: Volume<UInt8>?) {
    var side = ResegmentedSide()
    var object: Volume<UInt8>?
    var places = SegmentMiddle(id, in: labels, margin: flood.margin)
    let size = voxels(of: id, in: labels)
    for _ in 0..<settings.attempts where !side.isRecovered {
      guard let seed = places.next(excluding: settings.exclusionRadius) else { break }
      side.seed = seed
      side.attempts += 1
      let done = try flood.flood(from: seed, in: &canvas, checking: shouldStop)
      defer { if let seen = done.seen { canvas.clearMask(seen) } }
      side.callCount += done.callCount
      side.deletedCount = zip(done.visits, done.deletions)
        .reduce(0) { $0 + (analysis.contains($1.0) ? $1.1 : 0) }
      let whole = canvas.inside(canvas.box, threshold: thresholds.segment)
      let recovered = whole.voxels(of: id, in: labels)
      side.isRecovered = Double(recovered) >= settings.leastRecovery * Double(size)
      object = canvas.inside(
        analysis, threshold: FloodSettings.logit(settings.probability))
    }
    return (side, object)
  }
}

private func voxels(of id: UInt64, in labels: borrowing Volume<UInt64>) -> Int {
  let ids = labels.span
  var count = 0
  for index in ids.indices where ids[index] == id { count += 1 }
  return count
}

extension Volume where Scalar == UInt8 {
  /// The voxels marked here that belong to a segment of labels over the same box.
  fileprivate func voxels(of id: UInt64, in labels: borrowing Volume<UInt64>) -> Int {
    let (marks, ids) = (span, labels.span)
    var count = 0
    for index in marks.indices where marks[index] != 0 && ids[index] == id { count += 1 }
    return count
  }

  fileprivate func part(
    of id: UInt64, _ size: Int, in labels: borrowing Volume<UInt64>
  ) -> Double { Double(voxels(of: id, in: labels)) / Double(size) }

  fileprivate func count(
    with other: borrowing Volume<UInt8>, where holds: (Bool, Bool) -> Bool
  ) -> Int {
    let (first, second) = (span, other.span)
    var count = 0
    for index in first.indices where holds(first[index] != 0, second[index] != 0) { count += 1 }
    return count
  }
}

/// The thickest places of a segment, one after the other.
struct SegmentMiddle {
  private var distances: [Int]
  private let box: VoxelBox

  /// Measures a segment.
  ///
  /// - Parameters:
  ///   - id: The segment.
  ///   - labels: (1, z, y, x).
  ///   - margin: The voxels that must lie on each side of a place.
  init(_ id: UInt64, in labels: borrowing Volume<UInt64>, margin: VoxelExtent) {
    box = labels.box
    let ids = labels.span
    let marks = Volume<UInt8>(
      box: box,
      values: [UInt8](capacity: ids.count) { output in
        for index in ids.indices { output.append(ids[index] == id ? 0 : 1) }
      })
    distances = squaredDistances(to: marks)
    let inner = box.shrunk(by: margin)
    guard !inner.isEmpty else {
      distances = []
      return
    }
    clear { !inner.contains($0) }
  }

  /// The thickest place that is left, the first in raster order of equal ones; nil where none is.
  mutating func next(excluding radius: VoxelExtent) -> VoxelPosition? {
    var best = 0
    var place: Int?
    for (index, distance) in distances.enumerated() where distance > best {
      (best, place) = (distance, index)
    }
    guard let place else { return nil }
    let found = position(place)
    let excluded = VoxelBox(origin: found, extent: VoxelExtent(cube: 1)).grown(by: radius)
    clear { excluded.contains($0) }
    return found
  }

  private func position(_ index: Int) -> VoxelPosition {
    let row = index / box.extent.x
    return box.origin
      + VoxelExtent(z: row / box.extent.y, y: row % box.extent.y, x: index % box.extent.x)
  }

  private mutating func clear(where holds: (VoxelPosition) -> Bool) {
    for index in distances.indices where distances[index] > 0 && holds(position(index)) {
      distances[index] = 0
    }
  }
}
