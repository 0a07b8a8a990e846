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

  @Test(arguments: cases, Blending.allCases)
  func `weights sum to one at every voxel`(_ item: Case, _ blending: Blending) {
    for faceMargin in [0, item.margin] {
      checkWeights(
        PatchAxis(
          length: item.length, patch: item.patch, margin: item.margin, overlap: item.overlap,
          faceMargin: faceMargin, blending: blending))
    }
  }

  private func checkWeights(_ axis: PatchAxis) {
    let blend = BlendWeights(axis)
    var sums = [Double](repeating: 0, count: axis.length)
    for index in axis.starts.indices {
      #expect(blend.weights[index].count == axis.kept(index).count)
      for (position, weight) in zip(axis.kept(index), blend.weights[index]) {
        #expect(weight >= 0 && weight <= 1)
        if axis.blending == .linear { #expect(weight > 0) }
        if axis.blending == .crop { #expect(weight == 1) }
        sums[position] += Double(weight)
      }
    }
    #expect(sums.allSatisfy { abs($0 - 1) < 1e-6 })
  }

  @Test(arguments: Blending.allCases)
  func `the weights of a volume's voxels sum to one`(_ blending: Blending) {
    let grid = PatchGrid(
      volume: VoxelExtent(z: 21, y: 30, x: 9), patch: VoxelExtent(cube: 12),
      margin: VoxelExtent(cube: 2), overlap: VoxelExtent(cube: 3),
      faceMargin: VoxelExtent(cube: 1), blending: blending)
    let blend = grid.axes.map { BlendWeights($0) }
    var sums = Volume<Double>(box: VoxelBox(extent: grid.volume))
    for index in 0..<grid.count {
      let (box, place) = (grid.keptBox(of: index), grid.place(index))
      for z in 0..<box.extent.z {
        for y in 0..<box.extent.y {
          for x in 0..<box.extent.x {
            let weight =
              blend[0].weights[place.z][z] * blend[1].weights[place.y][y]
              * blend[2].weights[place.x][x]
            sums[box.origin + VoxelExtent(z: z, y: y, x: x)] += Double(weight)
          }
        }
      }
    }
    #expect(sums.values.allSatisfy { abs($0 - 1) < 1e-6 })
  }

  @Test(arguments: cases, Blending.allCases)
  func `the outermost patches reach past the faces by the face margin`(
    _ item: Case, _ blending: Blending
  ) throws {
    let axis = PatchAxis(
      length: item.length, patch: item.patch, margin: item.margin, overlap: item.overlap,
      faceMargin: item.margin, blending: blending)
    let last = try #require(axis.starts.last)
    if item.patch < item.length {
      #expect(axis.starts[0] == -item.margin)
      #expect(last + item.patch == item.length + item.margin)
    }
    #expect(axis.kept(0).lowerBound == 0)
    #expect(axis.kept(axis.starts.count - 1).upperBound == item.length)
    for (index, start) in axis.starts.enumerated() where item.patch < item.length {
      #expect(axis.kept(index).lowerBound >= start + item.margin)
      #expect(axis.kept(index).upperBound <= start + item.patch - item.margin)
    }
  }

  @Test(arguments: [200, 256, 257, 300, 319])
  func `cropped patches whose strides are whole blocks share no block`(_ length: Int) {
    let axis = PatchAxis(
      length: length, patch: 80, margin: 8, overlap: 0, faceMargin: 8, blending: .crop)
    for index in axis.starts.indices {
      #expect(axis.kept(index) == index * 64..<min((index + 1) * 64, length))
    }
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
    // The mirrored margins alone make it 1.56.
    #expect(overheads[2] < 1.7)
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
      memoryLimit: Self.gibibyte, threads: 1,
      tiling: Tiling(patch: VoxelExtent(z: 41, y: 48, x: 63)))
    #expect(choice.grid.patch == VoxelExtent(z: 42, y: 48, x: 64))
  }

  @Test func `patches of a large volume share no block of whole units`() throws {
    let model = try GoldenGraph(name: "affinity-unet").model()
    for unit in [VoxelExtent(cube: 64), VoxelExtent(z: 16, y: 128, x: 128)] {
      let grid = try PatchChoice(
        model: model, description: try ModelDescription(model), volume: VoxelExtent(cube: 2000),
        memoryLimit: 200 << 20, threads: 1, blocksOf: unit
      ).grid
      for axis in 0..<3 {
        let stride = [grid.stride.z, grid.stride.y, grid.stride.x][axis]
        let length = [unit.z, unit.y, unit.x][axis]
        #expect(stride % length == 0 || length % stride == 0, "\(grid.stride)")
      }
      let lengths = zip(
        [grid.stride.z, grid.stride.y, grid.stride.x], [unit.z, unit.y, unit.x]
      ).map { $0 % $1 == 0 ? $0 : $1 }
      let block = VoxelBox(
        origin: VoxelPosition(z: lengths[0], y: 2 * lengths[1], x: lengths[2]),
        extent: VoxelExtent(z: 2 * lengths[0], y: lengths[1], x: 3 * lengths[2]))
      #expect(
        grid.patches(touching: block).allSatisfy { block.contains(grid.keptBox(of: $0)) })
    }
  }

  @Test func `a fixed patch that is no longer than its margins or cannot be turned is refused`()
    throws
  {
    for (lengths, tiling) in [
      ([16, 16, 16], Tiling(margin: VoxelExtent(cube: 8))),
      ([32, 32, 64], Tiling(augmentation: .turns)),
    ] {
      var model = try GoldenGraph(name: "affinity-unet").model()
      model.inputs[0].lengths = [.fixed(1), .fixed(1)] + lengths.map { .fixed($0) }
      let description = try ModelDescription(model)
      let error = try #require(throws: ModelError.self) {
        try PatchChoice(
          model: model, description: description, volume: VoxelExtent(cube: 200),
          memoryLimit: Self.gibibyte, threads: 1, tiling: tiling)
      }
      #expect(error.code == .mismatch)
      #expect(error.remedy != nil)
    }
  }
}

extension Volume {
  fileprivate var values: [Scalar] { span.indices.map { span[$0] } }
}
