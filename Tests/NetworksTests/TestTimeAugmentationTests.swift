import Networks
import Tensors
import TestSupport
import Testing
import Voxels

struct AxisSymmetryTests {
  private static func numbered(_ extent: VoxelExtent, channels: Int = 1) -> Volume<Float> {
    Volume(
      channels: channels, box: VoxelBox(extent: extent),
      values: (0..<extent.voxelCount * channels).map { Float($0) })
  }

  @Test(arguments: [
    (TestTimeAugmentation.none, 1), (.flipsYX, 4), (.flips, 8), (.turns, 16), (.all, 48),
  ])
  func `an augmentation has its number of different symmetries, the plain one first`(
    _ augmentation: TestTimeAugmentation, _ count: Int
  ) {
    #expect(augmentation.symmetries.count == count)
    #expect(Set(augmentation.symmetries).count == count)
    #expect(augmentation.symmetries[0] == .identity)
  }

  @Test func `a turned and mirrored box is what its definition says`() {
    let volume = Self.numbered(VoxelExtent(z: 2, y: 3, x: 4), channels: 2)
    let symmetry = AxisSymmetry(axes: [2, 0, 1], reversed: [false, true, false])
    let result = symmetry.applied(to: volume)
    #expect(result.extent == VoxelExtent(z: 4, y: 2, x: 3))
    for channel in 0..<2 {
      for z in 0..<4 {
        for y in 0..<2 {
          for x in 0..<3 {
            #expect(
              result.row(channel: channel, z: z, y: y)[x]
                == volume.row(channel: channel, z: 1 - y, y: x)[z])
          }
        }
      }
    }
    // One step along z of the result is one along x; one along y is one back along z.
    #expect(
      symmetry.original(ofStep: VoxelExtent(z: 1, y: 0, x: 0)) == VoxelExtent(z: 0, y: 0, x: 1))
    #expect(
      symmetry.original(ofStep: VoxelExtent(z: 0, y: 1, x: 5)) == VoxelExtent(z: -1, y: 5, x: 0))
  }

  @Test(arguments: TestTimeAugmentation.all.symmetries)
  func `a symmetry is undone by its inverse`(_ symmetry: AxisSymmetry) {
    let volume = Self.numbered(VoxelExtent(z: 3, y: 4, x: 5))
    let back = symmetry.inverse.applied(to: symmetry.applied(to: volume))
    #expect(back == volume)
  }
}

/// Links of every kind: to neighbours, far ones, and along diagonals that mirror each other.
private let links = [
  VoxelExtent(z: -1, y: 0, x: 0), VoxelExtent(z: 0, y: -1, x: 0), VoxelExtent(z: 0, y: 0, x: -1),
  VoxelExtent(z: -3, y: 0, x: 0), VoxelExtent(z: 0, y: -2, x: 0), VoxelExtent(z: 0, y: 0, x: -2),
  VoxelExtent(z: 0, y: -1, x: -1), VoxelExtent(z: 0, y: 1, x: -1),
  VoxelExtent(z: -1, y: -2, x: 0), VoxelExtent(z: -1, y: 2, x: 0),
]
/// Those that turns in y and x map onto each other.
private let turnable = Array(0..<8)
private let reach = 3

private func description(
  _ offsets: [VoxelExtent], voxelSize: String = "10,10,10", polarity: String = "1=same object"
) throws -> ModelDescription {
  var model = ONNXModel()
  model.metadata = [
    "offsets": offsets.map { "\($0.z),\($0.y),\($0.x)" }.joined(separator: ";"),
    "affinity_polarity": polarity, "voxel_size_nm": voxelSize,
  ]
  return try ModelDescription(model)
}

