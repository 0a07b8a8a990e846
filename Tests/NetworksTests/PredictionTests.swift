import Networks
import Synchronization
import Tensors
import TestSupport
import Testing
import Voxels

struct BlockPredictorTests {
  private static let extent = VoxelExtent(z: 30, y: 41, x: 37)

  private static func grey(_ extent: VoxelExtent = Self.extent) -> Volume<Float> {
    var random = SeededGenerator(seed: 3)
    let values = (0..<extent.voxelCount).map { _ in Float(Int.random(in: 0...255, using: &random)) }
    return Volume(box: VoxelBox(extent: extent), values: values)
  }

  private static func predictor(
    _ name: String, volume: VoxelExtent = Self.extent, patch: VoxelExtent, margin: Int,
    overlap: Int, cacheBytes: Int = 1 << 24, threads: Int = 1, networks: Int = 1,
    faceMargin: Int = 0, blending: Blending = .linear, normalization: InputNormalization? = nil
  ) throws -> BlockPredictor {
    let model = try GoldenGraph(name: name).model()
    let description = try ModelDescription(model)
    let plan = try NetworkPlan(
      model, extent: patch, threads: threads, activation: description.activation)
    return try BlockPredictor(
      networks: try NetworkPool(plan, count: networks),
      grid: PatchGrid(
        volume: volume, patch: patch, margin: VoxelExtent(cube: margin),
        overlap: VoxelExtent(cube: overlap), faceMargin: VoxelExtent(cube: faceMargin),
        blending: blending),
      normalization: normalization ?? InputNormalization(description.inputMap(for: .uint8)),
      cacheBytes: cacheBytes)
  }

