public import Voxels

// Seams as bytes: the version; the number of components; for each its voxels twice, plus one
// where it touches the border, and the step of its first index from the one before; then the
// planes as (voxels, label) stretches. All numbers are LEB128, steps zigzag. Boxes are not stored:
// who asks for a block's seams knows them.
extension BlockSeams {
  private static let version: UInt8 = 1

  /// The seams as bytes; equal seams give equal bytes.
  public func encoded() -> [UInt8] {
    var bytes = [Self.version]
    bytes.appendVariableLength(UInt64(components.count))
    var previous = 0
    for component in components {
      bytes.appendVariableLength(
        (UInt64(component.voxelCount) << 1) | (component.touchesBorder ? 1 : 0))
      guard let first = component.firstIndex else { continue }
      let step = first - previous
      bytes.appendVariableLength(UInt64(bitPattern: Int64((step << 1) ^ (step >> 63))))
      previous = first
    }
    for plane in nearPlanes + farPlanes {
      for stretch in plane.stretches {
        bytes.appendVariableLength(UInt64(stretch.count))
        bytes.appendVariableLength(UInt64(stretch.label))
      }
    }
    return bytes
  }

  /// Decodes a block's seams.
  ///
  /// - Parameters:
  ///   - bytes: What ``encoded()`` gave.
  ///   - ownBox: The box whose voxels belong to the block.
  ///   - region: The region that the blocks' own boxes tile.
  /// - Throws: ``SeamError`` where the bytes are not the seams of such a block.
  public init(decoding bytes: [UInt8], ownBox: VoxelBox, region: VoxelBox) throws(SeamError) {
    precondition(!ownBox.isEmpty && region.contains(ownBox), "the block lies outside its region")
    var reader = SeamReader(bytes: bytes)
    guard reader.byte() == Self.version else {
      throw SeamError("the block's seams were written by another version")
    }
    let components = try reader.components(ownBox: ownBox, region: region)
    var planes: [SeamPlane] = []
    for box in Self.nearBoxes(of: ownBox) + Self.farBoxes(of: ownBox, in: region) {
      planes.append(
        SeamPlane(box: box, stretches: try reader.stretches(box, labelCount: components.count)))
    }
    guard reader.isAtEnd else { throw SeamError("the block's seams have bytes left over") }
    self.init(
      ownBox: ownBox, region: region, components: components,
      nearPlanes: Array(planes[0..<3]), farPlanes: Array(planes[3..<6]))
  }
}

extension [UInt8] {
  /// Appends a number in as many bytes as it needs (LEB128).
  fileprivate mutating func appendVariableLength(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }
}

/// Reads a block's seams from the front to the end.
private struct SeamReader {
  let bytes: [UInt8]
  var position = 0

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func number() throws(SeamError) -> UInt64 {
    var number = UInt64(0)
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = byte() else { throw SeamError("the block's seams are cut short") }
      let digit = UInt64(byte & 0x7F)
      guard (digit << shift) >> shift == digit, byte != 0 || shift == 0 else { break }
      number |= digit << shift
      if byte < 0x80 { return number }
    }
    throw SeamError("the block's seams hold a malformed number")
  }

  mutating func components(
    ownBox: VoxelBox, region: VoxelBox
  ) throws(SeamError) -> [BlockSeams.Component] {
    let count = try number()
    // Every component takes at least one byte: no count can ask for more memory than it stored.
    guard count <= UInt64(bytes.count - position) else {
      throw SeamError("the block's seams are cut short")
    }
    var components: [BlockSeams.Component] = []
    components.reserveCapacity(Int(count))
    var previous = 0
    var rest = ownBox.extent.voxelCount
    for _ in 0..<count {
      let sizeAndBorder = try number()
      guard sizeAndBorder >> 1 <= UInt64(rest) else {
        throw SeamError("the block's components have more voxels than the block")
      }
      let voxelCount = Int(sizeAndBorder >> 1)
      rest -= voxelCount
      guard voxelCount > 0 else {
        guard sizeAndBorder == 0 else {
          throw SeamError("a component without voxels touches the border")
        }
        components.append(.outside)
        continue
      }
      let zigzag = try number()
      let step = Int(truncatingIfNeeded: zigzag >> 1) ^ -Int(truncatingIfNeeded: zigzag & 1)
      let (first, overflows) = previous.addingReportingOverflow(step)
      guard !overflows, first >= 0, first < region.extent.voxelCount else {
        throw SeamError("a component starts outside the region")
      }
      previous = first
      components.append(
        BlockSeams.Component(
          voxelCount: voxelCount, firstIndex: first, touchesBorder: sizeAndBorder & 1 == 1))
    }
    return components
  }

  mutating func stretches(
    _ box: VoxelBox, labelCount: Int
  ) throws(SeamError) -> [SeamPlane.Stretch] {
    var stretches: [SeamPlane.Stretch] = []
    var rest = box.isEmpty ? 0 : box.extent.voxelCount
    while rest > 0 {
      let count = try number()
      let label = try number()
      guard count > 0, count <= UInt64(rest) else {
        throw SeamError("the stretches of a seam do not fill it")
      }
      guard label <= UInt64(labelCount) else {
        throw SeamError("a seam holds a label that the block does not have")
      }
      rest -= Int(count)
      stretches.append(
        SeamPlane.Stretch(count: Int(count), label: UInt32(truncatingIfNeeded: label)))
    }
    return stretches
  }
}
