public import Codecs

/// What is wrong with OME-NGFF metadata, by the rules of version 0.5.
///
/// Checks the `ome` attribute of a group: images, label images and their colours, plates, wells, the
/// list of labels, and what bioformats2raw puts around them.
///
/// Source: OME-NGFF 0.5, <https://ngff.openmicroscopy.org/0.5/>
public struct NGFFValidation {
  /// Whether what the specification recommends is asked for too.
  private let isStrict: Bool
  /// What is wrong, one line each, with the place in the metadata.
  private var faults: [String] = []

  /// Lists what is wrong with the attributes of a group; nothing where they are valid.
  ///
  /// - Parameters:
  ///   - attributes: The `attributes` member of the group's `zarr.json`.
  ///   - isStrict: Whether to ask for what the specification only recommends as well.
  /// - Returns: One line for each fault, with its place.
  public static func faults(in attributes: JSONObject, isStrict: Bool = false) -> [String] {
    var validation = NGFFValidation(isStrict: isStrict)
    validation.check(attributes)
    return validation.faults
  }

  private init(isStrict: Bool) { self.isStrict = isStrict }

  private mutating func check(_ attributes: JSONObject) {
    guard let ome = attributes["ome"]?.object else { return fault("ome", "is missing") }
    require(ome["version"] == .string(MultiscaleMetadata.version), "version", "is not 0.5")
    let kinds = [
      "multiscales", "image-label", "plate", "well", "labels", "series", "bioformats2raw.layout",
    ]
    require(kinds.contains { ome[$0] != nil }, "ome", "describes nothing that is known")
    if let multiscales = ome["multiscales"] { checkImages(multiscales, "multiscales") }
    if let omero = ome["omero"] { checkOmero(omero, "omero") }
    if let label = ome["image-label"] { checkLabel(label, "image-label") }
    if let plate = ome["plate"] { checkPlate(plate, "plate") }
    if let well = ome["well"] { checkWell(well, "well") }
    for name in ["labels", "series"] {
      guard let list = ome[name] else { continue }
      require(list.array?.allSatisfy { $0.string != nil } == true, name, "is no list of names")
    }
    if let layout = ome["bioformats2raw.layout"] {
      require(layout.double == 3, "bioformats2raw.layout", "is not 3")
    }
  }

  // MARK: Images

  private mutating func checkImages(_ json: JSONValue, _ place: String) {
    forEach(json, place) { validation, image, place in
      validation.optional(image, ["name", "type"], place, "is no text") { $0.string != nil }
      if validation.isStrict {
        for name in ["name", "type", "metadata"] {
          validation.require(image[name] != nil, "\(place)/\(name)", "is missing")
        }
      }
      let rank = validation.checkAxes(image["axes"], "\(place)/axes")
      if let outer = image["coordinateTransformations"] {
        validation.checkTransformations(outer, rank, "\(place)/coordinateTransformations")
      }
      validation.forEach(image["datasets"], "\(place)/datasets") { validation, level, place in
        validation.require(level["path"]?.string != nil, "\(place)/path", "is no text")
        validation.checkTransformations(
          level["coordinateTransformations"], rank, "\(place)/coordinateTransformations")
      }
    }
  }

  /// - Returns: The number of axes.
  private mutating func checkAxes(_ json: JSONValue?, _ place: String) -> Int {
    let axes = json?.array ?? []
    require((2...5).contains(axes.count), place, "is no list of two to five axes")
    let names = axes.map { $0.object?["name"]?.string }
    require(!names.contains(nil), place, "holds an axis without a name")
    require(Set(names).count == names.count, place, "names an axis twice")
    let types = axes.map { $0.object?["type"] ?? .null }
    require(
      types.allSatisfy { $0 == .null || $0.string != nil }, place, "has a type that is no text")
    func count(_ type: String) -> Int { types.count { $0 == .string(type) } }
    require((2...3).contains(count("space")), place, "has not two or three axes of space")
    require(count("time") <= 1, place, "has several axes of time")
    require(axes.count - count("time") - count("space") <= 1, place, "has several other axes")
    let order = types.map { $0 == .string("time") ? 0 : $0 == .string("space") ? 2 : 1 }
    require(order == order.sorted(), place, "is not in the order time, channel, space")
    for unit in axes.compactMap({ $0.object?["unit"] }) {
      require(unit.string != nil, place, "has a unit that is no text")
    }
    return axes.count
  }

  private mutating func checkTransformations(_ json: JSONValue?, _ rank: Int, _ place: String) {
    let list = json?.array ?? []
    let kinds = list.map { $0.object?["type"]?.string ?? "" }
    require(
      kinds == ["scale"] || kinds == ["scale", "translation"], place,
      "is not one scale, then at most one translation")
    for (kind, item) in zip(kinds, list) where kind == "scale" || kind == "translation" {
      let numbers = item.object?[kind]?.array ?? []
      require(
        numbers.count == rank && numbers.allSatisfy { $0.double != nil }, place,
        "has not one number for each axis in its \(kind)")
    }
  }

  private mutating func checkOmero(_ json: JSONValue, _ place: String) {
    guard let channels = json.object?["channels"]?.array else {
      return fault(place, "has no list of channels")
    }
    for (index, channel) in channels.enumerated() {
      let place = "\(place)/channels/\(index)"
      guard let channel = channel.object else {
        fault(place, "is no object")
        continue
      }
      optional(channel, ["label", "family", "color"], place, "is no text") { $0.string != nil }
      optional(channel, ["active"], place, "is neither true nor false") { $0.bool != nil }
      optional(channel, ["window"], place, "has not the numbers start, min, end, max") { window in
        ["start", "min", "end", "max"].allSatisfy { window.object?[$0]?.double != nil }
      }
    }
  }

