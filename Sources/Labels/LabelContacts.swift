public import Voxels

/// Two labels, the smaller one first.
public struct LabelPair: Hashable, Comparable, Sendable {
  /// The smaller label.
  public let first: UInt64
  /// The larger label.
  public let second: UInt64

  /// Creates a pair of different labels, given in any order.
  public init(_ a: UInt64, _ b: UInt64) {
    precondition(a != b, "a label has no contact with itself")
    first = min(a, b)
    second = max(a, b)
  }

  /// Orders pairs by the first label, then by the second.
  public static func < (left: LabelPair, right: LabelPair) -> Bool {
    (left.first, left.second) < (right.first, right.second)
  }
}

/// The voxel faces that two labels share.
public struct LabelContact: Hashable, Sendable {
  /// The number of faces across each axis.
  public private(set) var faces: VoxelExtent

  /// Creates a contact.
  public init(faces: VoxelExtent) { self.faces = faces }

  /// The area of all faces, in square micrometres.
  public func area(_ voxelSize: VoxelSize) -> Double {
    (Double(faces.z) * voxelSize.y * voxelSize.x + Double(faces.y) * voxelSize.z * voxelSize.x
      + Double(faces.x) * voxelSize.z * voxelSize.y) * 1e-6
  }

  mutating func add(_ other: LabelContact) { faces = faces + other.faces }
}

/// The contacts of all labels but 0, gathered block by block.
///
/// A face belongs to the block that owns the voxel nearer the origin, so that blocks give the same
/// table in any order and any shape.
///
/// - Complexity: About 80 bytes for each pair that touches.
public struct LabelContactTable: Equatable, Sendable {
  /// The contacts by pair.
  public private(set) var entries: [LabelPair: LabelContact] = [:]

  /// Creates a table without contacts.
  public init() {}

  /// The pairs that touch, increasing.
  public var pairs: [LabelPair] { entries.keys.sorted() }

  /// Adds the faces that a block owns.
  ///
  /// - Parameters:
  ///   - labels: (1, z, y, x) labels of the block and of one voxel beyond its far faces, where the
  ///     volume goes on.
  ///   - ownBox: The box whose voxels belong to the block.
  /// - Complexity: O(*n*) in the voxels.
  public mutating func add(_ labels: borrowing Volume<UInt64>, ownBox: VoxelBox) {
    precondition(labels.channels == 1, "a label volume has one channel")
    precondition(
      labels.box.origin == ownBox.origin && labels.box.contains(ownBox),
      "the labels do not cover the block")
    let (own, extent) = (ownBox.extent, labels.extent)
    for z in 0..<own.z {
      for y in 0..<own.y {
        let whole = labels.row(z: z, y: y)
        let row = whole.extracting(0..<own.x)
        let reach = min(own.x, extent.x - 1)
        add(
          row.extracting(0..<reach), whole.extracting(1..<reach + 1),
          VoxelExtent(z: 0, y: 0, x: 1))
        if y + 1 < extent.y {
          add(row, labels.row(z: z, y: y + 1), VoxelExtent(z: 0, y: 1, x: 0))
        }
        if z + 1 < extent.z {
          add(row, labels.row(z: z + 1, y: y), VoxelExtent(z: 1, y: 0, x: 0))
        }
      }
    }
  }

  private mutating func add(_ row: Span<UInt64>, _ other: Span<UInt64>, _ face: VoxelExtent) {
    var x = 0
    while x < row.count {
      let (a, b) = (row[x], other[x])
      let start = x
      repeat { x &+= 1 } while x < row.count && row[x] == a && other[x] == b
      if a != b && a != 0 && b != 0 {
        merge(LabelContact(faces: face * (x - start)), into: LabelPair(a, b))
      }
    }
  }

  /// Adds a contact.
  public mutating func merge(_ contact: LabelContact, into pair: LabelPair) {
    entries[pair, default: LabelContact(faces: .zero)].add(contact)
  }
}
