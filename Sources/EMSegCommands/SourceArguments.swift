public import CommandLineInterface
public import VolumeStore
public import Voxels

/// A region of a volume in voxels, `z0:z1,y0:y1,x0:x1`; an end left out is the volume's.
struct RegionArgument: ArgumentValue {
  /// The ranges along z, y and x.
  private var ranges: [IndexRangeArgument]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    ranges = parts.compactMap { IndexRangeArgument(argument: String($0)) }
    guard parts.count == 3, ranges.count == 3 else { return nil }
  }

  var argumentText: String? { ranges.map { $0.text }.joined(separator: ",") }
  static var expectation: String {
    "three ranges of voxels, z,y,x, such as 0:64,128:256,: (an end left out is the volume's)"
  }
  static var placeholder: String { "Z0:Z1,Y0:Y1,X0:X1" }

  /// The region of a volume.
  ///
  /// - Throws: `UsageError` where it reaches outside.
  func box(in extent: VoxelExtent) throws -> VoxelBox {
    let lengths = [extent.z, extent.y, extent.x]
    let found = zip(ranges, lengths).compactMap { $0.range(within: $1) }
    guard found.count == 3 else {
      throw UsageError(
        "--region", "the region reaches outside the volume", found: argumentText,
        expected: "ranges within " + lengths.map { "0:\($0)" }.joined(separator: ","))
    }
    return VoxelBox(
      from: VoxelPosition(z: found[0].lowerBound, y: found[1].lowerBound, x: found[2].lowerBound),
      to: VoxelPosition(z: found[0].upperBound, y: found[1].upperBound, x: found[2].upperBound))
  }
}

/// An index, or a range of them, `first:end`, either of which may be left out.
struct IndexRangeArgument: ArgumentValue {
  private var first: Int
  private var end: Int?

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.map { $0.isEmpty ? nil : Self.index($0) }
    guard zip(parts, numbers).allSatisfy({ $0.isEmpty || $1 != nil }) else { return nil }
    switch numbers.count {
    case 1:
      guard let index = numbers[0] else { return nil }
      (first, end) = (index, index + 1)
    case 2:
      (first, end) = (numbers[0] ?? 0, numbers[1])
    default: return nil
    }
    if let end, end <= first { return nil }
  }

  /// A number of digits only, far from overflow.
  private static func index(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let index = Int(text),
      index < 1 << 52
    else { return nil }
    return index
  }

  var argumentText: String? { text }
  static var expectation: String { "an index from 0, or a range first:end, the end not included" }
  static var placeholder: String { "N|A:B" }

  /// The range as `first:end`.
  var text: String { first == 0 && end == nil ? ":" : "\(first):\(end.map(String.init) ?? "")" }

  /// The range of an axis; nil where it reaches outside.
  func range(within length: Int) -> Range<Int>? {
    let end = end ?? length
    return first < end && end <= length ? first..<end : nil
  }
}

/// A z,y,x triple in nanometres, of either sign.
struct OffsetArgument: ArgumentValue {
  /// The place in nanometres.
  var position: PhysicalPosition

  init?(argument: String) {
    guard let values = triple(argument, Double.init), values.allSatisfy({ abs($0) <= 1e15 }) else {
      return nil
    }
    position = PhysicalPosition(z: values[0], y: values[1], x: values[2])
  }

  var argumentText: String? { position.text }
  static var expectation: String { "three lengths in nanometres, z,y,x" }
  static var placeholder: String { "Z,Y,X" }

  /// The place in the unit of a voxel size.
  func position(in unit: LengthUnit) -> PhysicalPosition {
    let factor = LengthUnit.nanometer.nanometers / unit.nanometers
    return PhysicalPosition(
      z: position.z * factor, y: position.y * factor, x: position.x * factor)
  }
}

extension VolumeAxes: ArgumentValue {
  /// Reads axes such as `c,z,y,x` or `zyx`.
  public init?(argument: String) { self.init(parsing: argument) }
  /// The axes as `c,z,y,x`.
  public var argumentText: String? { description }
  /// What axes are written like.
  public static var expectation: String {
    "axes out of t, c, z, y and x, slowest first, y and x among them, such as c,z,y,x"
  }
  /// An example.
  public static var placeholder: String { "C,Z,Y,X" }
}

extension DataType: ArgumentValue {}

extension PhysicalPosition {
  /// The coordinates as `z,y,x`.
  var text: String { [z, y, x].map { shortText($0) }.joined(separator: ",") }
}
