import Codecs
import FloodFilling
import Networks
import Tensors
import Testing
import Training
import Voxels

/// Bright objects on dark ground, numbered from 1: slabs along x, parted along y.
private func slabs(_ extent: VoxelExtent, thickness: Int) -> MemoryPatchSource {
  let box = VoxelBox(extent: extent)
  var (grey, ids) = (Volume<Float>(box: box, fill: 0.2), Volume<UInt64>(box: box))
  for position in positions(in: box) where position.y % (thickness + 3) < thickness {
    grey[position] = 0.8
    ids[position] = UInt64(1 + position.y / (thickness + 3))
  }
  return MemoryPatchSource(
    image: grey, labels: ids, voxelSize: VoxelSize(z: 10, y: 10, x: 10))
}

private let field = MovingField(
  fieldOfView: VoxelExtent(cube: 9), step: VoxelExtent(cube: 2), mean: 128, deviation: 64)

private func training(
  _ source: MemoryPatchSource, steps: Int, state: TrainingState? = nil
) throws -> MovingFieldTraining<TrainableNetwork> {
  let model = try FloodFillingStack(depth: 2, features: 4)
    .model(inputChannels: 2, outputChannels: 1, seed: 3)
  let network = try TrainableNetwork(model, extent: field.fieldOfView, threads: 1)
  var draw = SampleGenerator(seed: 5)
  let fractions = try FillFractions(
    of: source, within: source.box.grown(by: VoxelExtent(cube: -7)), reach: VoxelExtent(cube: 4),
    count: 50, using: &draw)
  let generator = SampleGenerator(seed: 9)
  return MovingFieldTraining(
    network: network,
    state: state
      ?? TrainingState(
        parameters: model.parameterValues,
        columns: MovingFieldTraining<TrainableNetwork>.stepColumns),
    field: field,
    optimization: Optimization(
      schedule: LearningRateSchedule(peak: 3e-3, warmUp: 5), averageDecay: 0.9, batch: 2),
    steps: steps
  ) { step, index in
    var draw = generator.keyed(step).keyed(index)
    return try MovingFieldSample(
      of: source, at: fractions.place(using: &draw), field, isTurned: true, using: &draw)
  }
}

private func samples(_ source: MemoryPatchSource) throws -> [MovingFieldSample] {
  var draw = SampleGenerator(seed: 77)
  return try [10, 18].map { y in
    try MovingFieldSample(
      of: source, at: VoxelPosition(z: 9, y: y, x: 11), field, isTurned: false, using: &draw)
  }
}

@Suite struct FloodTrainingTests {
  private static let source = slabs(VoxelExtent(z: 18, y: 30, x: 22), thickness: 5)

  @Test func `a network that moves while it learns comes to fill objects`() throws {
    let training = try training(Self.source, steps: 150)
    let judged = try samples(Self.source)
    let before = try training.validate(judged)
    var losses: [Double] = []
    while !training.isFinished { try training.advanceRound { losses.append($0) } }
    let after = try training.validate(judged)
    #expect(losses.count == training.state.step && training.state.step >= 150)
    #expect(after.loss < 0.6 * before.loss, "\(before.loss) then \(after.loss)")
    #expect(after.overlap > 0.7 && after.overlap > before.overlap, "\(after.overlap)")
  }

  @Test func `a training that goes on between rounds ends with the same bits`() throws {
    let whole = try training(Self.source, steps: 12)
    while !whole.isFinished { try whole.advanceRound() }
    let first = try training(Self.source, steps: 12)
    try first.advanceRound()
    let rest = try training(Self.source, steps: 12, state: first.state)
    while !rest.isFinished { try rest.advanceRound() }
    #expect(rest.state == whole.state)
  }

  @Test func `places are sorted by how much of their surroundings their object fills`() throws {
    // Slabs of 2 and of 12 voxels, within 9 voxels along y.
    var (thin, thick) = (0, 0)
    for (thickness, least, most) in [(2, 0.1, 0.5), (12, 0.5, 1.0)] {
      let source = slabs(VoxelExtent(z: 18, y: 45, x: 18), thickness: thickness)
      var draw = SampleGenerator(seed: 1)
      let bounds = [0.1, 0.3, 0.5, 0.7, 0.9]
      let fractions = try FillFractions(
        of: source, within: source.box.grown(by: VoxelExtent(cube: -6)),
        reach: VoxelExtent(cube: 4), bounds: bounds, count: 200, using: &draw)
      #expect(fractions.ranges.reduce(0) { $0 + $1.count } == 200)
      for place in fractions.ranges.joined() {
        let ids = source.labels(in: VoxelBox(origin: place, extent: VoxelExtent(cube: 1)))
        #expect(ids[place] > 0)
        let around = VoxelBox(origin: place, extent: VoxelExtent(cube: 1))
          .grown(by: VoxelExtent(cube: 4))
        let labels = source.labels(in: around)
        let same = positions(in: around).count { labels[$0] == ids[place] }
        let fraction = Double(same) / 729
        #expect(fraction >= least && fraction <= most)
        let range = fractions.ranges.firstIndex { $0.contains(place) }
        let mates = try #require(range.map { fractions.ranges[$0] })
        let bin = bounds.firstIndex { fraction < $0 } ?? bounds.count
        for mate in mates.prefix(3) {
          let near = VoxelBox(origin: mate, extent: VoxelExtent(cube: 1))
            .grown(by: VoxelExtent(cube: 4))
          let other = source.labels(in: near)
          let part = Double(positions(in: near).count { other[$0] == other[mate] }) / 729
          #expect((bounds.firstIndex { part < $0 } ?? bounds.count) == bin)
        }
      }
      if thickness == 2 { thin += 1 } else { thick += fractions.ranges.count }
    }
    #expect(thin == 1 && thick > 1)
  }

  @Test func `a volume without room or objects is refused`() {
    let source = slabs(VoxelExtent(cube: 9), thickness: 5)
    var draw = SampleGenerator(seed: 1)
    #expect(throws: TrainingError.self) {
      _ = try FillFractions(
        of: source, within: source.box.grown(by: VoxelExtent(cube: -6)),
        reach: VoxelExtent(cube: 4), count: 10, using: &draw)
    }
  }

  @Test func `a configuration names what it does not understand`() throws {
    let data = "\"data\": [{\"image\": \"a\", \"labels\": \"b\"}]"
    func read(_ more: String) throws -> FloodTrainingConfiguration {
      try FloodTrainingConfiguration(
        try JSONValue(parsing: Array("{\"task\": \"floodfill\", \(data)\(more)}".utf8)))
    }
    let standard = try read("")
    #expect(standard.field == MovingField() && standard.optimization.batch == 4)
    #expect(standard.bounds.count == 12 && standard.reach == VoxelExtent(cube: 24))
    // What is complete reads as itself.
    #expect(try FloodTrainingConfiguration(standard.completed).completed == standard.completed)
    for (more, name) in [
      (", \"field_of_view\": [32, 33, 33]", "field_of_view"), (", \"step\": [17, 8, 8]", "step"),
      (", \"patch\": [8, 8, 8]", "patch"), (", \"sampling\": {\"bound\": 1}", "bound"),
      (", \"inside\": 0.4", "inside"),
    ] {
      let error = #expect(throws: TrainingError.self) { _ = try read(more) }
      #expect(error?.subject.contains(name) == true, "\(more)")
    }
  }
}
