import Codecs
import VolumeStore
import Voxels

/// The metadata of OME-NGFF 0.1 to 0.4, told as that of 0.5.
///
/// Until 0.4, `multiscales` lay beside the other attributes of a Zarr v2 group. 0.3 knew the names
/// of axes only, 0.1 and 0.2 none: five axes are then t, c, z, y, x. Before 0.4 nothing says how
/// large voxels are.
///
/// Source: <https://ngff.openmicroscopy.org/0.4/#multiscale-md>
enum EarlierNGFF {
  static let version = "0.4"

  /// The attributes of a group with an `ome` member; those that have one already, as they are.
  static func modernized(
    _ attributes: JSONObject, in document: ZarrDocument
  ) throws(VolumeError) -> (attributes: JSONObject, notes: [String]) {
    guard attributes["ome"] == nil, let list = attributes["multiscales"]?.array,
      let first = list.first?.object
    else { return (attributes, []) }
    var notes: [String] = []
    var image = first
    switch first["version"]?.string ?? "" {
    case "0.4": break
    case "0.1", "0.2", "0.3", "":
      image = describingPlace(of: try describingAxes(of: first, &notes, in: document), &notes)
    default:
      throw document.unsupported(
        "the OME-NGFF version is not supported",
        found: document.describe(first["version"] ?? .null), expected: "0.1 to 0.5",
        remedy: "convert the image to OME-NGFF 0.5")
    }
    image["axes"] = image["axes"].map { describingAxes($0, &notes) }
    image["version"] = nil
    var ome: JSONObject = [
      "version": .string(MultiscaleMetadata.version),
      "multiscales": .array([.object(image)] + list.dropFirst()),
    ]
    for key in ["image-label", "omero"] { ome[key] = attributes[key] }
    var attributes = attributes
    attributes["ome"] = .object(ome)
    return (attributes, notes)
  }

  /// Gives an image of 0.1 to 0.3 the axes that the names, or their absence, stand for.
  private static func describingAxes(
    of image: JSONObject, _ notes: inout [String], in document: ZarrDocument
  ) throws(VolumeError) -> JSONObject {
    var image = image
    guard let axes = image["axes"] else {
      image["axes"] = .array(["t", "c", "z", "y", "x"].map { .object(["name": .string($0)]) })
      notes.append("the image does not say its axes: they are taken as t, c, z, y, x")
      return image
    }
    guard let names = axes.array else { throw document.malformed("axes is wrong", found: axes) }
    image["axes"] = .array(
      names.map { $0.string.map { .object(["name": .string($0)]) } ?? $0 })
    return image
  }

  /// Gives an image of 0.1 to 0.3 the scale 1, since something must be said.
  private static func describingPlace(
    of image: JSONObject, _ notes: inout [String]
  ) -> JSONObject {
    let rank = image["axes"]?.array?.count ?? 0
    var image = image
    let scale: JSONObject = [
      "type": .string("scale"), "scale": .array([JSONValue](repeating: .integer(1), count: rank)),
    ]
    image["datasets"] = image["datasets"]?.array.map { datasets in
      .array(
        datasets.map { dataset in
          guard var object = dataset.object, object["coordinateTransformations"] == nil else {
            return dataset
          }
          object["coordinateTransformations"] = .array([.object(scale)])
          return .object(object)
        })
    }
    return image
  }

  /// Gives axes the types that their names stand for, and units the names of the specification.
  private static func describingAxes(_ json: JSONValue, _ notes: inout [String]) -> JSONValue {
    let types = ["t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"]
    guard let items = json.array else { return json }
    return .array(
      items.map { item in
        guard var axis = item.object else { return item }
        if axis["type"] == nil || axis["type"] == .null {
          axis["type"] = axis["name"]?.string.flatMap { types[$0] }.map { .string($0) }
        }
        if axis["type"] == .string("space"), let unit = axis["unit"]?.string {
          if let known = LengthUnit(naming: unit) {
            axis["unit"] = .string(known.rawValue)
          } else if ["pixel", "pixels", "voxel", "arbitrary", ""].contains(unit.lowercased()) {
            axis["unit"] = nil
          }
        }
        return .object(axis)
      })
  }
}
