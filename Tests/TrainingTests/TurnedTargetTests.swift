import Codecs
import TestSupport
import Testing
import Training
import Voxels

/// Turning a sample and making a target of it gives what making the target and turning it gives,
/// offsets and channels turned with it.
struct TurnedTargetTests {
  /// A turn: the old axis along each new one, and whether it runs backwards.
  static let turns: [(axes: [Int], isReversed: [Bool])] = [
    ([0, 1, 2], [true, false, false]), ([0, 1, 2], [false, false, true]),
    ([0, 2, 1], [false, false, false]), ([2, 1, 0], [false, true, false]),
    ([1, 2, 0], [true, true, false]), ([2, 0, 1], [true, true, true]),
  ]

  func turned<Scalar>(_ volume: Volume<Scalar>, _ turn: (axes: [Int], isReversed: [Bool]))
    -> Volume<Scalar>
  {
    let lengths = [volume.extent.z, volume.extent.y, volume.extent.x]
    let new = turn.axes.map { lengths[$0] }
    var result = Volume<Scalar>(
      channels: volume.channels, box: VoxelBox(extent: VoxelExtent(z: new[0], y: new[1], x: new[2]))
    )
    for channel in 0..<volume.channels {
      for z in 0..<new[0] {
        for y in 0..<new[1] {
          for x in 0..<new[2] {
            var old = [0, 0, 0]
            for (axis, place) in [z, y, x].enumerated() {
              old[turn.axes[axis]] = turn.isReversed[axis] ? new[axis] - 1 - place : place
            }
            result[VoxelPosition(z: z, y: y, x: x), channel: channel] =
              volume[VoxelPosition(z: old[0], y: old[1], x: old[2]), channel: channel]
          }
        }
      }
    }
    return result
  }

  @Test(arguments: turns.indices)
  func `affinities turn with their offsets`(index: Int) throws {
    let turn = Self.turns[index]
    let labels = cells(VoxelExtent(z: 7, y: 9, x: 11), count: 9, seed: 3)
    var mask = Volume<UInt8>(box: labels.box, fill: 1)
    mask[VoxelPosition(z: 3, y: 4, x: 5)] = 0
    let offsets = [[-1, 0, 0], [0, -1, 0], [0, 0, -1], [2, -3, 4]]
    let newOffsets = offsets.map { offset in
      (0..<3).map { turn.isReversed[$0] ? -offset[turn.axes[$0]] : offset[turn.axes[$0]] }
    }
    func made(_ offsets: [[Int]], _ labels: Volume<UInt64>, _ mask: Volume<UInt8>) throws
      -> (values: Volume<Float>, weights: Volume<Float>)
    {
      try target(#"{"name": "affinities", "offsets": \#(offsets), "erode_labels": 1}"#)
        .make(from: sample(labels, mask: mask), in: labels.box)
    }
    let before = try made(offsets, labels, mask)
    let after = try made(newOffsets, turned(labels, turn), turned(mask, turn))
    #expect(after.values == turned(before.values, turn))
    #expect(after.weights == turned(before.weights, turn))
  }

  @Test(arguments: turns.indices)
  func `shape descriptors turn with their axes`(index: Int) throws {
    let turn = Self.turns[index]
    let labels = cells(VoxelExtent(z: 9, y: 10, x: 11), count: 5, seed: 6)
    func made(_ labels: Volume<UInt64>) throws -> Volume<Float> {
      try target(#"{"name": "shape_descriptors", "sigma": 15}"#)
        .make(from: sample(labels), in: labels.box).values
    }
    let before = turned(try made(labels), turn)
    let after = try made(turned(labels, turn))
    let pairs = [[0, 1], [0, 2], [1, 2]]
    for axis in 0..<3 {
      let old = turn.axes[axis]
      let sign: Float = turn.isReversed[axis] ? -1 : 1
      expectEqual(after, axis, before, old, sign: sign)
      expectEqual(after, 3 + axis, before, 3 + old, sign: 1)
      let pair = pairs[axis]
      let oldPair = pair.map { turn.axes[$0] }.sorted()
      let oldIndex = try #require(pairs.firstIndex(of: oldPair))
      let isMirrored = turn.isReversed[pair[0]] != turn.isReversed[pair[1]]
      expectEqual(after, 6 + axis, before, 6 + oldIndex, sign: isMirrored ? -1 : 1)
    }
    expectEqual(after, 9, before, 9, sign: 1)
  }

  private func expectEqual(
    _ left: Volume<Float>, _ leftChannel: Int, _ right: Volume<Float>, _ rightChannel: Int,
    sign: Float
  ) {
    let size = values(left.channel(9))
    let pairs = zip(values(left.channel(leftChannel)), values(right.channel(rightChannel)))
    for (size, (left, right)) in zip(size, pairs) where size > 0 {
      let expected = sign < 0 ? 1 - right : right
      // Sums run in another order; correlations of few voxels amplify that.
      guard abs(left - expected) < 2e-3 else {
        #expect(left == expected)
        return
      }
    }
  }

  @Test(arguments: turns.indices)
  func `distances and boundaries turn with the sample`(index: Int) throws {
    let turn = Self.turns[index]
    let labels = cells(VoxelExtent(z: 7, y: 9, x: 11), count: 6, seed: 8)
    for text in [#"{"name": "distance"}"#, #"{"name": "boundary", "width": 2}"#] {
      let target = try target(text)
      let before = target.make(from: sample(labels), in: labels.box).values
      let new = turned(labels, turn)
      let after = target.make(from: sample(new), in: new.box).values
      for (left, right) in zip(values(after), values(turned(before, turn))) {
        #expect(abs(left - right) < 1e-6)
      }
    }
  }
}
