public import Voxels

/// What lies around a part of the background: nothing so far, one label, or several.
public struct Enclosure: Hashable, Sendable {
  /// The label; 0 for nothing, the largest number for several labels.
  public private(set) var code: UInt64

  /// Reads an enclosure from its code.
  public init(code: UInt64) { self.code = code }

  /// Nothing so far.
  public static let nothing = Enclosure(code: 0)

  /// The only label around; nil where there is none, or several.
  public var label: UInt64? { code == 0 || code == .max ? nil : code }

  /// Adds what lies around another piece of the same part.
  ///
  /// Pieces may be added in any order.
  public mutating func add(_ other: Enclosure) {
    guard other.code != 0, other.code != code else { return }
    code = code == 0 ? other.code : .max
  }
}

/// Tells which labels the parts of the background touch through faces.
///
/// - Parameters:
///   - parts: (1, z, y, x) numbers of the parts, in `1 ... count`; 0 where there is a label.
///   - count: The number of parts.
///   - labels: (1, z, y, x) labels over the same box, below the largest number; 0 in the parts.
/// - Returns: What is around each part: the one numbered *n* stands at index *n* − 1.
/// - Complexity: O(*n*) in the voxels.
public func enclosures(
  of parts: borrowing Volume<UInt32>, count: Int, in labels: borrowing Volume<UInt64>
) -> [Enclosure] {
  precondition(parts.box == labels.box, "parts and labels cover one box")
  let extent = parts.extent
  var found = [Enclosure](repeating: .nothing, count: count)
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      let (part, label) = (parts.row(z: z, y: y), labels.row(z: z, y: y))
      meet(
        part.extracting(droppingLast: 1), label.extracting(droppingLast: 1),
        part.extracting(droppingFirst: 1), label.extracting(droppingFirst: 1), &found)
      if y + 1 < extent.y {
        meet(part, label, parts.row(z: z, y: y + 1), labels.row(z: z, y: y + 1), &found)
      }
      if z + 1 < extent.z {
        meet(part, label, parts.row(z: z + 1, y: y), labels.row(z: z + 1, y: y), &found)
      }
    }
  }
  return found
}

/// Notes where parts of one row touch labels of another, place by place.
private func meet(
  _ parts: Span<UInt32>, _ labels: Span<UInt64>, _ otherParts: Span<UInt32>,
  _ otherLabels: Span<UInt64>, _ found: inout [Enclosure]
) {
  for x in parts.indices {
    let (part, other) = (parts[x], otherParts[x])
    if part != 0 && other == 0 {
      found[Int(part) - 1].add(Enclosure(code: otherLabels[x]))
    } else if part == 0 && other != 0 {
      found[Int(other) - 1].add(Enclosure(code: labels[x]))
    }
  }
}

/// Gives the parts of the background labels from a table.
///
/// - Parameters:
///   - labels: (1, z, y, x) labels; those outside all parts stay as they are.
///   - parts: (1, z, y, x) numbers of the parts over the same box; 0 outside them.
///   - table: The label of every part by its number; 0 leaves it background.
/// - Complexity: O(*n*) in the voxels.
public func fill(
  _ labels: inout Volume<UInt64>, parts: borrowing Volume<UInt32>, by table: [UInt64]
) {
  precondition(parts.box == labels.box, "parts and labels cover one box")
  let (parts, table) = (parts.span, table.span)
  var labels = labels.mutableSpan
  for index in parts.indices where parts[index] != 0 {
    labels[index] = table[Int(truncatingIfNeeded: parts[index])]
  }
}

extension Neighbourhood {
  /// How the background joins so that a closed surface of voxels joined in this way divides it:
  /// by corners around faces, else by faces.
  public var ofBackground: Neighbourhood { self == .faces ? .corners : .faces }
}
