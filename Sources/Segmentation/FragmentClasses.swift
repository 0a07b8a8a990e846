public import Voxels

/// The voxels of one class in a fragment, as far as a block goes.
public struct FragmentClass: Hashable, Sendable {
  /// The fragment's label in the volume.
  public var fragment: UInt64
  /// The class, above 0.
  public var label: UInt8
  /// The number of its voxels.
  public var voxelCount: UInt64
}

/// Counts the voxels of each class in each fragment.
///
/// - Parameters:
///   - fragments: (1, z, y, x) labels of the volume; 0 is background.
///   - classes: (1, z, y, x) classes; 0 is none.
///   - box: The voxels to count; both volumes hold them.
/// - Returns: The counts above 0, by fragment and class.
/// - Complexity: O(*n* + *m* log *m*) for *n* voxels and *m* counts.
public func fragmentClasses(
  fragments: borrowing Volume<UInt64>, classes: borrowing Volume<UInt8>, box: VoxelBox
) -> [FragmentClass] {
  precondition(
    fragments.box.contains(box) && classes.box.contains(box), "the volumes do not cover the box")
  var fragmentNumbers = IndexTable(capacity: 1 << 10)
  var labels: [UInt64] = []
  var places = IndexTable(capacity: 1 << 10)
  var counts: [FragmentClass] = []
  let (own, other) = (box.origin - fragments.box.origin, box.origin - classes.box.origin)
  for z in 0..<box.extent.z {
    for y in 0..<box.extent.y {
      let fragmentRow = fragments.row(z: own.z + z, y: own.y + y)
        .extracting(own.x..<own.x + box.extent.x)
      let classRow = classes.row(z: other.z + z, y: other.y + y)
        .extracting(other.x..<other.x + box.extent.x)
      var x = 0
      while x < fragmentRow.count {
        let (fragment, label) = (fragmentRow[x], classRow[x])
        let first = x
        repeat {
          x &+= 1
        } while x < fragmentRow.count && fragmentRow[x] == fragment && classRow[x] == label
        guard fragment != 0, label != 0 else { continue }
        let number = fragmentNumbers.number(of: fragment)
        if Int(number) == labels.count { labels.append(fragment) }
        let place = Int(places.number(of: UInt64(number) << 8 | UInt64(label)))
        if place == counts.count {
          counts.append(FragmentClass(fragment: fragment, label: label, voxelCount: 0))
        }
        counts[place].voxelCount += UInt64(x - first)
      }
    }
  }
  return counts.sorted { ($0.fragment, $0.label) < ($1.fragment, $1.label) }
}

extension FragmentClass {
  private static var mark: StaticString { "fasc-fc1" }

  /// The counts of a block as bytes.
  public static func encoded(_ rows: [FragmentClass]) -> [UInt8] {
    var writer = ColumnWriter(mark: mark)
    writer.write(UInt64(rows.count))
    writer.write(column: \.fragment, of: rows)
    writer.write(column: { UInt64($0.label) }, of: rows)
    writer.write(column: \.voxelCount, of: rows)
    return writer.bytes
  }

  /// Decodes the counts of a block.
  ///
  /// - Throws: ``MalformedGraphError`` where the data is cut off, too long or contradicts itself.
  public static func decoded(_ bytes: [UInt8]) throws(MalformedGraphError) -> [FragmentClass] {
    var reader = try ColumnReader(bytes, mark: mark)
    let count = try reader.word()
    try reader.expectEnd(after: [(count, 3)])
    let fragments = try reader.column(rows: count)
    let labels = try reader.column(rows: count)
    let voxels = try reader.column(rows: count)
    var rows: [FragmentClass] = []
    rows.reserveCapacity(fragments.count)
    for index in fragments.indices {
      let last = rows.last.map { ($0.fragment, UInt64($0.label)) } ?? (0, 0)
      guard fragments[index] > 0, (1...255).contains(labels[index]),
        (fragments[index], labels[index]) > last, (1..<(1 << 62)).contains(voxels[index])
      else {
        throw MalformedGraphError(
          "classes are out of order or impossible",
          found: "\(voxels[index]) voxels of class \(labels[index]) in \(fragments[index])")
      }
      rows.append(
        FragmentClass(
          fragment: fragments[index], label: UInt8(labels[index]), voxelCount: voxels[index]))
    }
    return rows
  }
}
