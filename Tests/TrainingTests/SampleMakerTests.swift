import Codecs
import TestSupport
import Testing
import Training
import Voxels

struct SampleMakerTests {
  let everything = [
    #"{"name": "elastic", "probability": 1, "spacing": 6, "amplitude": 1, "section_shift": 0.5}"#,
    #"{"name": "axis_turns"}"#, #"{"name": "flips"}"#,
    #"{"name": "shifted_sections", "probability": 1, "slip_probability": 0.3}"#,
    #"{"name": "intensity", "probability": 1, "per_section": true}"#,
    #"{"name": "missing_sections", "probability": 1, "section_probability": 0.2}"#,
    #"{"name": "low_contrast_sections", "probability": 1, "section_probability": 0.2}"#,
    #"{"name": "blur", "probability": 1}"#,
    #"{"name": "noise", "probability": 1, "salt_and_pepper": 0.01}"#,
  ]

  func maker(
    _ sources: [any PatchSource], patch: VoxelExtent = VoxelExtent(z: 6, y: 8, x: 10),
    targets: [String] = [#"{"name": "affinities"}"#], augmentations: [String] = [],
    weights: [Double]? = nil, foreground: ForegroundRule = ForegroundRule(), seed: UInt64 = 5
  ) throws -> SampleMaker {
    try SampleMaker(
      sources: sources, weights: weights, patch: patch, targets: targets.map { try target($0) },
      augmentations: augmentations.map { try augmentation($0) }, foreground: foreground, seed: seed)
  }

  @Test func `the same seed, step and index give the same bits, others other ones`() throws {
    let source = phantomSource(VoxelExtent(z: 18, y: 20, x: 22))
    let targets = [
      #"{"name": "affinities"}"#, #"{"name": "shape_descriptors", "sigma": 10}"#,
    ]
    let first = try maker([source], targets: targets, augmentations: everything)
    let second = try maker([source], targets: targets, augmentations: everything)
    // In another order, as another thread would ask.
    let places = [(0, 0), (0, 1), (1, 0), (7, 3)]
    let samples = try places.map { try first.sample(step: $0.0, index: $0.1) }
    let again = try places.reversed().map { try second.sample(step: $0.0, index: $0.1) }
    #expect(samples == Array(again.reversed()))
    #expect(Set(samples.map(\.input)).count == places.count)
    let other = try maker([source], targets: targets, augmentations: everything, seed: 6)
    #expect(try other.sample(step: 0, index: 0) != samples[0])
    for sample in samples {
      #expect(sample.input.count == 480 && sample.target.count == 13 * 480)
      #expect(sample.weights.count == 13 * 480 && sample.weights.contains(1))
      #expect(sample.input.allSatisfy { (0...1).contains($0) })
      #expect(sample.target.allSatisfy { (0...1).contains($0) })
    }
  }

  @Test func `every place that fits is chosen, and none else`() throws {
    let box = VoxelBox(
      origin: VoxelPosition(z: 5, y: -3, x: 100), extent: VoxelExtent(z: 8, y: 12, x: 12))
    var places: [Float] = []
    var image = Volume<Float>(box: box)
    var span = image.mutableSpan
    for index in span.indices { span[index] = Float(index) }
    let source = MemoryPatchSource(
      image: image, labels: Volume(box: box, fill: 1), voxelSize: tenNanometers)
    let maker = try maker([source])
    for step in 0..<300 {
      let sample = try maker.sample(step: step, index: 0)
      places.append(sample.input[0])
      #expect(sample.weights.allSatisfy { $0 == 1 })
    }
    // The halo of the nearest neighbours is one voxel on either side: one place along z and x, and
    // three along y.
    #expect(Set(places) == [157, 169, 181])
  }

  @Test func `a source smaller than the patch is mirrored and not annotated beyond its faces`()
    throws
  {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 3))
    let source = MemoryPatchSource(
      image: Volume(box: box, values: [0.1, 0.2, 0.3]), labels: Volume(box: box, fill: 1),
      voxelSize: tenNanometers)
    let maker = try maker(
      [source], patch: VoxelExtent(z: 1, y: 1, x: 5), targets: [#"{"name": "mask"}"#])
    let samples = try (0..<60).map { try maker.sample(step: $0, index: 0) }
    #expect(
      Set(samples.map(\.input)) == [
        [0.1, 0.2, 0.3, 0.2, 0.1], [0.2, 0.1, 0.2, 0.3, 0.2], [0.3, 0.2, 0.1, 0.2, 0.3],
      ])
    #expect(
      Set(samples.map(\.weights)) == [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1]])
  }

  @Test func `where only the halo does not fit, the patch lies inside`() throws {
    let source = phantomSource(VoxelExtent(z: 6, y: 8, x: 12), background: 0)
    let maker = try maker([source])
    for step in 0..<40 {
      let sample = try maker.augmentedSample(step: step, index: 0)
      #expect(values(sample.mask.cropped(to: sample.image.box)).allSatisfy { $0 == 1 })
      #expect(values(sample.image) == values(grey(of: sample.labels.cropped(to: sample.image.box))))
    }
    let weights = try maker.sample(step: 0, index: 0).weights
    #expect(weights.contains(0) && weights.contains(1))
  }

  @Test func `sources are chosen by weight`() throws {
    let extent = VoxelExtent(z: 8, y: 10, x: 12)
    let sources = [0.25, 0.5, 0.75].map { grey in
      MemoryPatchSource(
        image: Volume(box: VoxelBox(extent: extent), fill: Float(grey)),
        labels: Volume(box: VoxelBox(extent: extent), fill: 1), voxelSize: tenNanometers)
    }
    let maker = try maker(sources, weights: [1, 0, 3])
    let greys = try (0..<400).map { try maker.sample(step: $0, index: 0).input[0] }
    let count = greys.count { $0 == 0.25 }
    #expect(!greys.contains(0.5))
    #expect((60...140).contains(count))
  }

  @Test func `patches without enough foreground are drawn again`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 4, y: 4, x: 60))
    var labels = Volume<UInt64>(box: box)
    for z in 0..<4 {
      for y in 0..<4 {
        for x in 50..<60 { labels[VoxelPosition(z: z, y: y, x: x)] = 2 }
      }
    }
    let source = MemoryPatchSource(
      image: grey(of: labels), labels: labels, furtherLabels: ["synapses": labels],
      voxelSize: tenNanometers)
    for name in [nil, "synapses"] {
      let maker = try maker(
        [source], patch: VoxelExtent(z: 4, y: 4, x: 10), targets: [#"{"name": "mask"}"#],
        foreground: ForegroundRule(minimum: 0.5, labels: name, tries: 50))
      for step in 0..<30 {
        let sample = try maker.sample(step: step, index: 0)
        #expect(sample.target.reduce(0, +) >= 80)
      }
    }
    // Where none is full enough, the fullest counts.
    let demanding = try maker(
      [source], patch: VoxelExtent(z: 4, y: 4, x: 30), targets: [#"{"name": "mask"}"#],
      foreground: ForegroundRule(minimum: 1, tries: 40))
    #expect(try demanding.sample(step: 0, index: 0).target.reduce(0, +) == 160)
  }

  @Test func `what does not go together is refused`() throws {
    let source = phantomSource(VoxelExtent(z: 8, y: 8, x: 8))
    #expect(throws: TrainingError.self) { try maker([]) }
    #expect(throws: TrainingError.self) { try maker([source], targets: []) }
    #expect(throws: TrainingError.self) { try maker([source], weights: [0]) }
    #expect(throws: TrainingError.self) { try maker([source], weights: [1, 2]) }
    #expect(throws: TrainingError.self) { try maker([source], weights: [.nan]) }
    #expect(throws: TrainingError.self) {
      try maker([source], patch: VoxelExtent(z: 0, y: 8, x: 8))
    }
    #expect(throws: TrainingError.self) {
      try maker([source], patch: VoxelExtent(z: 1 << 40, y: 1 << 40, x: 8))
    }
    #expect(throws: TrainingError.self) {
      try maker([source], foreground: ForegroundRule(minimum: 1.5))
    }
    let error = #expect(throws: TrainingError.self) {
      try maker([source], targets: [#"{"name": "mask", "labels": "synapses"}"#])
    }
    #expect(error?.found == "synapses")
  }
}
