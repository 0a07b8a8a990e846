import CommandLineInterface
import Voxels

/// A z,y,x triple of whole numbers above zero, such as a block shape.
struct ExtentArgument: ArgumentValue {
  var extent: VoxelExtent

  init(_ extent: VoxelExtent) { self.extent = extent }

  init?(argument: String) {
    guard let values = triple(argument, Int.init), values.allSatisfy({ $0 > 0 }) else { return nil }
    extent = VoxelExtent(z: values[0], y: values[1], x: values[2])
    // Far beyond any volume, and far from overflow when voxels are counted in bytes.
    guard let count = extent.checkedVoxelCount, count <= 1 << 52 else { return nil }
  }

  var argumentText: String? { extent.text }
  static var expectation: String { "three whole numbers above zero, z,y,x" }
  static var placeholder: String { "Z,Y,X" }
}

/// A z,y,x triple of lengths in nanometres.
struct VoxelSizeArgument: ArgumentValue {
  var size: VoxelSize

  init(_ size: VoxelSize) { self.size = size }

  init?(argument: String) {
    guard let values = triple(argument, Double.init) else { return nil }
    size = VoxelSize(z: values[0], y: values[1], x: values[2])
    guard values.allSatisfy({ (1e-6...1e12).contains($0) }) else { return nil }
  }

  var argumentText: String? { size.text }
  static var expectation: String { "three lengths in nanometres, above zero and below 1e12, z,y,x" }
  static var placeholder: String { "Z,Y,X" }
}

/// Three values divided by commas; nil where the text is none.
func triple<Value>(_ text: String, _ parse: (String) -> Value?) -> [Value]? {
  let values = text.split(separator: ",", omittingEmptySubsequences: false).map {
    parse(String($0))
  }
  let parsed = values.compactMap { $0 }
  return values.count == 3 && parsed.count == 3 ? parsed : nil
}

extension VoxelExtent {
  /// The lengths as `z,y,x`.
  var text: String { "\(z),\(y),\(x)" }
}

extension VoxelSize {
  /// The lengths in nanometres as `z,y,x`.
  var text: String {
    let size = converted(to: .nanometer)
    return [size.z, size.y, size.x].map { shortText($0) }.joined(separator: ",")
  }
}

/// A number without a trailing `.0`, rounded to six decimals.
func shortText(_ value: Double) -> String {
  let rounded = (value * 1e6).rounded() / 1e6
  let text = "\(rounded)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
