public import Voxels

/// Closes gaps of a mask within each section: what a square of an odd edge reaches from the mask,
/// less what it reaches from the outside of that.
///
/// Beyond the box nothing is known, and nothing counts: a voxel's value is exact where the box, or
/// the volume's own face, lies at least twice the radius away.
///
/// - Parameters:
///   - mask: (1, z, y, x) marks, 0 or 1.
///   - radius: Half the square's edge, less the middle, in voxels along y and x; 0 changes nothing.
/// - Returns: The mask with its gaps closed.
/// - Complexity: O(*n*) in the voxels, times the radius.
public func closedInSections(_ mask: Volume<UInt8>, radius: Int) -> Volume<UInt8> {
  precondition(radius >= 0, "a radius is not below zero")
  guard radius > 0 else { return mask }
  let grown = extremesInSections(mask, radius: radius) { max($0, $1) }
  return extremesInSections(grown, radius: radius) { min($0, $1) }
}

private func extremesInSections(
  _ mask: Volume<UInt8>, radius: Int, _ extreme: (UInt8, UInt8) -> UInt8
) -> Volume<UInt8> {
  let extent = mask.extent
  var alongX = mask
  var result = mask
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      let source = mask.row(z: z, y: y)
      var target = alongX.mutableRow(z: z, y: y)
      for x in 0..<extent.x {
        for other in max(0, x - radius)..<min(extent.x, x + radius + 1) {
          target[x] = extreme(target[x], source[other])
        }
      }
    }
    for y in 0..<extent.y {
      for other in max(0, y - radius)..<min(extent.y, y + radius + 1) {
        let source = alongX.row(z: z, y: other)
        var target = result.mutableRow(z: z, y: y)
        for x in 0..<extent.x {
          target[x] = extreme(target[x], source[x])
        }
      }
    }
  }
  return result
}