  // MARK: Labels

  private mutating func checkLabel(_ json: JSONValue, _ place: String) {
    guard let label = json.object else { return fault(place, "is no object") }
    require(!isStrict || label["colors"] != nil, "\(place)/colors", "is missing")
    if let colors = label["colors"] {
      forEach(colors, "\(place)/colors") { validation, color, place in
        validation.require(
          color["label-value"]?.double != nil, "\(place)/label-value", "is no number")
        validation.optional(color, ["rgba"], place, "is not four numbers from 0 to 255") { rgba in
          let numbers = rgba.array?.compactMap { $0.int } ?? []
          return rgba.array?.count == 4 && numbers.count == 4
            && numbers.allSatisfy { (0...255).contains($0) }
        }
      }
    }
    if let properties = label["properties"] {
      forEach(properties, "\(place)/properties") { validation, property, place in
        validation.require(
          property["label-value"]?.int != nil, "\(place)/label-value", "is no whole number")
      }
    }
    if let source = label["source"] {
      require(
        source.object.map { $0["image"] == nil || $0["image"]?.string != nil } == true,
        "\(place)/source", "names no image")
    }
  }

  // MARK: Plates and wells

  private mutating func checkPlate(_ json: JSONValue, _ place: String) {
    guard let plate = json.object else { return fault(place, "is no object") }
    optional(plate, ["name"], place, "is no text") { $0.string != nil }
    optional(plate, ["field_count"], place, "is not above zero") { ($0.int ?? 0) > 0 }
    require(!isStrict || plate["name"] != nil, "\(place)/name", "is missing")
    var names: [String: [String]] = [:]
    for side in ["rows", "columns"] {
      forEach(plate[side], "\(place)/\(side)") { validation, item, place in
        let name = item["name"]?.string ?? ""
        validation.require(isAlphanumeric(name), "\(place)/name", "is not of letters and digits")
        names[side, default: []].append(name)
      }
    }
    let (rows, columns) = (names["rows"] ?? [], names["columns"] ?? [])
    forEach(plate["wells"], "\(place)/wells") { validation, well, place in
      let parts = (well["path"]?.string ?? "").split(
        separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let row = well["rowIndex"]?.int,
        let column = well["columnIndex"]?.int,
        rows.indices.contains(row), columns.indices.contains(column)
      else {
        return validation.fault(place, "is not at a row and a column of the plate")
      }
      validation.require(
        parts[0] == rows[row] && parts[1] == columns[column], "\(place)/path",
        "is not its row's name, then its column's")
    }
    for (index, item) in (plate["acquisitions"]?.array ?? []).enumerated() {
      checkAcquisition(item.object ?? [:], "\(place)/acquisitions/\(index)")
    }
  }

  private mutating func checkAcquisition(_ acquisition: JSONObject, _ place: String) {
    require((acquisition["id"]?.int ?? -1) >= 0, "\(place)/id", "is no whole number from zero")
    optional(acquisition, ["maximumfieldcount"], place, "is not above zero") { ($0.int ?? 0) > 0 }
    optional(acquisition, ["starttime", "endtime"], place, "is no time") { ($0.int ?? -1) >= 0 }
    optional(acquisition, ["name", "description"], place, "is no text") { $0.string != nil }
    guard isStrict else { return }
    for name in ["name", "maximumfieldcount"] {
      require(acquisition[name] != nil, "\(place)/\(name)", "is missing")
    }
  }

  private mutating func checkWell(_ json: JSONValue, _ place: String) {
    guard let well = json.object else { return fault(place, "is no object") }
    forEach(well["images"], "\(place)/images") { validation, image, place in
      validation.require(
        isAlphanumeric(image["path"]?.string ?? ""), "\(place)/path",
        "is not of letters and digits")
      validation.optional(image, ["acquisition"], place, "is no whole number") { $0.int != nil }
    }
  }

  // MARK: Faults

  private mutating func fault(_ place: String, _ message: String) {
    faults.append("\(place) \(message)")
  }

  private mutating func require(_ condition: Bool, _ place: String, _ message: String) {
    if !condition { fault(place, message) }
  }

  /// Checks members that may be left out.
  private mutating func optional(
    _ object: JSONObject, _ names: [String], _ place: String, _ message: String,
    _ isValid: (JSONValue) -> Bool
  ) {
    for name in names {
      if let value = object[name], !isValid(value) { fault("\(place)/\(name)", message) }
    }
  }

  /// Checks a list of at least one object, no two of them equal.
  private mutating func forEach(
    _ json: JSONValue?, _ place: String,
    _ body: (inout NGFFValidation, JSONObject, String) -> Void
  ) {
    guard let items = json?.array, !items.isEmpty else {
      return fault(place, "is no list of at least one")
    }
    require(Set(items).count == items.count, place, "holds something twice")
    for (index, item) in items.enumerated() {
      guard let object = item.object else {
        fault("\(place)/\(index)", "is no object")
        continue
      }
      body(&self, object, "\(place)/\(index)")
    }
  }
}

/// Whether a text is of letters and digits of ASCII, and not empty.
private func isAlphanumeric(_ text: String) -> Bool {
  !text.isEmpty
    && text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
    }
}