/// A network that is exact: for each link the squared difference of the two voxels' values.
private func differenceModel() -> ONNXModel {
  let side = 2 * reach + 1
  var weights = [Float](repeating: 0, count: links.count * side * side * side)
  for (channel, link) in links.enumerated() {
    func place(_ step: VoxelExtent) -> Int {
      ((channel * side + reach + step.z) * side + reach + step.y) * side + reach + step.x
    }
    weights[place(.zero)] = 1
    weights[place(link)] = -1
  }
  var convolution = ONNXModel.Node()
  convolution.operatorType = "Conv"
  convolution.inputs = ["image", "weights"]
  convolution.outputs = ["difference"]
  convolution.attributes = [
    "kernel_shape": .integers([Int64](repeating: Int64(side), count: 3)),
    "pads": .integers([Int64](repeating: Int64(reach), count: 6)),
  ]
  var square = ONNXModel.Node()
  square.operatorType = "Mul"
  square.inputs = ["difference", "difference"]
  square.outputs = ["square"]
  func tensor(_ name: String, _ channels: Int) -> ONNXModel.Port {
    let lengths: [ONNXModel.Length] = [
      .fixed(1), .fixed(channels), .symbolic("z"), .symbolic("y"), .symbolic("x"),
    ]
    var port = ONNXModel.Port()
    port.name = name
    port.elementType = 1
    port.lengths = lengths
    return port
  }
  var model = ONNXModel()
  model.operatorSetVersion = 18
  model.nodes = [convolution, square]
  model.initializers = [
    "weights": ONNXModel.Constant(
      name: "weights", lengths: [links.count, 1, side, side, side], values: .floats(weights))
  ]
  model.inputs = [tensor("image", 1)]
  model.outputs = [tensor("square", links.count)]
  return model
}

struct TestTimeAugmentationTests {
  private static let cases: [(TestTimeAugmentation, [Int])] = [
    (.flipsYX, Array(links.indices)), (.flips, turnable + [8, 9]), (.turns, [2, 7, 4, 0, 6]),
    (.all, [0, 1, 2]),
  ]

