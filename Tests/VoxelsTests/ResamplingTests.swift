import TestSupport
import Testing
import Voxels

@Suite struct `Downsampling` {
  private static let factors = [
    VoxelExtent(z: 2, y: 2, x: 2), VoxelExtent(z: 1, y: 2, x: 2), VoxelExtent(z: 2, y: 1, x: 2),
    VoxelExtent(z: 2, y: 2, x: 1), VoxelExtent(z: 1, y: 1, x: 1),
  ]

  @Test func `by mean rounds halves upwards`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 6))
    let pairs = VoxelExtent(z: 1, y: 1, x: 2)
    let bytes = Volume<UInt8>(box: box, values: [0, 1, 254, 255, 3, 3])
    #expect(bytes.downsampledByMean(pairs).span[0] == 1)
    #expect(bytes.downsampledByMean(pairs).span[1] == 255)
    let signed = Volume<Int8>(box: box, values: [-1, 0, -128, -127, -3, 0])
    #expect(values(signed.downsampledByMean(pairs)) == [0, -127, -1])
    let large = Volume<UInt64>(box: box, values: [.max, .max, .max, .max - 1, 0, .max])
    #expect(values(large.downsampledByMean(pairs)) == [.max, .max, 1 << 63])
    let real = Volume<Float>(box: box, values: [1, 2, 0.25, 0.75, -1, 1])
    #expect(values(real.downsampledByMean(pairs)) == [1.5, 0.5, 0])
  }

  @Test func `by mean at a cut-off edge takes what there is`() {
    let volume = Volume<UInt16>(
      box: VoxelBox(extent: VoxelExtent(z: 1, y: 3, x: 3)), values: [1, 3, 10, 5, 7, 20, 4, 6, 9])
    let result = volume.downsampledByMean(VoxelExtent(z: 1, y: 2, x: 2))
    #expect(result.extent == VoxelExtent(z: 1, y: 2, x: 2))
    #expect(values(result) == [4, 15, 5, 9])
  }

  @Test func `by mode takes the most frequent, then what is not zero, then the smallest`() {
    func mode(_ group: [UInt64]) -> UInt64 {
      let box = VoxelBox(extent: VoxelExtent(z: 2, y: 2, x: 2))
      return Volume(box: box, values: group).downsampledByMode(VoxelExtent(cube: 2)).span[0]
    }
    #expect(mode([5, 5, 5, 5, 5, 5, 5, 5]) == 5)
    #expect(mode([0, 0, 0, 0, 0, 9, 9, 9]) == 0)
    #expect(mode([0, 0, 0, 0, 9, 9, 9, 9]) == 9)
    #expect(mode([9, 9, 9, 9, 0, 0, 0, 0]) == 9)
    #expect(mode([8, 7, 6, 5, 4, 3, 2, 1]) == 1)
    #expect(mode([7, 7, 3, 3, 1, 0, 0, 2]) == 3)
    #expect(mode([0, 1, 0, 2, 0, 3, 0, 4]) == 0)
  }

  /// Each value by its definition, group by group.
  @Test(arguments: factors, [VoxelExtent(z: 5, y: 6, x: 7), VoxelExtent(z: 1, y: 1, x: 1)])
  func `is what its definition says`(factors: VoxelExtent, extent: VoxelExtent) {
    let box = VoxelBox(origin: VoxelPosition(z: 4, y: 2, x: 6), extent: extent)
    var generator = SeededGenerator(seed: 31)
    let labels = Volume<UInt32>(
      channels: 2, box: box,
      values: (0..<2 * extent.voxelCount).map { _ in .random(in: 0..<4, using: &generator) })
    let mean = labels.downsampledByMean(factors)
    let mode = labels.downsampledByMode(factors)
    #expect(mean.box == box.coarsened(factors) && mode.box == mean.box)
    for channel in 0..<2 {
      forEachPosition(in: mean.box) { position in
        let group = self.group(of: position, factors, in: labels, channel)
        let sum = group.reduce(0, +)
        #expect(
          mean[position, channel: channel]
            == UInt32((2 * Int(sum) + group.count) / (2 * group.count))
        )
        #expect(mode[position, channel: channel] == expectedMode(group))
      }
    }
  }

  @Test(arguments: factors)
  func `of blocks joins to that of the whole`(factors: VoxelExtent) {
    let whole = randomVolume(
      UInt16.self, box: VoxelBox(extent: VoxelExtent(z: 6, y: 7, x: 9)), seed: 1)
    let mean = whole.downsampledByMean(factors)
    let mode = whole.downsampledByMode(factors)
    for x in [0, 4, 8] {
      let part = VoxelBox(
        origin: VoxelPosition(z: 0, y: 0, x: x), extent: VoxelExtent(z: 6, y: 7, x: min(4, 9 - x)))
      let block = whole.cropped(to: part)
      let coarse = part.coarsened(factors)
      #expect(block.downsampledByMean(factors) == mean.cropped(to: coarse))
      #expect(block.downsampledByMode(factors) == mode.cropped(to: coarse))
    }
  }

  private func group(
    of position: VoxelPosition, _ factors: VoxelExtent, in volume: Volume<UInt32>, _ channel: Int
  ) -> [UInt32] {
    let fine = VoxelBox(
      origin: VoxelPosition(
        z: position.z * factors.z, y: position.y * factors.y, x: position.x * factors.x),
      extent: factors
    ).intersection(volume.box)
    var group: [UInt32] = []
    forEachPosition(in: fine) { group.append(volume[$0, channel: channel]) }
    return group
  }

  private func expectedMode(_ group: [UInt32]) -> UInt32 {
    let counts = Dictionary(group.map { ($0, 1) }, uniquingKeysWith: +)
    let most = counts.values.max() ?? 0
    let best = counts.filter { $0.value == most }.keys.sorted()
    return best.first { $0 != 0 } ?? 0
  }

  private func forEachPosition(in box: VoxelBox, _ body: (VoxelPosition) -> Void) {
    for z in box.origin.z..<box.end.z {
      for y in box.origin.y..<box.end.y {
        for x in box.origin.x..<box.end.x { body(VoxelPosition(z: z, y: y, x: x)) }
      }
    }
  }

  private func values<Scalar: VoxelScalar>(_ volume: Volume<Scalar>) -> [Scalar] {
    volume.span.indices.map { volume.span[$0] }
  }
}
