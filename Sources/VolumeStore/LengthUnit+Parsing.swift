public import Voxels

extension LengthUnit {
  /// Reads a unit's name or symbol as programs write them: `nm`, `µm`, `micron`, `nanometers`.
  ///
  /// Nil where it is no unit of length.
  public init?(naming text: some StringProtocol) {
    switch text.lowercased() {
    case "nm", "nanometer", "nanometers", "nanometre", "nanometres": self = .nanometer
    case "µm", "μm", "um", "micron", "microns", "micrometer", "micrometers", "micrometre",
      "micrometres", "\\u00b5m":
      self = .micrometer
    case "mm", "millimeter", "millimeters", "millimetre", "millimetres": self = .millimeter
    case "cm", "centimeter", "centimeters", "centimetre", "centimetres": self = .centimeter
    case "m", "meter", "meters", "metre", "metres": self = .meter
    case "å", "angstrom", "angstroms", "ångström", "ångströms": self = .angstrom
    default: return nil
    }
  }
}
