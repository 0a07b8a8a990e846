import VolumeStore
import Voxels

/// The axes that the user states for an array whose lengths a file says.
///
/// - Throws: ``VolumeError`` with `unsupportedFeature` where there are other than these.
func statedAxes(
  _ stated: VolumeAxes, lengths: [Int], path: String
) throws(VolumeError) -> (VolumeAxes, [Int]) {
  guard stated.order.count == lengths.count else {
    throw VolumeError(
      .unsupportedFeature, path: path, "the array has another number of axes than was stated",
      found: lengths.sizesText, expected: "\(stated)",
      remedy: "state every axis of the array by --axes, slowest first")
  }
  return (stated, lengths)
}

extension VoxelSize {
  /// The same size in nanometres, without the digits that binary numbers add.
  var inNanometers: VoxelSize {
    let size = converted(to: .nanometer)
    return VoxelSize(z: size.z.shortened, y: size.y.shortened, x: size.x.shortened)
  }
}

extension PhysicalPosition {
  /// The same position in nanometres, from one in a unit.
  func inNanometers(_ unit: LengthUnit) -> PhysicalPosition {
    let scale = unit.nanometers
    return PhysicalPosition(
      z: (z * scale).shortened, y: (y * scale).shortened, x: (x * scale).shortened)
  }
}

extension LengthUnit {
  /// The unit that a symbol or a name stands for.
  init?(symbol: some StringProtocol) {
    switch symbol.lowercased() {
    case "a", "å", "angstrom", "angstroms": self = .angstrom
    case "nm", "nanometer", "nanometers", "nanometre": self = .nanometer
    case "um", "µm", "μm", "micron", "microns", "micrometer", "micrometers", "micrometre":
      self = .micrometer
    case "mm", "millimeter", "millimeters", "millimetre": self = .millimeter
    case "cm", "centimeter", "centimeters", "centimetre": self = .centimeter
    case "m", "meter", "meters", "metre": self = .meter
    default: return nil
    }
  }
}

extension Double {
  /// The number rounded to twelve digits.
  var shortened: Double {
    guard isFinite, self != 0 else { return self }
    var scale = 1.0
    while abs(self * scale) < 1e11, scale < 1e30 { scale *= 10 }
    let rounded = (self * scale).rounded() / scale
    return abs(rounded - self) <= abs(self) * 1e-12 ? rounded : self
  }
}
