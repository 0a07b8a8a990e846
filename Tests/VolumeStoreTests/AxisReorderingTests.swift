import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct `A reordering of axes` {
  /// Orders with each axis' length, such that some planes are whole tiles and some are not.
  static let orders: [[(axis: VolumeAxis, length: Int)]] = {
    var generator = SeededGenerator(seed: 3)
    // Planes of whole lines of the cache, of parts of them, and both.
    let planes = [(8, 64), (64, 8), (65, 67), (130, 64), (9, 31), (64, 64), (3, 70), (16, 16)]
      .map { x, y in [(axis: VolumeAxis.x, length: x), (.z, 2), (.y, y)] }
    return planes
      + (0..<60).map { _ in
        let axes = VolumeAxis.allCases.shuffled(using: &generator)
        return axes.prefix(Int.random(in: 1...5, using: &generator)).map { axis in
          (axis, [1, 2, 3, 4, 8, 9, 17].randomElement(using: &generator) ?? 1)
        }
      }
  }()

  @Test(arguments: orders.indices)
  func `gives what one value at a time gives`(index: Int) throws {
    let order = Self.orders[index]
    try check(order, UInt8.self)
    try check(order, Int16.self)
    try check(order, Float.self)
    try check(order, UInt64.self)
  }

  private func check<Scalar: VoxelScalar>(
    _ order: [(axis: VolumeAxis, length: Int)], _ type: Scalar.Type
  ) throws {
    let count = order.reduce(1) { $0 * $1.length }
    let values = (0..<count).map { Scalar(nearest: Int64($0 % 251)) }
    let reordering = AxisReordering(of: order.map { $0.axis }, lengths: order.map { $0.length })
    var strides: [VolumeAxis: Int] = [:]
    var step = 1
    for (axis, length) in order.reversed() {
      strides[axis] = step
      step *= length
    }
    let target = VolumeAxis.allCases.compactMap { axis in order.first { $0.axis == axis } }
    let expected = (0..<count).map { place -> Scalar in
      var (rest, source) = (place, 0)
      for (axis, length) in target.reversed() {
        source += rest % length * (strides[axis] ?? 0)
        rest /= length
      }
      return values[source]
    }
    guard let reordering else {
      #expect(values == expected)
      return
    }
    var result: [Scalar] = []
    reordering.reorder(values, into: &result)
    #expect(result == expected, "\(order)")
    // In place of the values of another block.
    result = values
    reordering.reorder(values, into: &result)
    #expect(result == expected, "\(order)")
  }

  @Test(arguments: orders.indices, [0, 1])
  func `puts a part where it belongs in the whole`(index: Int, more: Int) {
    let order = Self.orders[index]
    let axes = order.map { $0.axis }
    let part = order.map { $0.length }
    let whole = order.enumerated().map { $1.length + ($0 + more) % 3 }
    let sorted = VolumeAxis.allCases.compactMap { axes.firstIndex(of: $0) }
    var strides = whole
    _ = sorted.reversed().reduce(1) { step, axis in
      strides[axis] = step
      return step * whole[axis]
    }
    // The part begins as far from the whole's first corner as it can.
    let start = axes.indices.reduce(0) { $0 + (whole[$1] - part[$1]) * strides[$1] }
    let count = part.reduce(1, *)
    let values = (0..<count).map { UInt16(truncatingIfNeeded: $0 + 1) }
    var expected = [UInt16](repeating: 0, count: whole.reduce(1, *))
    for place in 0..<count {
      var (rest, target) = (place, start)
      for axis in axes.indices.reversed() {
        target += rest % part[axis] * strides[axis]
        rest /= part[axis]
      }
      expected[target] = values[place]
    }
    guard let reordering = AxisReordering(of: axes, lengths: part, within: whole) else {
      #expect(Array(expected[start..<start + count]) == values, "\(order)")
      return
    }
    let bytes = values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    var result = [UInt8](repeating: 0, count: expected.count * 2)
    var span = result.mutableSpan
    var room = span.mutableBytes
    reordering.reorder(bytes.rawSpan, into: &room, at: start, width: 2)
    #expect(
      result == expected.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, "\(order)")
  }

  @Test func `is none where the order is right but for axes of one value`() {
    #expect(AxisReordering(of: [.z, .y, .x], lengths: [2, 3, 4]) == nil)
    #expect(AxisReordering(of: [.x, .z, .y], lengths: [1, 3, 4]) == nil)
    #expect(AxisReordering(of: [.z, .y, .x, .channel], lengths: [2, 3, 4, 1]) == nil)
    #expect(AxisReordering(of: [.x, .y], lengths: [1, 1]) == nil)
    #expect(AxisReordering(of: [.x, .y], lengths: [2, 2]) != nil)
  }
}