  @Test(arguments: cases, AnswerEnsemble.allCases)
  func `an exact network gives the same from one view and from all, faces included`(
    _ item: (TestTimeAugmentation, [Int]), _ ensemble: AnswerEnsemble
  ) throws {
    let (augmentation, channels) = item
    let extent = VoxelExtent(z: 11, y: 14, x: 13)
    var random = SeededGenerator(seed: 11)
    let grey = Volume<Float>(
      box: VoxelBox(extent: extent),
      values: (0..<extent.voxelCount).map { _ in Float(Int.random(in: 0...9, using: &random)) })
    let patch = VoxelExtent(cube: 10)
    let networks = try NetworkPool(try NetworkPlan(differenceModel(), extent: patch, threads: 1))
    let grid = PatchGrid(
      volume: extent, patch: patch, margin: VoxelExtent(cube: reach),
      overlap: VoxelExtent(cube: 1), faceMargin: VoxelExtent(cube: reach), blending: .linear)
    let plain = PredictionOutput(channels: channels)
    func prediction(_ output: PredictionOutput) throws -> Volume<Float> {
      try BlockPredictor(
        networks: networks, grid: grid, normalization: .scale(1), output: output,
        cacheBytes: 1 << 20
      ).predict(grey.box) { grey.cropped(to: $0) }
    }
    let once = try prediction(plain)
    let augmented = try prediction(
      try plain.augmented(by: augmentation, ensemble: ensemble, try description(links)))
    let difference = (0..<once.span.count).reduce(Float(0)) {
      max($0, abs(once.span[$1] - augmented.span[$1]))
    }
    #expect(difference < 1e-3)
    // And both are the links' own values.
    for (index, channel) in channels.enumerated() {
      for z in 0..<extent.z {
        for y in 0..<extent.y {
          for x in 0..<extent.x {
            let place = VoxelPosition(z: z, y: y, x: x)
            guard grey.box.contains(place + links[channel]) else { continue }
            let value = grey[place] - grey[place + links[channel]]
            #expect(abs(augmented[place, channel: index] - value * value) < 1e-3)
          }
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func `affinities of labels that are turned with the image come back to their voxels`(
    _ complements: Bool
  ) throws {
    let extent = VoxelExtent(cube: 12)
    var random = SeededGenerator(seed: 5)
    let labels = Volume<Float>(
      box: VoxelBox(extent: extent),
      values: (0..<extent.voxelCount).map { _ in Float(Int.random(in: 0...2, using: &random)) })
    func affinities(_ labels: borrowing Volume<Float>) -> [Float] {
      var result: [Float] = []
      for link in links[..<3] {
        for z in 0..<labels.extent.z {
          for y in 0..<labels.extent.y {
            for x in 0..<labels.extent.x {
              let place = VoxelPosition(z: z, y: y, x: x)
              let isSame =
                labels.box.contains(place + link) && labels[place] > 0
                && labels[place] == labels[place + link]
              result.append(isSame != complements ? 1 : 0)
            }
          }
        }
      }
      return result
    }
    let kept = VoxelBox(
      origin: VoxelPosition(z: 1, y: 1, x: 1), extent: VoxelExtent(cube: 10))
    let plain = PredictionOutput(channels: [2, 0, 1], complements: complements)
    let once = try plain.answer(labels, kept: kept) { affinities($0) }
    for ensemble in AnswerEnsemble.allCases {
      let all = try plain.augmented(
        by: .all, ensemble: ensemble, try description(Array(links[..<3])))
      #expect(all.runsPerPatch == 48)
      // 48 answers of 0 or 1 have a mean of 0 or 1 only where they agree.
      #expect(try all.answer(labels, kept: kept) { affinities($0) } == once)
    }
  }

  @Test func `at a patch's end only the views that see the link count`() throws {
    let extent = VoxelExtent(z: 1, y: 1, x: 4)
    let image = Volume<Float>(box: VoxelBox(extent: extent), values: [0, 1, 2, 3])
    let output = try PredictionOutput(channels: [0]).augmented(
      by: .flips, try description([VoxelExtent(z: 0, y: 0, x: -1)]))
    // A network that answers with its input: the link of voxel v is then v itself, or, mirrored,
    // the value of the voxel before.
    let found = try output.answer(image, kept: image.box) { input in
      input.span.indices.map { input.span[$0] }
    }
    #expect((0..<4).map { found.span[$0] } == [0, 0.5, 1.5, 2.5])
  }

  @Test func `turns that need an offset the model lacks are refused`() throws {
    let diagonal = PredictionOutput(channels: [0])
    for (offsets, augmentation) in [
      (["-1,-1,0"], TestTimeAugmentation.flips), (["0,-1,0"], .turns),
      (["0,-2,0", "0,0,-1"], .turns),
    ] {
      var model = ONNXModel()
      model.metadata = ["offsets": offsets.joined(separator: ";"), "voxel_size_nm": "4,4,4"]
      let error = try #require(throws: ModelError.self) {
        try diagonal.augmented(by: augmentation, try ModelDescription(model))
      }
      #expect(error.code == .mismatch)
      #expect(error.found?.contains(offsets[0]) == true)
      #expect(error.remedy?.contains("none") == true)
    }
  }

  @Test func `turns about every axis are for cubic voxels`() throws {
    let output = PredictionOutput(channels: [0, 1, 2])
    let flat = try description(Array(links[..<3]), voxelSize: "30,6,6")
    let error = try #require(throws: ModelError.self) { try output.augmented(by: .all, flat) }
    #expect(error.code == .mismatch && error.remedy?.contains("turns") == true)
    #expect(try output.augmented(by: .turns, flat).runsPerPatch == 16)
    let unknown = try #require(throws: ModelError.self) {
      try output.augmented(by: .flips, try ModelDescription(ONNXModel()))
    }
    #expect(unknown.code == .missingMeaning)
  }

  @Test(arguments: [TestTimeAugmentation.turns, .all])
  func `patches to be turned are as long along the axes that are exchanged`(
    _ augmentation: TestTimeAugmentation
  ) throws {
    let model = differenceModel()
    for volume in [VoxelExtent(z: 9, y: 40, x: 150), VoxelExtent(z: 300, y: 300, x: 20)] {
      let choice = try PatchChoice(
        model: model, description: try description(links), volume: volume, memoryLimit: 1 << 29,
        threads: 1, tiling: Tiling(augmentation: augmentation))
      let patch = choice.grid.patch
      #expect(patch.y == patch.x)
      if augmentation == .all { #expect(patch.z == patch.x) }
      let stated = try PatchChoice(
        model: model, description: try description(links), volume: volume, memoryLimit: 1 << 29,
        threads: 1,
        tiling: Tiling(patch: VoxelExtent(z: 16, y: 17, x: 40), augmentation: augmentation))
      #expect(stated.grid.patch.y == stated.grid.patch.x)
    }
  }
}

extension PredictionOutput {
  /// Predicts a patch with a function in place of the network.
  fileprivate func answer(
    _ input: borrowing Volume<Float>, kept: VoxelBox, by run: (borrowing Volume<Float>) -> [Float]
  ) throws(ModelError) -> Volume<Float> {
    let count = run(input).count
    return try prediction(
      input, kept: kept, valueCount: count, buffers: ValueBuffers(limit: 2)
    ) { input, output in
      let values = run(input)
      for index in output.indices { output[index] = values[index] }
    }
  }
}
