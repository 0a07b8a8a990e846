import Codecs
import VolumeStore
import Voxels

/// Where the voxels of an N5 array lie, as one of the conventions says that are in use.
///
/// N5 itself says nothing of space. Lists are in its own order of axes, fastest first, unless they
/// come with names.
///
/// Source: tensorstore's `n5` driver and funlib (`resolution`, `units`, `offset`), Paintera
/// (`resolution`, `offset`, `downsamplingFactors`), N5 Viewer and BigDataViewer (`pixelResolution`,
/// `downsamplingFactors`, `scales`), COSEM (`multiscales`, `transform`).
struct N5Placement {
  /// A number for each axis of space that a list names.
  typealias Lengths = [VolumeAxis: Double]

  let axes: VolumeAxes
  /// The attributes of the array and of the group around it.
  let own: JSONObject
  let group: JSONObject
  /// The array's entry among the group's `multiscales`, and the names of the axes there.
  let entry: JSONObject
  let entryAxes: [String]?
  /// How many voxels of the finest level one voxel covers, where the attributes do not say.
  let derivedFactors: Lengths
  /// The place in the lists of the group.
  let level: Int

  /// The voxel size and offset; what had to be assumed is added to the notes.
  func place(notes: inout [String]) -> VoxelPlace {
    if let place = transformed(&notes) { return place }
    let ownFactors = lengths(own["downsamplingFactors"])
    let factors = ownFactors ?? groupFactors ?? derivedFactors
    // An offset of the array's own is where its first voxel is; the group's is that of the finest.
    let offset = own["offset"] ?? group["offset"]
    let isOwn = own["offset"] != nil
    if let named = own["pixelResolution"].flatMap({ pixelResolution($0) }) {
      return scaled(named.size, named.unit, by: ownFactors ?? [:], offset, isOwn, &notes)
    }
    let base =
      group["pixelResolution"].flatMap { pixelResolution($0) }
      ?? lengths(group["resolution"]).map { (size: $0, unit: unitName(group)) }
    let isFinest = factors.values.allSatisfy { $0 == 1 }
    if let size = lengths(own["resolution"]), isFinest || size != base?.size {
      return scaled(size, unitName(own) ?? base?.unit, by: [:], offset, isOwn, &notes)
    }
    guard let base else {
      notes.append("the file does not say the voxel size")
      return VoxelPlace(voxelSize: nil, offset: .zero)
    }
    return scaled(base.size, base.unit, by: factors, offset, isOwn, &notes)
  }

  /// A base size times factors; the first voxel's centre moves with them.
  private func scaled(
    _ base: Lengths, _ unitName: String?, by factors: Lengths, _ offset: JSONValue?,
    _ isOwnOffset: Bool, _ notes: inout [String]
  ) -> VoxelPlace {
    guard let unit = unit(unitName, &notes) else {
      return VoxelPlace(voxelSize: nil, offset: .zero)
    }
    if Set(base.values).count > 1, own["axes"] == nil, group["axes"] == nil {
      notes.append("the resolution was taken to be in N5's order of axes, x first")
    }
    let start = lengths(offset) ?? [:]
    func size(_ axis: VolumeAxis) -> Double { (base[axis] ?? 1) * (factors[axis] ?? 1) }
    func centre(_ axis: VolumeAxis) -> Double {
      let moved = isOwnOffset ? 0 : (base[axis] ?? 1) * ((factors[axis] ?? 1) - 1) / 2
      return (start[axis] ?? 0) + moved
    }
    return checked(
      VoxelSize(z: size(.z), y: size(.y), x: size(.x), unit: unit),
      PhysicalPosition(z: centre(.z), y: centre(.y), x: centre(.x)), &notes)
  }

  /// What `transform`, of the array or of its entry, says; COSEM names the axes with it.
  private func transformed(_ notes: inout [String]) -> VoxelPlace? {
    guard let transform = (own["transform"] ?? entry["transform"])?.object else {
      return transformedAsOME(&notes)
    }
    let names = transform["axes"]?.array?.compactMap { $0.string }
    guard let scale = lengths(transform["scale"], names: names) else { return nil }
    let translation = lengths(transform["translate"], names: names) ?? [:]
    return place(scale, translation, transform["units"]?.array?.first?.string, &notes)
  }