  private static func whole(
    _ predictor: BlockPredictor, _ grey: Volume<Float>, blocks: VoxelExtent,
    reversed: Bool = false
  ) throws -> Volume<Float> {
    var result = Volume<Float>(channels: predictor.channels, box: grey.box)
    var boxes: [VoxelBox] = []
    for z in stride(from: 0, to: grey.extent.z, by: blocks.z) {
      for y in stride(from: 0, to: grey.extent.y, by: blocks.y) {
        for x in stride(from: 0, to: grey.extent.x, by: blocks.x) {
          boxes.append(
            VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: blocks)
              .intersection(grey.box))
        }
      }
    }
    for box in reversed ? boxes.reversed() : boxes {
      result.copy(
        from: try predictor.predict(box) { wanted in
          #expect(grey.box.contains(wanted))
          return grey.cropped(to: wanted)
        })
    }
    return result
  }

  @Test(arguments: ["box-filter", "affinity-unet"], Blending.allCases)
  func `the cut into blocks, the cache and the threads change no bit`(
    _ name: String, _ blending: Blending
  ) throws {
    let grey = Self.grey()
    let patch = VoxelExtent(z: 16, y: 20, x: 24)
    func predictor(cacheBytes: Int, threads: Int) throws -> BlockPredictor {
      try Self.predictor(
        name, patch: patch, margin: 3, overlap: 4, cacheBytes: cacheBytes, threads: threads,
        networks: threads, faceMargin: 2, blending: blending)
    }
    let expected = try Self.whole(
      try predictor(cacheBytes: 1 << 24, threads: 1), grey, blocks: Self.extent)
    for (blocks, cacheBytes, threads, reversed) in [
      (VoxelExtent(cube: 16), 1 << 24, 1, false),
      (VoxelExtent(z: 7, y: 11, x: 37), 100_000, 2, false),
      (VoxelExtent(z: 30, y: 10, x: 13), 0, 1, true),
    ] {
      let cut = try Self.whole(
        try predictor(cacheBytes: cacheBytes, threads: threads), grey, blocks: blocks,
        reversed: reversed)
      #expect(cut == expected, "blocks of \(blocks), \(cacheBytes) bytes of cache")
    }
  }

  @Test func `with margins as wide as the receptive field patches leave no trace`() throws {
    let grey = Self.grey()
    let whole = try Self.predictor(
      "box-filter", patch: Self.extent, margin: 0, overlap: 0)
    let patches = try Self.predictor(
      "box-filter", patch: VoxelExtent(cube: 12), margin: 1, overlap: 3)
    let expected = try Self.whole(whole, grey, blocks: Self.extent)
    let result = try Self.whole(patches, grey, blocks: VoxelExtent(cube: 20))
    // Only the blending's rounding is left.
    #expect(largestDifference(Array(result.values), Array(expected.values)) < 1e-6)
  }

  @Test(arguments: [
    VoxelExtent(z: 1, y: 5, x: 3), VoxelExtent(z: 2, y: 1, x: 1), VoxelExtent(z: 9, y: 8, x: 17),
  ])
  func `a volume smaller than a patch is continued by its mirror image`(
    _ volume: VoxelExtent
  ) throws {
    let grey = Self.grey(volume)
    let predictor = try Self.predictor(
      "affinity-unet", volume: volume, patch: VoxelExtent(cube: 16), margin: 2, overlap: 2)
    let result = try Self.whole(predictor, grey, blocks: volume)
    #expect(result.channels == 3)
    #expect(result.values.allSatisfy { $0 > 0 && $0 < 1 })
  }

  @Test func `a constant image stays constant inside`() throws {
    let grey = Volume<Float>(box: VoxelBox(extent: Self.extent), fill: 51)
    let predictor = try Self.predictor(
      "box-filter", patch: VoxelExtent(cube: 12), margin: 2, overlap: 4)
    let result = try Self.whole(predictor, grey, blocks: VoxelExtent(cube: 17))
    for z in 1..<29 {
      for y in 1..<40 {
        let row = result.row(z: z, y: y)
        #expect((1..<36).allSatisfy { abs(row[$0] - 0.2) < 1e-6 })
      }
    }
  }

  @Test(arguments: [1 << 24, 0], [1, 2])
  func `blocks predicted side by side are the same`(_ cacheBytes: Int, _ networks: Int) throws {
    let grey = Self.grey()
    let predictor = try Self.predictor(
      "affinity-unet", patch: VoxelExtent(z: 16, y: 20, x: 24), margin: 3, overlap: 4,
      cacheBytes: cacheBytes, networks: networks)
    let blocks = (0..<6).map { index in
      VoxelBox(
        origin: VoxelPosition(z: index / 3 * 15, y: index % 3 * 13, x: 0),
        extent: VoxelExtent(z: 15, y: 13, x: 37))
    }
    let found = Mutex([Int: Volume<Float>]())
    concurrentForEach(0..<6, threads: 3) { index in
      let block = try? predictor.predict(blocks[index]) { grey.cropped(to: $0) }
      found.withLock { $0[index] = block }
    }
    let whole = try Self.whole(predictor, grey, blocks: Self.extent)
    for (index, block) in blocks.enumerated() {
      #expect(found.withLock { $0[index] } == whole.cropped(to: block))
    }
  }

  @Test(arguments: [Blending.crop, .linear])
  func `a mask takes nothing from what is inside it, and patches without tissue are not run`(
    _ blending: Blending
  ) throws {
    let grey = Self.grey()
    func predictor() throws -> BlockPredictor {
      try Self.predictor(
        "affinity-unet", patch: VoxelExtent(cube: 16), margin: 2, overlap: 2, faceMargin: 2,
        blending: blending)
    }
    let whole = try Self.whole(try predictor(), grey, blocks: Self.extent)
    var mask = Volume<UInt8>(box: grey.box)
    for z in 12..<25 {
      for x in 5..<17 where (z + x) % 3 > 0 { mask[VoxelPosition(z: z, y: 9, x: x)] = 7 }
    }
    let masked = try predictor()
    var reads = 0
    let result = try masked.predict(grey.box, within: mask) { box in
      reads += 1
      return grey.cropped(to: box)
    }
    let used = masked.patches(for: grey.box, within: mask)
    #expect(reads == used.count && reads > 0 && reads < masked.grid.count / 3)
    for channel in 0..<3 {
      for z in 0..<30 {
        for y in 0..<41 {
          for x in 0..<37 {
            let place = VoxelPosition(z: z, y: y, x: x)
            let expected = mask[place] > 0 ? whole[place, channel: channel] : 0
            #expect(result[place, channel: channel] == expected)
          }
        }
      }
    }
    let empty = try masked.predict(grey.box, within: Volume(box: grey.box)) { box in
      Issue.record("\(box) is read")
      return grey.cropped(to: box)
    }
    #expect(empty.values.allSatisfy { $0 == 0 })
  }

  @Test func `past the faces the network sees the mirror image`() throws {
    let grey = Volume<Float>(box: VoxelBox(extent: Self.extent), fill: 51)
    let predictor = try Self.predictor(
      "box-filter", patch: VoxelExtent(cube: 12), margin: 2, overlap: 0, faceMargin: 2,
      blending: .crop)
    let result = try Self.whole(predictor, grey, blocks: VoxelExtent(cube: 17))
    // The network's own padding would make the outermost voxels darker.
    #expect(result.values.allSatisfy { abs($0 - 0.2) < 1e-6 })
  }

  @Test func `sections of other contrast are brought to the same`() throws {
    let grey = Self.grey()
    var changed = grey
    var maps: [InputNormalization.Map] = []
    for z in 0..<Self.extent.z {
      let (gain, lift) = (Float(1 + z % 4), Float(z * 10))
      for y in 0..<Self.extent.y {
        var row = changed.mutableRow(z: z, y: y)
        for x in 0..<row.count { row[x] = row[x] * gain + lift }
      }
      maps.append(.init(factor: 1 / (255 * gain), summand: -lift / (255 * gain)))
    }
    func prediction(_ grey: Volume<Float>, _ normalization: InputNormalization?) throws
      -> Volume<Float>
    {
      let predictor = try Self.predictor(
        "box-filter", patch: VoxelExtent(cube: 16), margin: 2, overlap: 0, faceMargin: 2,
        blending: .crop, normalization: normalization)
      return try Self.whole(predictor, grey, blocks: VoxelExtent(cube: 20))
    }
    let expected = try prediction(grey, nil)
    let found = try prediction(changed, InputNormalization(sections: maps))
    #expect(largestDifference(found.values, expected.values) < 1e-5)
  }

  @Test func `a mean and a deviation become those that are wanted`() {
    let map = InputNormalization.Map(
      mean: 100, standardDeviation: 20, wantedMean: 0.5, wantedStandardDeviation: 0.25)
    #expect(100 * map.factor + map.summand == 0.5)
    #expect(abs(140 * map.factor + map.summand - 1) < 1e-6)
    let flat = InputNormalization.Map(mean: 7, standardDeviation: 0, wantedMean: 0.5)
    #expect(7 * flat.factor + flat.summand == 0.5)
  }

  @Test func `an error while reading comes through, and the next call works`() throws {
    struct Unreadable: Error {}
    let predictor = try Self.predictor(
      "box-filter", patch: VoxelExtent(cube: 12), margin: 2, overlap: 4)
    let box = VoxelBox(extent: VoxelExtent(cube: 8))
    #expect(throws: Unreadable.self) { try predictor.predict(box) { _ in throw Unreadable() } }
    let grey = Self.grey()
    _ = try predictor.predict(box) { grey.cropped(to: $0) }
  }

  @Test func `bytes are rounded, limited and never NaN`() {
    let values: [Float] = [0, 0.5 / 255, 0.49 / 255, 1, 1.5, -2, .nan, .infinity, 0.5]
    let volume = Volume(box: VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 9)), values: values)
    #expect(
      Array(quantized(volume).values) == [0, 1, 0, 255, 255, 0, 0, 255, 128])
  }
}

extension Volume {
  fileprivate var values: [Scalar] { span.indices.map { span[$0] } }
}
