import FoundationEssentials
import Segmentation
import TestSupport
import Testing
import Voxels

extension VoxelExtent {
  fileprivate init(_ steps: [Int]) { self.init(z: steps[0], y: steps[1], x: steps[2]) }
}

/// Channels that link to the voxels before along each axis, and to some further away.
private func channels(
  far: [VoxelExtent], biases: (near: Double, far: Double) = (0, 1),
  stride: VoxelExtent = VoxelExtent(cube: 1)
) -> [MutexChannel] {
  let near = [[-1, 0, 0], [0, -1, 0], [0, 0, -1]].map { VoxelExtent($0) }
  return (near + far).enumerated().map { index, offset in
    index < 3
      ? MutexChannel(index, offset: offset, bias: biases.near)
      : MutexChannel(index, offset: offset, bias: biases.far, stride: stride)
  }
}

private let someOffsets = [
  VoxelExtent(z: -3, y: 0, x: 0), VoxelExtent(z: 0, y: -3, x: 0), VoxelExtent(z: 0, y: 0, x: -3),
  VoxelExtent(z: 0, y: 2, x: -2),
]

private let enoughMemory = 1 << 24

struct MutexWatershedTests {
  private func segments(
    _ near: [UInt8], far: [UInt8], step: Int, stride: Int = 1, mask: [UInt8]? = nil
  ) throws -> [UInt32] {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: near.count))
    let found = try mutexWatershed(
      affinities: Volume(channels: 2, box: box, values: near + far),
      channels: [
        MutexChannel(0, offset: VoxelExtent(z: 0, y: 0, x: -1), bias: 0),
        MutexChannel(
          1, offset: VoxelExtent(z: 0, y: 0, x: step), bias: 1,
          stride: VoxelExtent(z: 1, y: 1, x: stride)),
      ], mask: mask.map { Volume(box: box, values: $0) }, mutexMemory: enoughMemory)
    #expect(found.count == Int(found.labels.values.max() ?? 0))
    return found.labels.values
  }

  @Test func `a strong link far away keeps apart what a weaker one near by would join`() throws {
    // Links 0–1 at 230, 1–2 at 150, 2–3 at 200; 0 and 3 repel by 255 − 75 = 180.
    #expect(
      try segments([0, 230, 150, 200], far: [0, 0, 0, 75], step: -3) == [1, 1, 2, 2])
    // Repulsion by 140 comes after 150 has joined all.
    #expect(
      try segments([0, 230, 150, 200], far: [0, 0, 0, 115], step: -3) == [1, 1, 1, 1])
  }

  @Test func `of equally strong links those that attract come first`() throws {
    #expect(try segments([0, 230, 150, 200], far: [0, 0, 0, 105], step: -3) == [1, 1, 1, 1])
    #expect(try segments([0, 230, 150, 200], far: [0, 0, 0, 104], step: -3) == [1, 1, 2, 2])
  }

  @Test func `what must stay apart stays apart from what either side joins`() throws {
    // 1 and 3 repel first; 0 joins 1; 2 could join either side, and joins the stronger.
    #expect(
      try segments([0, 250, 100, 90, 80], far: [255, 255, 255, 1, 255], step: -2)
        == [1, 1, 1, 2, 2])
    #expect(
      try segments([0, 250, 90, 100, 80], far: [255, 255, 255, 1, 255], step: -2)
        == [1, 1, 2, 2, 2])
  }

  @Test func `a link of affinity 0 joins nothing`() throws {
    #expect(try segments([9, 0, 1], far: [255, 255, 255], step: -2) == [1, 2, 2])
  }

  @Test func `links count at the multiples of the stride alone`() throws {
    let near: [UInt8] = [0, 200, 150, 200, 200]
    #expect(try segments(near, far: [0, 0, 0, 0, 255], step: -2) != [1, 1, 1, 1, 1])
    // At voxel 2 repels 0, at voxel 4 nothing; with a stride of 4 only that of voxel 4 counts.
    #expect(try segments(near, far: [0, 0, 0, 0, 255], step: -2, stride: 4) == [1, 1, 1, 1, 1])
  }

  @Test func `outside the mask is no segment, and no link leads there`() throws {
    let near: [UInt8] = [0, 250, 250, 250, 250]
    let far = [UInt8](repeating: 255, count: 5)
    #expect(
      try segments(near, far: far, step: -3, mask: [1, 1, 0, 7, 1]) == [1, 1, 0, 2, 2])
    #expect(try segments(near, far: far, step: -3, mask: [0, 0, 0, 0, 0]) == [0, 0, 0, 0, 0])
  }

  @Test func `with biases every link pulls both ways`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4))
    let found = try mutexWatershed(
      // 0–1 attracts by 0.3, 1–2 repels by 0.4, 2–3 does nothing; 1 and 3 attract by 0.1.
      affinities: Volume<Float>(
        channels: 2, box: box, values: [0, 0.7, 0, 0.4, 0, 0, 0, 0.8]),
      channels: [
        MutexChannel(0, offset: VoxelExtent(z: 0, y: 0, x: -1), bias: 0.4),
        MutexChannel(1, offset: VoxelExtent(z: 0, y: 0, x: -2), bias: 0.7),
      ], mutexMemory: enoughMemory)
    // 0 and 2 repel by 0.7, 1 and 3 join.
    #expect(found.labels.values == [1, 1, 2, 1])
  }

  @Test(arguments: AffinityTexture.allCases, 0..<6 as Range<UInt64>)
  func `bytes are segmented as by the definition`(texture: AffinityTexture, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 8, using: &generator)
    let values = texture.values(channels: 7, box: box, using: &generator)
      .map { UInt8(($0 * 255).rounded()) }
    let affinities = Volume<UInt8>(channels: 7, box: box, values: values)
    let mask = box.positions.map { _ in UInt8.random(in: 0...5, using: &generator) }
    let stride = VoxelExtent(z: 1, y: Int(seed % 2) + 1, x: Int(seed % 3) + 1)
    // 51 / 255 and 153 / 255 are bytes; 0.3 and 0.7 are not.
    for biases in [(near: 0.0, far: 1.0), (near: 0.2, far: 0.6), (near: 0.3, far: 0.7)] {
      let channels = channels(far: someOffsets, biases: biases, stride: stride)
      let found = try mutexWatershed(
        affinities: affinities, channels: channels,
        mask: seed < 3 ? nil : Volume(box: box, values: mask),
        mutexMemory: enoughMemory)
      let expected = ReferenceMutexWatershed.segments(
        of: affinities, value: { Int(values[$0].fixedPoint) },
        channels: channels, mask: seed < 3 ? nil : mask)
      #expect(found.labels.values.map(Int.init) == expected, "seed \(seed), biases \(biases)")
      #expect(found.count == expected.max())
    }
  }

  @Test(arguments: AffinityTexture.allCases, 0..<4 as Range<UInt64>)
  func `floats are segmented as by the definition`(texture: AffinityTexture, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 8, using: &generator)
    var values = texture.values(channels: 7, box: box, using: &generator).map { Float($0) }
    values[values.count / 2] = .nan
    let affinities = Volume<Float>(channels: 7, box: box, values: values)
    for biases in [(near: 0.0, far: 1.0), (near: 0.4, far: 0.7)] {
      let channels = channels(far: someOffsets, biases: biases)
      let found = try mutexWatershed(
        affinities: affinities, channels: channels, mutexMemory: enoughMemory)
      let expected = ReferenceMutexWatershed.segments(
        of: affinities,
        value: { values[$0].isNaN ? nil : Int(values[$0].fixedPoint) },
        channels: channels)
      #expect(found.labels.values.map(Int.init) == expected, "seed \(seed), biases \(biases)")
    }
  }

  /// Portions of links are as large as the volume, but not below 256: here many are needed.
  @Test(arguments: AffinityTexture.allCases)
  func `links that are sorted in portions are segmented as those sorted at once`(
    texture: AffinityTexture
  ) throws {
    var generator = SeededGenerator(seed: 5)
    let box = VoxelBox(extent: VoxelExtent(z: 8, y: 9, x: 9))
    let values = texture.values(channels: 7, box: box, using: &generator).map { Float($0) }
    let channels = channels(far: someOffsets)
    let found = try mutexWatershed(
      affinities: Volume<Float>(channels: 7, box: box, values: values), channels: channels,
      mutexMemory: enoughMemory)
    let expected = ReferenceMutexWatershed.segments(
      of: Volume<Float>(channels: 7, box: box, values: values),
      value: { Int(values[$0].fixedPoint) }, channels: channels)
    #expect(found.labels.values.map(Int.init) == expected)
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `the order of the channels and the direction of offsets change nothing`(seed: UInt64) throws
  {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox(extent: VoxelExtent(z: 7, y: 8, x: 9))
    let values = AffinityTexture.plateaus.values(channels: 7, box: box, using: &generator)
      .map { UInt8(($0 * 255).rounded()) }
    let affinities = Volume<UInt8>(channels: 7, box: box, values: values)
    let channels = channels(far: someOffsets)
    let expected = try mutexWatershed(
      affinities: affinities, channels: channels, mutexMemory: enoughMemory)
    // Each link named by its other voxel, and the channels in another order.
    let order = Array(0..<7).shuffled(using: &generator)
    var other = Volume<UInt8>(channels: 7, box: box)
    for (index, channel) in order.enumerated() {
      for position in box.positions where box.contains(position + channels[channel].offset) {
        other[position + channels[channel].offset, channel: index] =
          affinities[position, channel: channel]
      }
    }
    let found = try mutexWatershed(
      affinities: other,
      channels: order.enumerated().map { index, channel in
        MutexChannel(index, offset: channels[channel].offset * -1, bias: channels[channel].bias)
      }, mutexMemory: enoughMemory)
    #expect(found == expected, "seed \(seed)")
  }

  @Test func `what takes more memory than it may is refused`() throws {
    var generator = SeededGenerator(seed: 1)
    let box = VoxelBox(extent: VoxelExtent(cube: 8))
    let values = AffinityTexture.noise.values(channels: 7, box: box, using: &generator)
      .map { UInt8($0 * 255) }
    #expect(throws: MutexMemoryError(limit: 2000)) {
      try mutexWatershed(
        affinities: Volume<UInt8>(channels: 7, box: box, values: values),
        channels: channels(far: someOffsets), mutexMemory: 2000)
    }
  }

  @Test func `volumes thinner than an offset have fewer links`() throws {
    for extent in [VoxelExtent(cube: 1), VoxelExtent(z: 1, y: 1, x: 5)] {
      let box = VoxelBox(extent: extent)
      let found = try mutexWatershed(
        affinities: Volume<UInt8>(channels: 7, box: box, fill: 200),
        channels: channels(far: someOffsets), mutexMemory: enoughMemory)
      #expect(found.labels.values == Array(repeating: 1, count: extent.voxelCount))
    }
  }

  @Test(
    arguments: [
      ("bioimage-cpp-0.10.0", ["noise", "smooth", "ahead", "strides", "section"]),
      ("mwatershed-0.5.4", ["noise", "smooth", "ahead", "section", "biases"]),
    ])
  func `peers find the same segments`(peer: String, cases: [String]) throws {
    for name in cases {
      let golden = try GoldenMutexWatershed("\(peer)/mutex/\(name)")
      let box = VoxelBox(extent: VoxelExtent(golden.shape))
      let found = try mutexWatershed(
        affinities: Volume<Float>(
          channels: golden.offsets.count, box: box,
          values: golden.affinities.map { Float($0) / 65536 }),
        channels: golden.channels, mutexMemory: enoughMemory)
      #expect(canonical(found.labels.values) == canonical(golden.segments), "\(peer) \(name)")
      #expect(found.count > 3)
    }
  }
}

/// What a peer makes of small affinities; written by tools/golden/mutex.py.
private struct GoldenMutexWatershed: Decodable {
  let shape: [Int]
  let offsets: [[Int]]
  let attractive: Int
  let strides: [Int]
  let affinities: [Int]
  let biases: [Double]?
  let segments: [Int]

  init(_ path: String) throws {
    let data = try Data(contentsOf: URL(filePath: "\(volumesFolder)/golden/\(path).json"))
    self = try JSONDecoder().decode(Self.self, from: data)
  }

  var channels: [MutexChannel] {
    offsets.enumerated().map { index, offset in
      index < attractive
        ? MutexChannel(index, offset: VoxelExtent(offset), bias: biases?[index] ?? 0)
        : MutexChannel(
          index, offset: VoxelExtent(offset), bias: biases?[index] ?? 1,
          stride: VoxelExtent(strides))
    }
  }
}
