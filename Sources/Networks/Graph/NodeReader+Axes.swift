extension NodeReader {
  /// Axes counted from the front or, below zero, from the back, brought into range.
  func axes(_ numbers: [Int], rank: Int) throws(ModelError) -> [Int] {
    var axes: [Int] = []
    for number in numbers {
      guard (-rank..<rank).contains(number) else {
        throw malformed("an axis does not exist", found: "\(number)", expected: "\(rank) axes")
      }
      axes.append(number < 0 ? number + rank : number)
    }
    guard Set(axes).count == axes.count else {
      throw malformed("an axis is named twice", found: "\(numbers)")
    }
    return axes
  }

  /// The attribute that names one axis.
  func axis(
    _ name: String, default standard: Int, rank: Int
  ) throws(ModelError) -> Int {
    try axes([integer(name, default: standard)], rank: rank)[0]
  }

  /// The axes' new order.
  func permutation(rank: Int) throws(ModelError) -> [Int] {
    guard let order = try integers("perm") else { return Array((0..<rank).reversed()) }
    guard order.sorted() == Array(0..<rank) else {
      throw malformed("the attribute perm is no order of the axes", found: "\(order)")
    }
    return order
  }

  /// The lengths that a reshaping, flattening, squeezing or unsqueezing gives; nil where they are
  /// not known.
  ///
  /// The numbers are those of the second input, if there is one.
  func reshapedLengths(_ lengths: [Int], numbers: [Int]?) throws(ModelError) -> [Int]? {
    let rank = lengths.count
    switch node.operatorType {
    case "Reshape":
      let stated = try integers("shape")
      guard let wanted = numbers ?? stated else { return nil }
      return try reshaped(lengths, to: wanted)
    case "Flatten":
      let axis = try integer("axis", default: 1)
      guard (-rank...rank).contains(axis) else { throw malformed("the axis does not exist") }
      let place = axis < 0 ? axis + rank : axis
      return [lengths[..<place].reduce(1, *), lengths[place...].reduce(1, *)]
    case "Squeeze":
      let stated = try integers("axes")
      let axes = try axes(
        numbers ?? stated ?? lengths.indices.filter { lengths[$0] == 1 }, rank: rank)
      guard axes.allSatisfy({ lengths[$0] == 1 }) else {
        throw malformed("an axis squeezed out is longer than 1", found: "\(lengths)")
      }
      return lengths.indices.filter { !axes.contains($0) }.map { lengths[$0] }
    default:
      let stated = try integers("axes")
      guard let listed = numbers ?? stated else { return nil }
      guard listed.count + rank <= 12 else { throw malformed("there are too many axes") }
      let axes = Set(try axes(listed, rank: rank + listed.count))
      var rest = lengths[...]
      return (0..<rank + axes.count).map { axes.contains($0) ? 1 : rest.popFirst() ?? 1 }
    }
  }

  private func reshaped(_ lengths: [Int], to wanted: [Int]) throws(ModelError) -> [Int] {
    let copiesZeros = try integer("allowzero", default: 0) == 0
    var result = wanted
    for axis in wanted.indices where wanted[axis] == 0 && copiesZeros {
      guard axis < lengths.count else { throw malformed("the new lengths copy an axis too many") }
      result[axis] = lengths[axis]
    }
    let count = lengths.reduce(1, *)
    var known = 1
    for length in result where length != -1 {
      let (product, overflows) = known.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflows else {
        throw malformed("the new lengths are impossible", found: "\(wanted)")
      }
      known = product
    }
    if let free = result.firstIndex(of: -1), known > 0, count % known == 0 {
      result[free] = count / known
      known *= result[free]
    }
    guard known == count, !result.contains(-1), result.count <= 12 else {
      throw malformed(
        "the new lengths hold another number of values", found: "\(wanted)",
        expected: "as many as \(lengths)")
    }
    return result
  }

  /// The places that a slice takes along each axis.
  func slices(
    of lengths: [Int], starts: [Int]?, ends: [Int]?, axes listed: [Int]?, steps: [Int]?
  ) throws(ModelError) -> [[Int]] {
    let isOld = operatorSetVersion < 10
    guard let starts = try isOld ? integers("starts") : starts,
      let ends = try isOld ? integers("ends") : ends
    else { throw malformed("the slice has no start or end") }
    let named = try (isOld ? integers("axes") : listed) ?? Array(starts.indices)
    let axes = try axes(named, rank: lengths.count)
    let steps = steps ?? starts.map { _ in 1 }
    guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count,
      !steps.contains(0)
    else { throw malformed("the slice has not one start, end and step for each axis") }
    var parts = lengths.map { Array(0..<$0) }
    for (index, axis) in axes.enumerated() {
      let length = lengths[axis]
      let step = min(max(steps[index], -length - 1), length + 1)
      func place(_ position: Int, _ range: ClosedRange<Int>) -> Int {
        let counted = position < 0 ? max(position, -length - 1) + length : position
        return min(max(counted, range.lowerBound), range.upperBound)
      }
      let range = step > 0 ? 0...length : -1...max(length - 1, -1)
      // Negative ends below the first place mean "through the first" where steps go back.
      let start = place(starts[index], step > 0 ? range : min(0, length - 1)...max(length - 1, 0))
      let end = ends[index] < -length && step < 0 ? -1 : place(ends[index], range)
      parts[axis] = length == 0 ? [] : Array(stride(from: start, to: end, by: step))
    }
    return parts
  }
}
