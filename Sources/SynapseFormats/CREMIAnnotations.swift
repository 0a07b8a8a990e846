import HDF5Formats
public import Synapses
public import VolumeStore
import Voxels

/// Synaptic partners in an HDF5 file, as the CREMI challenge keeps them.
///
/// The group `annotations` holds `ids`, `types` and `locations` (z, y, x in nanometres) of points,
/// `presynaptic_site/partners` with the ids of two points for each synapse, sending first, and
/// perhaps an attribute `offset` that is added to all locations. Neurons and scores have no place in
/// it.
///
/// Source: <https://cremi.org/data/>, <https://github.com/cremi/cremi_python>
public enum CREMIAnnotations {
  /// The datasets' group.
  static let group = "annotations"
  private static let pre = "presynaptic_site", post = "postsynaptic_site"

  /// Whether a file holds annotations.
  ///
  /// - Throws: ``VolumeError`` where it is no HDF5 file.
  public static func areIn(_ path: String) throws(VolumeError) -> Bool {
    try HDF5Datasets.names(in: path).contains("/\(group)/locations")
  }

  /// Reads synapses.
  ///
  /// - Returns: The synapses in the order of the partners, numbered from 1.
  /// - Throws: ``VolumeError`` with `notFound` where a dataset is missing, `dataTypeMismatch`, or
  ///   `malformedMetadata` where the datasets do not fit each other or a partner is no point.
  public static func read(_ path: String) throws(VolumeError) -> [Synapse] {
    let ids = try HDF5Array<UInt64>(path, dataset: "/\(group)/ids")
    let types = try HDF5Texts.read(path, dataset: "/\(group)/types")
    let (lengths, coordinates) = try locations(path)
    let partners = try HDF5Array<UInt64>(path, dataset: "/\(group)/presynaptic_site/partners")
    let count = ids.values.count
    guard ids.lengths.count == 1, types.count == count, lengths == [count, 3] else {
      throw malformed(
        path, "the annotations do not fit each other",
        found: "\(count) ids, \(types.count) types, locations of "
          + lengths.map { "\($0)" }.joined(separator: " × "))
    }
    guard partners.values.isEmpty || (partners.lengths.count == 2 && partners.lengths[1] == 2)
    else {
      throw malformed(
        path, "the partners are no pairs",
        found: partners.lengths.map { "\($0)" }.joined(separator: " × "))
    }
    let offset =
      try HDF5Table.numbers(ofAttribute: "offset", of: "/\(group)", in: path)
      ?? [0, 0, 0]
    guard offset.count == 3, offset.allSatisfy(\.isFinite) else {
      throw malformed(path, "the offset is not z, y, x", found: "\(offset.count) numbers")
    }
    var places: [UInt64: Int] = [:]
    for (index, id) in ids.values.enumerated() {
      guard places.updateValue(index, forKey: id) == nil else {
        throw malformed(path, "two points have the same id", found: "\(id)")
      }
    }
    func point(_ id: UInt64, _ type: String) throws(VolumeError) -> PhysicalPosition {
      guard let index = places[id] else {
        throw malformed(path, "a partner is no point of the annotations", found: "id \(id)")
      }
      guard types[index] == type else {
        throw malformed(
          path, "a point is on the other side", found: "id \(id): \(types[index])", expected: type)
      }
      let place = (0..<3).map { coordinates[3 * index + $0] + offset[$0] }
      guard place.allSatisfy(\.isFinite) else {
        throw malformed(path, "a location is no number", found: "id \(id)")
      }
      return PhysicalPosition(z: place[0], y: place[1], x: place[2])
    }
    var synapses: [Synapse] = []
    for row in 0..<partners.values.count / 2 {
      synapses.append(
        Synapse(
          pre: try point(partners.values[2 * row], pre),
          post: try point(partners.values[2 * row + 1], post), id: UInt64(row + 1)))
    }
    return synapses
  }

  /// Coordinates, which are of 32 bits in some files and of 64 in others.
  private static func locations(
    _ path: String
  ) throws(VolumeError) -> (lengths: [Int], values: [Double]) {
    let name = "/\(group)/locations"
    do {
      let array = try HDF5Array<Float>(path, dataset: name)
      return (array.lengths, array.values.map { Double($0) })
    } catch  where error.code == .dataTypeMismatch {
      let array = try HDF5Array<Double>(path, dataset: name)
      return (array.lengths, array.values)
    }
  }

  private static func malformed(
    _ path: String, _ message: String, found: String, expected: String? = nil
  ) -> VolumeError {
    VolumeError(
      .malformedMetadata, path: path, message, found: found, expected: expected,
      remedy: "check that the file is as the CREMI challenge writes it")
  }

  /// Writes synapses into a new file, two points for each.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  public static func write(
    _ synapses: [Synapse], to path: String, replacing: Bool
  ) throws(VolumeError) {
    let places = synapses.flatMap { [$0.pre, $0.post] }
    let count = places.count
    try HDF5Table.write(
      [
        HDF5Table.Dataset(
          "\(group)/ids", .unsigned((0..<count).map { UInt64($0 + 1) }), lengths: [count]),
        HDF5Table.Dataset(
          "\(group)/types", .texts((0..<count).map { $0 % 2 == 0 ? pre : post }),
          lengths: [count]),
        HDF5Table.Dataset(
          "\(group)/locations", .numbers(places.flatMap { [$0.z, $0.y, $0.x] }),
          lengths: [count, 3]),
        HDF5Table.Dataset(
          "\(group)/presynaptic_site/partners",
          .unsigned((0..<count).map { UInt64($0 + 1) }), lengths: [synapses.count, 2]),
      ],
      attributes: [
        HDF5Table.Attribute("/", "file_format", .text("0.2")),
        HDF5Table.Attribute("/\(group)", "offset", .numbers([0, 0, 0])),
      ], to: path, replacing: replacing)
  }
}
