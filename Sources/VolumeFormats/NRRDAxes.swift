import VolumeStore
import Voxels

/// What the axes of an NRRD file stand for, and how large a voxel is.
struct NRRDAxes: Sendable {
  /// The axes, slowest first, and their lengths.
  let axes: VolumeAxes
  let lengths: [Int]
  let voxelSize: VoxelSize?
  let offset: PhysicalPosition

  private static let spaceKinds: Set<String> = ["domain", "space"]

  /// Tells the axes from the kinds, the directions or the labels, or else from their number.
  init(
    _ header: NRRDHeader, stated: VolumeAxes?, notes: inout [String]
  ) throws(VolumeError) {
    var lengths = try header.lengths()
    let rank = lengths.count
    var directions: [[Double]?]?
    if let words = try header.words("space directions", count: rank) {
      directions = []
      for word in words { directions?.append(try header.vector(word)) }
    }
    var order: [VolumeAxis]
    if let stated {
      order = try statedAxes(stated, lengths: lengths.reversed(), path: header.path)
        .0.order.reversed()
    } else {
      order = try NRRDAxes.order(header, lengths: lengths, directions: directions, notes: &notes)
    }
    (voxelSize, offset) = try NRRDAxes.place(
      header, order: order, directions: directions, notes: &notes)
    if !order.contains(.z) {
      order.insert(.z, at: order.firstIndex(of: .y).map { $0 + 1 } ?? order.count)
      lengths.insert(1, at: order.firstIndex(of: .z) ?? 0)
    }
    guard let axes = VolumeAxes(order.reversed()) else {
      throw VolumeError(
        .unsupportedFeature, path: header.path, "the axes are not those of a volume",
        found: lengths.sizesText, expected: "two or three axes of space",
        remedy: "state the axes by --axes, slowest first")
    }
    self.axes = axes
    self.lengths = lengths.reversed()
  }

  private static func order(
    _ header: NRRDHeader, lengths: [Int], directions: [[Double]?]?, notes: inout [String]
  ) throws(VolumeError) -> [VolumeAxis] {
    let rank = lengths.count
    let refusal = VolumeError(
      .unsupportedFeature, path: header.path, "the axes cannot be told", found: lengths.sizesText,
      expected: "two or three axes of space, one of channels and one of time",
      remedy: "state the axes by --axes, slowest first")
    if let labels = try header.words("labels", count: rank) {
      let named = labels.compactMap { VolumeAxis(rawValue: $0.lowercased()) }
      if named.count == rank, let axes = VolumeAxes(named) { return axes.order }
    }
    let kinds = try header.words("kinds", count: rank)?.map { $0.lowercased() }
    let isSpace: [Bool]
    if let directions {
      isSpace = directions.map { $0 != nil }
    } else if let kinds, kinds.contains(where: { spaceKinds.contains($0) }) {
      isSpace = kinds.map { spaceKinds.contains($0) }
    } else {
      isSpace = (0..<rank).map { $0 < 3 }
      if rank > 3 {
        notes.append("the three fastest axes are taken as x, y and z")
      }
    }
    var space: [VolumeAxis] = [.z, .y, .x]
    var others: [VolumeAxis] = [.time, .channel]
    var order: [VolumeAxis] = []
    for axis in 0..<rank {
      if isSpace[axis], let next = space.popLast() {
        order.append(next)
      } else if isSpace[axis] || kinds?[axis] == "time" {
        guard let time = others.firstIndex(of: .time) else { throw refusal }
        others.remove(at: time)
        order.append(.time)
        if isSpace[axis] { notes.append("the fourth axis of space is taken as time") }
      } else {
        guard let next = others.popLast() else { throw refusal }
        order.append(next)
      }
    }
    guard order.contains(.y), rank <= 5 else { throw refusal }
    return order
  }

  private static func place(
    _ header: NRRDHeader, order: [VolumeAxis], directions: [[Double]?]?, notes: inout [String]
  ) throws(VolumeError) -> (VoxelSize?, PhysicalPosition) {
    let rank = order.count
    var steps: [VolumeAxis: Double] = [:]
    var units: [String] = []
    var isAligned = true
    if let directions {
      for (axis, direction) in zip(order, directions) {
        guard let direction else { continue }
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        steps[axis] = length
        let place = [.x, .y, .z].firstIndex(of: axis) ?? 0
        isAligned =
          isAligned && place < direction.count && direction[place] > 0
          && direction[place] >= length * (1 - 1e-8)
      }
      if let words = header.fields["space units"] {
        units =
          try header.words(
            "space units", count: words.split(separator: "\"").count { !$0.trimmed.isEmpty }) ?? []
      }
    } else if let spacings = try header.words("spacings", count: rank) {
      for (axis, word) in zip(order, spacings) {
        guard let length = Double(word) else {
          throw header.malformed("a spacing is no number", found: word)
        }
        steps[axis] = abs(length)
      }
      if let words = try header.words("units", count: rank) {
        units = zip(order, words).filter { [.x, .y, .z].contains($0.0) }.map(\.1)
      }
    }
    let (z, y, x) = (
      steps[.z] ?? (order.contains(.z) ? .nan : 1), steps[.y] ?? .nan, steps[.x] ?? .nan
    )
    guard !steps.isEmpty else {
      notes.append("the file does not say the voxel size")
      return (nil, .zero)
    }
    let known = Set(units.compactMap { LengthUnit(symbol: $0) })
    let size = VoxelSize(z: z, y: y, x: x, unit: known.first ?? .millimeter)
    guard known.count == 1, units.allSatisfy({ LengthUnit(symbol: $0) != nil }), size.isValid else {
      notes.append(
        "the file does not say the voxel size: distances of \(z), \(y), \(x) along z, y, x, in "
          + (units.isEmpty ? "no unit" : units.joined(separator: ", ")))
      return (nil, .zero)
    }
    guard isAligned else {
      notes.append(
        "the file turns or mirrors the volume in space; voxels are read in the order in which they "
          + "are stored, and the transform is left out")
      return (size.inNanometers, .zero)
    }
    guard let text = header.fields["space origin"], let origin = try header.vector(text),
      origin.allSatisfy(\.isFinite)
    else { return (size.inNanometers, .zero) }
    let position = PhysicalPosition(
      z: origin.count > 2 ? origin[2] : 0, y: origin.count > 1 ? origin[1] : 0, x: origin[0])
    return (size.inNanometers, position.inNanometers(size.unit))
  }
}