  private func transformedAsOME(_ notes: inout [String]) -> VoxelPlace? {
    let list = entry["coordinateTransformations"]?.array?.compactMap { $0.object } ?? []
    func values(_ kind: String) -> Lengths? {
      list.first { $0["type"]?.string == kind }
        .flatMap { lengths($0[kind], names: entryAxes) }
    }
    guard let scale = values("scale") else { return nil }
    let unit = multiscaleAxes(group).compactMap { $0["unit"]?.string }.first
    return place(scale, values("translation") ?? [:], unit, &notes)
  }

  private func place(
    _ scale: Lengths, _ translation: Lengths, _ unitName: String?, _ notes: inout [String]
  ) -> VoxelPlace {
    guard let unit = unit(unitName, &notes) else {
      return VoxelPlace(voxelSize: nil, offset: .zero)
    }
    return checked(
      VoxelSize(z: scale[.z] ?? 1, y: scale[.y] ?? 1, x: scale[.x] ?? 1, unit: unit),
      PhysicalPosition(z: translation[.z] ?? 0, y: translation[.y] ?? 0, x: translation[.x] ?? 0),
      &notes)
  }

  private func checked(
    _ size: VoxelSize, _ offset: PhysicalPosition, _ notes: inout [String]
  ) -> VoxelPlace {
    guard size.isValid, [offset.z, offset.y, offset.x].allSatisfy({ $0.isFinite }) else {
      notes.append("the voxel size in the file is out of range and was passed over")
      return VoxelPlace(voxelSize: nil, offset: .zero)
    }
    return VoxelPlace(voxelSize: size, offset: offset)
  }

  // MARK: Members

  private var groupFactors: Lengths? {
    for key in ["downsamplingFactors", "scales"] {
      if let list = group[key]?.array, list.indices.contains(level),
        let factors = lengths(list[level])
      {
        return factors
      }
    }
    return nil
  }

  /// `{"dimensions": […], "unit": "nm"}`, or the list alone.
  private func pixelResolution(_ json: JSONValue) -> (size: Lengths, unit: String?)? {
    lengths(json.object?["dimensions"] ?? json)
      .map { ($0, json.object?["unit"]?.string) }
  }

  private func unitName(_ attributes: JSONObject) -> String? {
    attributes["units"]?.array?.compactMap { $0.string }.first { !$0.isEmpty }
      ?? attributes["units"]?.string ?? attributes["unit"]?.string
  }

  private func unit(_ name: String?, _ notes: inout [String]) -> LengthUnit? {
    guard let name, !name.isEmpty else {
      notes.append("the resolution was taken to be in nanometres")
      return .nanometer
    }
    guard let unit = LengthUnit(naming: name) else {
      notes.append("the voxel size is in an unknown unit and was passed over: \(name.prefix(40))")
      return nil
    }
    return unit
  }

  /// The numbers of a list by the axes that they belong to; nil where it is no such list.
  private func lengths(_ json: JSONValue?, names: [String]? = nil) -> Lengths? {
    guard let values = json?.array?.compactMap({ $0.double }), !values.isEmpty,
      values.count == json?.array?.count
    else { return nil }
    let space = axes.order.filter { [.z, .y, .x].contains($0) }
    let order: [VolumeAxis?]
    if let names, names.count == values.count {
      order = names.map { VolumeAxis(rawValue: $0.lowercased()) }
    } else if values.count == axes.order.count {
      order = axes.order.reversed()
    } else if values.count == space.count {
      order = space.reversed()
    } else {
      return nil
    }
    var lengths: Lengths = [:]
    for (axis, value) in zip(order, values) {
      if let axis, space.contains(axis) { lengths[axis] = value }
    }
    return lengths
  }
}

/// The axes of a group's first `multiscales` entry.
func multiscaleAxes(_ attributes: JSONObject) -> [JSONObject] {
  let first = attributes["multiscales"]?.array?.first?.object
  return first?["axes"]?.array?.compactMap { $0.object } ?? []
}
