import Voxels

// Settings as one line of text, to be kept with the objects that they gave.
extension FloodSettings {
  /// The settings as `name=value` pairs, parted by semicolons.
  public var text: String {
    let distance = minimumDistance
    return [
      "initial=\(initialProbability)", "padding=\(paddingProbability)", "move=\(moveProbability)",
      "segment=\(segmentProbability)", "minimum_voxels=\(minimumVoxelCount)",
      "minimum_distance=\(distance.z) \(distance.y) \(distance.x)",
      "disconnection=\(disconnectionFraction.map { "\($0)" } ?? "off")",
      "call_limit=\(callLimit.map { "\($0)" } ?? "none")",
    ].joined(separator: ";")
  }

  /// Reads settings that ``text`` gave; pairs of other names are left out.
  ///
  /// - Returns: Nil where a pair is missing, or says what cannot be.
  public init?(text: String) {
    var values: [Substring: Substring] = [:]
    for pair in text.split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      values[parts[0]] = parts[1]
    }
    func probability(_ name: Substring) -> Double? {
      values[name].flatMap { Double($0) }.flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
    }
    guard let initial = probability("initial"), let padding = probability("padding"),
      let move = probability("move"), let segment = probability("segment"),
      let least = values["minimum_voxels"].flatMap({ Int($0) }), least >= 0,
      let distance = values["minimum_distance"]?.split(separator: " ").compactMap({ Int($0) }),
      distance.count == 3, distance.allSatisfy({ (0...1 << 20).contains($0) }),
      let disconnection = values["disconnection"], let limit = values["call_limit"]
    else { return nil }
    self.init()
    initialProbability = initial
    paddingProbability = padding
    moveProbability = move
    segmentProbability = segment
    minimumVoxelCount = least
    minimumDistance = VoxelExtent(z: distance[0], y: distance[1], x: distance[2])
    if disconnection == "off" {
      disconnectionFraction = nil
    } else {
      guard let fraction = Double(disconnection), (0...1).contains(fraction) else { return nil }
      disconnectionFraction = fraction
    }
    if limit == "none" {
      callLimit = nil
    } else {
      guard let count = Int(limit), count > 0 else { return nil }
      callLimit = count
    }
  }
}
