import Networks
import Tensors
import TestSupport
import Testing
import Voxels

struct PatchGridTests {
  struct Case: Sendable {
    var length: Int, patch: Int, margin: Int, overlap: Int
  }
  static let cases = [
    Case(length: 100, patch: 32, margin: 4, overlap: 8),
    Case(length: 101, patch: 32, margin: 4, overlap: 7),
    Case(length: 33, patch: 32, margin: 4, overlap: 8),
    Case(length: 32, patch: 32, margin: 4, overlap: 8),
    Case(length: 5, patch: 32, margin: 4, overlap: 8),
    Case(length: 1, patch: 4, margin: 1, overlap: 1),
    Case(length: 250, patch: 96, margin: 16, overlap: 0),
    Case(length: 57, patch: 12, margin: 0, overlap: 11),
    Case(length: 64, patch: 20, margin: 6, overlap: 7),
  ]

  @Test(arguments: cases)
  func `weights sum to one at every voxel`(_ item: Case) {
    let axis = PatchAxis(
      length: item.length, patch: item.patch, margin: item.margin, overlap: item.overlap)
    let blend = BlendWeights(axis)
    var sums = [Double](repeating: 0, count: item.length)
    for index in axis.starts.indices {
      #expect(blend.weights[index].count == axis.kept(index).count)
      for (position, weight) in zip(axis.kept(index), blend.weights[index]) {
        #expect(weight > 0 && weight <= 1)
        sums[position] += Double(weight)
      }
    }
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-6 })
  }

  @Test(arguments: cases)
  func `margins are kept at the volume's faces alone`(_ item: Case) {
    let axis = PatchAxis(
      length: item.length, patch: item.patch, margin: item.margin, overlap: item.overlap)
    for (index, start) in axis.starts.enumerated() {
      let kept = axis.kept(index)
      #expect(kept.lowerBound == (index == 0 ? 0 : start + item.margin))
      #expect(
        kept.upperBound
          == (index == axis.starts.count - 1 ? item.length : start + item.patch - item.margin))
      if index > 0 { #expect(axis.kept(index - 1).upperBound - kept.lowerBound >= item.overlap) }
    }
  }

  @Test func `a block of the stride's multiple touches one patch more along each axis`() {
    let grid = PatchGrid(
      volume: VoxelExtent(cube: 400), patch: VoxelExtent(cube: 48),
      margin: VoxelExtent(cube: 8), overlap: VoxelExtent(cube: 8))
    #expect(grid.stride == VoxelExtent(cube: 24))
    let block = VoxelBox(
      origin: VoxelPosition(z: 48, y: 48, x: 48), extent: VoxelExtent(cube: 48))
    let touching = grid.patches(touching: block)
    #expect(touching.count == 27)
    #expect(touching == touching.sorted())
    #expect(touching.allSatisfy { !grid.keptBox(of: $0).intersection(block).isEmpty })
  }

  @Test(arguments: [
    (0, 5, 0), (4, 5, 4), (5, 5, 3), (8, 5, 0), (9, 5, 1), (-1, 5, 1), (-4, 5, 4), (-5, 5, 3),
    (7, 1, 0), (-3, 1, 0), (3, 2, 1), (-1, 2, 1),
  ])
  func `mirroring does not repeat the outermost voxel`(_ index: Int, _ length: Int, _ from: Int) {
    #expect(mirroredIndex(index, length: length) == from)
  }
}

struct BlockPredictorTests {
  private static let extent = VoxelExtent(z: 30, y: 41, x: 37)

  private static func grey(_ extent: VoxelExtent = Self.extent) -> Volume<Float> {
    var random = SeededGenerator(seed: 3)
    let values = (0..<extent.voxelCount).map { _ in Float(Int.random(in: 0...255, using: &random)) }
    return Volume(box: VoxelBox(extent: extent), values: values)
  }

  private static func predictor(
    _ name: String, volume: VoxelExtent = Self.extent, patch: VoxelExtent, margin: Int,
    overlap: Int, cacheBytes: Int = 1 << 24, threads: Int = 1
  ) throws -> BlockPredictor {
    let model = try GoldenGraph(name: name).model()
    let description = try ModelDescription(model)
    let plan = try NetworkPlan(
      model, extent: patch, threads: threads, activation: description.activation)
    return try BlockPredictor(
      network: try Network(plan),
      grid: PatchGrid(
        volume: volume, patch: patch, margin: VoxelExtent(cube: margin),
        overlap: VoxelExtent(cube: overlap)),
      inputScale: description.inputScale(for: .uint8), cacheBytes: cacheBytes)
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

  @Test(arguments: ["box-filter", "affinity-unet"])
  func `the cut into blocks, the cache and the threads change no bit`(_ name: String) throws {
    let grey = Self.grey()
    let patch = VoxelExtent(z: 16, y: 20, x: 24)
    func predictor(cacheBytes: Int, threads: Int) throws -> BlockPredictor {
      try Self.predictor(
        name, patch: patch, margin: 3, overlap: 4, cacheBytes: cacheBytes, threads: threads)
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

struct PatchChoiceTests {
  private static let gibibyte = 1 << 30

  @Test func `the chosen patch fits the memory limit and covers the volume cheaply`() throws {
    let model = try GoldenGraph(name: "affinity-unet").model()
    let description = try ModelDescription(model)
    let volume = VoxelExtent(z: 120, y: 70, x: 130)
    var overheads: [Double] = []
    for limit in [8 << 20, 32 << 20, Self.gibibyte] {
      let choice = try PatchChoice(
        model: model, description: description, volume: volume, memoryLimit: limit, threads: 1)
      #expect(choice.plan.memory.totalBytes <= limit)
      overheads.append(choice.grid.overhead)
    }
    #expect(overheads == overheads.sorted(by: >))
    #expect(overheads[2] < 1.2)
  }

  @Test func `a limit that no patch fits is refused with a remedy`() throws {
    let model = try GoldenGraph(name: "affinity-unet").model()
    let error = try #require(throws: ModelError.self) {
      try PatchChoice(
        model: model, description: try ModelDescription(model), volume: VoxelExtent(cube: 200),
        memoryLimit: 10_000, threads: 1)
    }
    #expect(error.code == .limitExceeded)
    #expect(error.remedy != nil)
  }

  @Test func `the caller's patch is rounded up to the strides`() throws {
    let model = try GoldenGraph(name: "affinity-unet").model()
    let choice = try PatchChoice(
      model: model, description: try ModelDescription(model), volume: VoxelExtent(cube: 200),
      memoryLimit: Self.gibibyte, threads: 1, patch: VoxelExtent(z: 41, y: 48, x: 63))
    #expect(choice.grid.patch == VoxelExtent(z: 42, y: 48, x: 64))
  }
}

extension Volume {
  fileprivate var values: [Scalar] { span.indices.map { span[$0] } }
}
