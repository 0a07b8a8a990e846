public import Voxels

/// An object as it was flooded from one seed.
public struct FloodedObject: Hashable, Sendable {
  /// Why flooding ended.
  public enum End: String, Hashable, Sendable {
    /// There was nowhere left to go.
    case filled
    /// The seed's own voxel fell below the threshold of moving.
    case weakSeed
    /// As many network calls as were allowed.
    case callLimit
  }

  /// Where it began.
  public let seed: VoxelPosition
  /// The middles of the network's fields of view, in order.
  public var visits: [VoxelPosition] = []
  /// Why it ended.
  public var end = End.filled
  /// How many voxels each call took away that were inside with a probability of at least 0.8.
  public var deletions: [Int] = []
  /// What the network saw of it, all in all; nil without network calls.
  public var seen: VoxelBox?

  /// Begins at a seed, without visits.
  public init(seed: VoxelPosition) { self.seed = seed }

  /// The network calls.
  public var callCount: Int { visits.count }
}

/// Floods one object after the other in a canvas.
///
/// Source: Januszewski et al. 2018, doi:10.1038/s41592-018-0049-4; the rules of the order of moves,
/// of seeds that got weak and of disconnected seeds as in google/ffn.
public struct ObjectFlood<Network: FloodNetwork> {
  private var network: Network
  private let movement: any MovementPolicy
  private let settings: FloodSettings
  private var window: Volume<Float>
  private var logits: [Float]

  /// Prepares to flood.
  public init(_ network: Network, movement: any MovementPolicy, settings: FloodSettings) {
    self.network = network
    self.movement = movement
    self.settings = settings
    let extent = network.fieldOfView
    precondition(
      extent.z % 2 == 1 && extent.y % 2 == 1 && extent.x % 2 == 1,
      "the field of view has a middle")
    window = Volume(channels: 2, box: VoxelBox(extent: extent))
    logits = Array(repeating: 0, count: extent.voxelCount)
  }

  /// The voxels that must lie on each side of a seed.
  public var margin: VoxelExtent { network.margin }

  /// Floods from a seed; the canvas' mask then holds the object's logits within what was seen.
  ///
  /// - Parameters:
  ///   - seed: Where to begin.
  ///   - canvas: Where; its mask is expected to be forgotten.
  ///   - isAllowed: Whether the field of view may go to a place, in addition to what the canvas says.
  ///   - shouldStop: Asked before every network call.
  /// - Returns: What was done.
  /// - Throws: What the network or `shouldStop` throws.
  public mutating func flood(
    from seed: VoxelPosition, in canvas: inout FloodCanvas,
    where isAllowed: (VoxelPosition) -> Bool = { _ in true },
    checking shouldStop: () throws -> Void = {}
  ) throws -> FloodedObject {
    var object = FloodedObject(seed: seed)
    guard canvas.box.contains(seed) else { return object }
    canvas.setMask(settings.initial, at: seed)
    object.seen = VoxelBox(origin: seed, extent: VoxelExtent(cube: 1))
    var queue = [seed]
    var next = 0
    var visited: Set<VoxelExtent> = []
    while next < queue.count {
      let place = queue[next]
      next += 1
      let cell = self.cell(of: place, from: seed)
      guard !visited.contains(cell), canvas.mask[place] >= settings.move,
        canvas.holds(place, margin: margin), canvas.objects[place] <= 0, canvas.allows(place),
        isAllowed(place)
      else { continue }
      guard canvas.mask[seed] >= settings.move else {
        object.end = .weakSeed
        break
      }
      guard object.callCount < settings.callLimit ?? .max else {
        object.end = .callLimit
        break
      }
      try shouldStop()
      object.deletions.append(try visit(place, &canvas))
      visited.insert(cell)
      object.visits.append(place)
      let field = VoxelBox(origin: place - margin, extent: network.fieldOfView)
      object.seen = object.seen?.union(field) ?? field
      for move in movement.moves(
        in: logits.span, network.fieldOfView, threshold: settings.move)
      { queue.append(place + move) }
    }
    return object
  }

  private mutating func visit(_ place: VoxelPosition, _ canvas: inout FloodCanvas) throws -> Int {
    canvas.copy(around: place, padding: settings.padding, into: &window)
    try network.run(window, into: &logits)
    var keepsOutside = false
    if let fraction = settings.disconnectionFraction {
      var count = 0
      for logit in logits where logit >= settings.move { count += 1 }
      keepsOutside = Double(count) > fraction * Double(logits.count)
    }
    return canvas.write(
      &logits, network.fieldOfView, around: place, keepsOutside: keepsOutside)
  }

  /// The cell of a grid around the seed that a place lies in; each is visited once.
  private func cell(of place: VoxelPosition, from seed: VoxelPosition) -> VoxelExtent {
    func index(_ distance: Int, _ step: Int) -> Int {
      let step = max(step, 1)
      let shifted = distance + step / 2
      return shifted >= 0 ? shifted / step : -((step - 1 - shifted) / step)
    }
    let (distance, step) = (place - seed, movement.step)
    return VoxelExtent(
      z: index(distance.z, step.z), y: index(distance.y, step.y), x: index(distance.x, step.x))
  }
}
