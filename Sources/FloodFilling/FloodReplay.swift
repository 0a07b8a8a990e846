public import Voxels

/// An object that is flooded once more, exactly as a record says.
///
/// Where the field of view may go is what it visited then: other objects that were in its way need
/// not be known.
public struct FloodReplay: Sendable {
  /// What was done this time.
  public let flood: FloodedObject
  /// (1, z, y, x) within what was seen: 1 in the object, with what fell to earlier objects; nil
  /// where nothing was seen.
  public let object: Volume<UInt8>?

  /// Whether the network was called at the same places in the same order, and ended the same way.
  public func repeats(_ record: FloodedObject) -> Bool {
    flood.visits == record.visits && flood.end == record.end && flood.seen == record.seen
  }

  /// The object's voxels.
  public var voxelCount: Int {
    guard let object else { return 0 }
    let voxels = object.span
    var count = 0
    for index in voxels.indices { count += Int(voxels[index]) }
    return count
  }
}

extension FloodCanvas {
  /// Floods an object once more; the canvas is as before afterwards.
  ///
  /// - Parameters:
  ///   - record: What was done.
  ///   - flood: What floods, with the settings of then.
  ///   - settings: The thresholds of then.
  ///   - shouldStop: Asked before every network call.
  /// - Returns: What was done this time.
  /// - Throws: What the network or `shouldStop` throws.
  public mutating func replay<Network: FloodNetwork>(
    _ record: FloodedObject, by flood: inout ObjectFlood<Network>, _ settings: FloodSettings,
    checking shouldStop: () throws -> Void = {}
  ) throws -> FloodReplay {
    let visited = Set(record.visits)
    defer { clearMask(box) }
    let done = try flood.flood(
      from: record.seed, in: &self, where: { visited.contains($0) }, checking: shouldStop)
    guard let seen = done.seen else { return FloodReplay(flood: done, object: nil) }
    clearMaskOutsideDomain(in: seen)
    return FloodReplay(
      flood: done, object: inside(seen, threshold: settings.segment))
  }

  /// The voxels of a box that belong to the object being flooded.
  func inside(_ part: VoxelBox, threshold: Float) -> Volume<UInt8> {
    var result = Volume<UInt8>(box: part)
    let start = part.origin - box.origin
    for z in 0..<part.extent.z {
      for y in 0..<part.extent.y {
        let logits = mask.row(z: start.z + z, y: start.y + y)
        var row = result.mutableRow(z: z, y: y)
        for x in 0..<part.extent.x where logits[start.x + x] >= threshold { row[x] = 1 }
      }
    }
    return result
  }
}
