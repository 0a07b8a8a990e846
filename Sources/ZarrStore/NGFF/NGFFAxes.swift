import Codecs
import VolumeStore
import Voxels

/// The `axes` of an image: which of t, c, z, y, x each is, and its unit.
///
/// Source: OME-NGFF 0.5, <https://ngff.openmicroscopy.org/0.5/#axes-md>
struct NGFFAxes {
  let axes: VolumeAxes
  /// What the image calls them.
  let names: [String]
  /// The unit of x; nil where the axes of space have none.
  let unit: LengthUnit?
  /// The unit of each axis in that of x; 1 for those that are not of space.
  let factors: [Double]
  /// What was assumed.
  private(set) var warnings: [String] = []

  init(
    _ json: JSONValue?, stated: VolumeAxes?, in document: ZarrDocument
  ) throws(VolumeError) {
    let items = json?.array?.map { $0.object ?? [:] } ?? []
    names = items.compactMap { $0["name"]?.string }
    guard (2...5).contains(items.count), names.count == items.count,
      Set(names).count == names.count
    else {
      throw document.malformed(
        "axes is wrong", found: json, expected: "two to five axes with different names")
    }
    if let stated {
      guard stated.order.count == items.count else {
        throw document.unsupported(
          "the image has another number of axes than stated",
          found: names.joined(separator: ", "), expected: "\(stated)",
          remedy: "state \(items.count) axes (--axes)")
      }
      axes = stated
    } else {
      var notes: [String] = []
      let order = try Self.order(items, names, &notes, in: document)
      guard let found = VolumeAxes(order) else {
        throw document.unsupported(
          "the axes are not supported", found: names.joined(separator: ", "),
          expected: "each of t, c, z, y, x at most once, with y and x",
          remedy: "state which axis is which (--axes)")
      }
      axes = found
      warnings = notes
    }
    let order = axes.order
    let spatial = order.indices.filter { order[$0].isSpatial }
    (unit, factors) = try Self.units(items, spatial, axes, in: document)
    if unit == nil { warnings.append("the image does not say its unit of length") }
    if !axes.contains(.z) {
      warnings.append("the image has no z axis: its section is taken to be as thick as a pixel")
    }
    if stated == nil, !Self.isGrouped(axes) {
      warnings.append("the axes are not in the order of OME-NGFF: time, channel, space")
    }
  }

  private static func order(
    _ items: [JSONObject], _ names: [String], _ notes: inout [String], in document: ZarrDocument
  ) throws(VolumeError) -> [VolumeAxis] {
    let types = items.map { $0["type"]?.string }
    let named = names.map { VolumeAxis(dimensionName: $0) }
    for (axis, type) in zip(named, types) {
      guard let axis, let type, ["time", "channel", "space"].contains(type) else { continue }
      guard axis.ngffType == type else {
        throw document.malformed(
          "an axis is of the wrong type", found: .string("\(axis.rawValue) of type \(type)"),
          expected: axis.ngffType)
      }
    }
    // Axes of space that go by names of their own are z, y, x in that order.
    let spatial = types.indices.filter { types[$0] == "space" }
    let isNamed = spatial.allSatisfy { named[$0] != nil }
    let letters = Array([VolumeAxis.z, .y, .x].suffix(spatial.count))
    if !isNamed, spatial.count <= 3 {
      let own = spatial.map { names[$0] }.joined(separator: ", ")
      let taken = letters.map { $0.rawValue }.joined(separator: ", ")
      notes.append("the axes of space \(own) are taken as \(taken)")
    }
    var order: [VolumeAxis] = []
    for index in names.indices {
      switch types[index] {
      case "time": order.append(.time)
      case "channel": order.append(.channel)
      case "space" where !isNamed && spatial.count <= 3:
        order.append(letters[spatial.firstIndex(of: index) ?? 0])
      default:
        if named[index] == nil { notes.append("the axis \(names[index]) is taken as channels") }
        order.append(named[index] ?? .channel)
      }
    }
    return order
  }

  /// The unit of x, and the units of all axes in it.
  private static func units(
    _ items: [JSONObject], _ spatial: [Int], _ axes: VolumeAxes, in document: ZarrDocument
  ) throws(VolumeError) -> (unit: LengthUnit?, factors: [Double]) {
    var factors = [Double](repeating: 1, count: items.count)
    let stored = spatial.map { items[$0]["unit"] ?? .null }
    guard stored.contains(where: { $0 != .null }) else { return (nil, factors) }
    guard !stored.contains(.null) else {
      throw document.malformed(
        "some axes of space have a unit and some do not",
        found: .array(items.map { .object($0) }))
    }
    let units = stored.compactMap { LengthUnit(rawValue: $0.string ?? "") }
    guard units.count == spatial.count, let last = axes.order.firstIndex(of: .x),
      let place = spatial.firstIndex(of: last)
    else {
      throw document.unsupported(
        "the units of the axes of space are not supported",
        found: document.describe(.array(stored)),
        expected: LengthUnit.allCases.map { $0.rawValue }.joined(separator: ", "),
        remedy: "give the axes one of these units")
    }
    for (index, unit) in zip(spatial, units) where unit != units[place] {
      factors[index] = unit.nanometers / units[place].nanometers
    }
    return (units[place], factors)
  }

  /// Whether time comes before channels, and both before space.
  private static func isGrouped(_ axes: VolumeAxes) -> Bool {
    let kinds = axes.order.map { $0 == .time ? 0 : $0 == .channel ? 1 : 2 }
    return kinds == kinds.sorted()
  }
}
