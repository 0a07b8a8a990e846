import Voxels

/// Sets the voxels of a mask that cannot be reached from its faces.
///
/// Ways lead through faces of voxels that are 0.
///
/// - Complexity: O(*n*) for *n* voxels.
func fillHoles(in mask: inout Volume<UInt8>) {
  let extent = mask.extent
  let (width, plane) = (extent.x, extent.y * extent.x)
  var values = mask.mutableSpan
  var pending: [Int] = []
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      let isFace = z == 0 || z == extent.z - 1 || y == 0 || y == extent.y - 1
      for x in stride(from: 0, to: width, by: isFace ? 1 : max(1, width - 1)) {
        let index = z * plane + y * width + x
        guard values[index] == 0 else { continue }
        values[index] = 2
        pending.append(index)
      }
    }
  }
  while let index = pending.popLast() {
    let (z, rest) = index.quotientAndRemainder(dividingBy: plane)
    let (y, x) = rest.quotientAndRemainder(dividingBy: width)
    func visit(_ isInside: Bool, _ other: Int, _ values: inout MutableSpan<UInt8>) {
      guard isInside, values[other] == 0 else { return }
      values[other] = 2
      pending.append(other)
    }
    visit(x > 0, index - 1, &values)
    visit(x < width - 1, index + 1, &values)
    visit(y > 0, index - width, &values)
    visit(y < extent.y - 1, index + width, &values)
    visit(z > 0, index - plane, &values)
    visit(z < extent.z - 1, index + plane, &values)
  }
  for index in values.indices { values[index] = values[index] == 2 ? 0 : 1 }
}
