public import Voxels

/// What became of a seed.
public enum SeedOutcome: Hashable, Sendable {
  /// An object of that number and so many voxels, of which some fell to earlier objects.
  case object(id: Int32, voxelCount: Int, overlapCount: Int)
  /// Its voxel was an object's already, or the field of view does not fit around it.
  case passedOver
  /// No object may lie there.
  case masked
  /// An object lies too near.
  case tooNear
  /// The mask fell below the threshold of moving at the seed, or never moved.
  case weak
  /// The object has too few voxels.
  case tooSmall(voxelCount: Int)
}

/// A seed, how it was flooded, and what became of it: enough to do it again.
public struct SeedRecord: Hashable, Sendable {
  /// What was flooded; without visits where the seed was passed over.
  public var flood: FloodedObject
  /// What became of it.
  public var outcome: SeedOutcome

  /// Creates a record.
  public init(flood: FloodedObject, outcome: SeedOutcome) {
    self.flood = flood
    self.outcome = outcome
  }
}

extension FloodCanvas {
  /// Floods from a seed and takes the object up.
  ///
  /// Voxels of earlier objects stay theirs. A seed that gives no object is marked with -1, so that
  /// no other seed begins there.
  ///
  /// - Parameters:
  ///   - seed: Where to begin.
  ///   - id: The object's number.
  ///   - flood: What floods.
  ///   - settings: The thresholds.
  ///   - isAllowed: Whether the field of view may go to a place.
  ///   - shouldStop: Asked before every network call.
  /// - Returns: What became of the seed.
  /// - Throws: What the network or `shouldStop` throws; the canvas is then as it was before.
  public mutating func fill<Network: FloodNetwork>(
    from seed: VoxelPosition, as id: Int32, by flood: inout ObjectFlood<Network>,
    _ settings: FloodSettings, where isAllowed: (VoxelPosition) -> Bool = { _ in true },
    checking shouldStop: () throws -> Void = {}
  ) throws -> SeedRecord {
    var record = SeedRecord(flood: FloodedObject(seed: seed), outcome: .passedOver)
    guard holds(seed, margin: flood.margin), objects[seed] <= 0 else { return record }
    guard allows(seed) else {
      record.outcome = .masked
      return record
    }
    guard !hasObject(around: seed, settings.minimumDistance) else {
      objects[seed] = -1
      record.outcome = .tooNear
      return record
    }
    do {
      record.flood = try flood.flood(
        from: seed, in: &self, where: isAllowed, checking: shouldStop)
    } catch {
      // How far it came is not known.
      clearMask(box)
      throw error
    }
    guard let seen = record.flood.seen else { return record }
    defer { clearMask(seen) }
    guard record.flood.callCount > 0 else { return record }
    guard mask[seed] >= settings.move else {
      if objects[seed] == 0 { objects[seed] = -1 }
      record.outcome = .weak
      return record
    }
    clearMaskOutsideDomain(in: seen)
    let (own, taken) = count(in: seen, threshold: settings.segment)
    guard own >= settings.minimumVoxelCount else {
      if objects[seed] == 0 { objects[seed] = -1 }
      record.outcome = .tooSmall(voxelCount: own)
      return record
    }
    giveVoxels(to: id, mask, in: seen, threshold: settings.segment, into: &objects)
    record.outcome = .object(id: id, voxelCount: own, overlapCount: taken)
    return record
  }

  private func hasObject(around seed: VoxelPosition, _ distance: VoxelExtent) -> Bool {
    let near = VoxelBox(
      from: seed - distance, to: seed + distance + VoxelExtent(cube: 1)
    ).intersection(box)
    for z in near.origin.z..<near.end.z {
      for y in near.origin.y..<near.end.y {
        for x in near.origin.x..<near.end.x
        where objects[VoxelPosition(z: z, y: y, x: x)] > 0 { return true }
      }
    }
    return false
  }

  /// The voxels of the mask that are free, and those that are other objects'.
  private func count(in seen: VoxelBox, threshold: Float) -> (own: Int, taken: Int) {
    var (own, taken) = (0, 0)
    let start = seen.origin - box.origin
    for z in start.z..<start.z + seen.extent.z {
      for y in start.y..<start.y + seen.extent.y {
        let (logits, ids) = (mask.row(z: z, y: y), objects.row(z: z, y: y))
        for x in start.x..<start.x + seen.extent.x where logits[x] >= threshold {
          if ids[x] <= 0 { own += 1 } else { taken += 1 }
        }
      }
    }
    return (own, taken)
  }
}

/// Gives the free voxels of a mask to an object.
private func giveVoxels(
  to id: Int32, _ mask: borrowing Volume<Float>, in seen: VoxelBox, threshold: Float,
  into objects: inout Volume<Int32>
) {
  let start = seen.origin - objects.box.origin
  for z in start.z..<start.z + seen.extent.z {
    for y in start.y..<start.y + seen.extent.y {
      let logits = mask.row(z: z, y: y)
      var ids = objects.mutableRow(z: z, y: y)
      for x in start.x..<start.x + seen.extent.x where logits[x] >= threshold && ids[x] <= 0 {
        ids[x] = id
      }
    }
  }
}
