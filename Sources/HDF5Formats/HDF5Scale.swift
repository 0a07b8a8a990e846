import CHDF5
import VolumeStore
import Voxels

/// The voxel size and offset that a dataset's attributes state, in nanometres.
struct HDF5Scale: Sendable {
  var voxelSize: VoxelSize?
  var offset = PhysicalPosition.zero

  /// The attributes that hold a voxel size, and their unit where the file states none.
  ///
  /// Source: CREMI file format 0.2 (`resolution`), funlib.persistence (`voxel_size`), ilastik and
  /// PlantSeg (`element_size_um`).
  private static let names: [(name: String, unit: LengthUnit, isTold: Bool)] = [
    ("resolution", .nanometer, true), ("element_size_um", .micrometer, true),
    ("voxel_size", .nanometer, false), ("spacing", .nanometer, false),
  ]

  /// Creates a scale.
  init(voxelSize: VoxelSize?, offset: PhysicalPosition = .zero) {
    self.voxelSize = voxelSize
    self.offset = offset
  }

  /// Reads the attributes of a dataset, or else of the nearest group that has them.
  init(
    _ library: borrowing HDF5Library, file: hid_t, dataset: String, axes: HDF5Axes,
    notes: inout [String]
  ) {
    for owner in HDF5Scale.owners(dataset) {
      guard let object = library.openObject(file, owner) else { continue }
      for (name, usual, isTold) in HDF5Scale.names {
        guard let numbers = library.numbers(object.id, name) else { continue }
        var texts: [String]?
        for name in ["units", "unit", "\(name)_units", "\(name)_unit"] where texts == nil {
          texts = library.texts(object.id, name)
        }
        let stated = texts.flatMap { HDF5Scale.unit($0) }
        if let texts, stated == nil {
          notes.append(
            "\(dataset): \(name) is in \(texts.joined(separator: ", ")), which is no length")
          return
        }
        if stated == nil, !isTold { notes.append("\(dataset): \(name) taken as nanometres") }
        let unit = stated ?? usual
        guard let lengths = axes.spatial(numbers) else {
          notes.append("\(dataset): \(name) does not fit the axes and is ignored")
          continue
        }
        let size = VoxelSize(z: lengths.z, y: lengths.y, x: lengths.x, unit: unit)
          .converted(to: .nanometer)
        guard size.isValid else { continue }
        voxelSize = size
        if axes.volumeAxes.order.filter(\.isSpatial) != [.z, .y, .x] {
          notes.append("\(dataset): \(name) taken in the order of the axes, \(axes.volumeAxes)")
        }
        let places = library.numbers(object.id, "offset").flatMap { axes.spatial($0) }
        if let places, [places.z, places.y, places.x].allSatisfy(\.isFinite) {
          let factor = unit.nanometers
          offset = PhysicalPosition(
            z: places.z * factor, y: places.y * factor, x: places.x * factor)
        }
        return
      }
    }
    notes.append("\(dataset): the file does not say the voxel size")
  }

  /// The dataset and the groups around it, the nearest first.
  private static func owners(_ dataset: String) -> [String] {
    var parts = dataset.split(separator: "/")
    var owners: [String] = []
    while !parts.isEmpty, owners.count < 32 {
      owners.append("/" + parts.joined(separator: "/"))
      parts.removeLast()
    }
    return owners + ["/"]
  }

  /// The one unit that all texts name; nil where they do not.
  static func unit(_ texts: [String]) -> LengthUnit? {
    let units = texts.filter { !$0.isEmpty }.map { LengthUnit(naming: $0) }
    guard let first = units.first, units.allSatisfy({ $0 == first }) else { return nil }
    return first
  }
}

extension VolumeAxis {
  /// Whether the axis is one of space.
  var isSpatial: Bool { self == .z || self == .y || self == .x }
}

extension HDF5Axes {
  /// The numbers of the axes of space, from one number for each of them or for each axis.
  fileprivate func spatial(_ numbers: [Double]) -> (z: Double, y: Double, x: Double)? {
    var order = axes.compactMap { $0 }.filter(\.isSpatial)
    if !order.contains(.z) { order.insert(.z, at: 0) }
    var values: [VolumeAxis: Double] = [:]
    if numbers.count == 3 {
      for (axis, number) in zip(order, numbers) { values[axis] = number }
    } else if numbers.count == axes.count {
      for (axis, number) in zip(axes, numbers) {
        if let axis { values[axis] = number }
      }
    }
    guard let z = values[.z], let y = values[.y], let x = values[.x] else { return nil }
    return (z, y, x)
  }
}
