public import Voxels

/// Patches to reject because too little of them is annotated as an object.
public struct ForegroundRule: Hashable, Sendable {
  /// The least part of a patch, in [0, 1], that carries a label other than 0; 0 takes any patch.
  public var minimum: Double
  /// The further label volume that counts; nil for the objects.
  public var labels: String?
  /// How often a patch is drawn; the fullest of them is taken where none is full enough.
  public var tries: Int

  /// Creates a rule.
  public init(minimum: Double = 0, labels: String? = nil, tries: Int = 20) {
    self.minimum = minimum
    self.labels = labels
    self.tries = tries
  }
}

/// Makes the samples of a training: cuts patches, augments them and makes their targets.
///
/// A sample is a function of the seed, the step and its index alone. So samples can be made ahead,
/// on any thread, and a training that is taken up again sees what it would have seen.
public struct SampleMaker: Sendable {
  /// The volumes that samples are cut from.
  public let sources: [any PatchSource]
  /// The size of a patch.
  public let patch: VoxelExtent
  /// What the network learns, in the order of its channels.
  public let targets: [any TrainingTarget]
  /// What happens to samples, in order.
  public let augmentations: [any Augmentation]
  /// What makes a patch worth taking.
  public let foreground: ForegroundRule
  private let cumulativeWeights: [Double]
  private let seed: UInt64

  /// Creates a maker of samples.
  ///
  /// - Parameters:
  ///   - sources: At least one volume.
  ///   - weights: How often each is chosen, relative to the others; nil for all alike.
  ///   - patch: The size that the network sees.
  ///   - targets: At least one target.
  ///   - augmentations: What happens to samples, in order; those that move voxels are best first.
  ///   - foreground: Which patches to reject.
  ///   - seed: What all chance depends on.
  /// - Throws: ``TrainingError`` where these do not go together.
  public init(
    sources: [any PatchSource], weights: [Double]? = nil, patch: VoxelExtent,
    targets: [any TrainingTarget], augmentations: [any Augmentation] = [],
    foreground: ForegroundRule = ForegroundRule(), seed: UInt64
  ) throws(TrainingError) {
    let weights = weights ?? sources.map { _ in 1 }
    guard !sources.isEmpty, !targets.isEmpty else {
      throw TrainingError(
        .configuration, sources.isEmpty ? "sources" : "targets", "is empty",
        expected: "at least one")
    }
    guard weights.count == sources.count, weights.allSatisfy({ $0.isFinite && $0 >= 0 }),
      weights.contains(where: { $0 > 0 })
    else {
      throw TrainingError(
        .configuration, "weights", "do not fit the sources", found: "\(weights)",
        expected: "one number of 0 or more for each of the \(sources.count), not all 0")
    }
    guard patch.z > 0, patch.y > 0, patch.x > 0, let count = patch.checkedVoxelCount,
      count <= 1 << 30
    else {
      throw TrainingError(
        .configuration, "patch", "is no size of a patch",
        found: "[\(patch.z), \(patch.y), \(patch.x)]", expected: "from 1 to 2³⁰ voxels")
    }
    guard (0...1).contains(foreground.minimum), foreground.tries > 0 else {
      throw TrainingError(
        .configuration, "minimum_labelled", "is no part of a patch",
        found: "\(foreground.minimum) in \(foreground.tries) tries",
        expected: "a number from 0 to 1, in at least one try")
    }
    for source in sources {
      try Self.check(
        source, has: targets.flatMap { $0.labelNames } + (foreground.labels.map { [$0] } ?? []))
    }
    self.sources = sources
    self.patch = patch
    self.targets = targets
    self.augmentations = augmentations
    self.foreground = foreground
    self.seed = seed
    var sum = 0.0
    cumulativeWeights = weights.map {
      sum += $0
      return sum
    }
  }

  /// The channels of all targets.
  public var targetChannels: Int { targets.reduce(0) { $0 + $1.channels } }

  /// Makes one sample of one training step.
  ///
  /// - Throws: What a source throws.
  public func sample(step: Int, index: Int) throws -> PreparedSample {
    prepared(try augmentedSample(step: step, index: index))
  }

  /// One sample of one training step as it is before targets are made of it.
  ///
  /// The image covers the patch, from the dataset's first voxel on; the annotations cover the patch
  /// and the margin that targets need.
  ///
  /// - Throws: What a source throws.
  public func augmentedSample(step: Int, index: Int) throws -> TrainingSample {
    let generator = SampleGenerator(seed: seed).keyed(step).keyed(index)
    let cut = try chosenCut(generator)
    var sample = try cut.read(labelNames: labelNames)
    let image = VoxelBox(extent: patch)
    let whole = image.grown(by: cut.halo)
    var movesLeft = cut.changes.lastIndex { $0.movesVoxels }.map { $0 + 1 } ?? 0
    if movesLeft == 0 { sample.place(whole, image: image) }
    for change in cut.changes {
      change.apply(&sample)
      movesLeft -= 1
      if movesLeft == 0 { sample.place(whole, image: image) }
    }
    return sample
  }

  private func prepared(_ sample: TrainingSample) -> PreparedSample {
    let count = targetChannels * patch.voxelCount
    var target: [Float] = []
    var weights: [Float] = []
    target.reserveCapacity(count)
    weights.reserveCapacity(count)
    for made in targets {
      let (values, counts) = made.make(from: sample, in: VoxelBox(extent: patch))
      target.append(values)
      weights.append(counts)
    }
    var input: [Float] = []
    input.append(sample.image)
    return PreparedSample(input: input, target: target, weights: weights)
  }

  private var labelNames: [String] { Array(Set(targets.flatMap { $0.labelNames })).sorted() }

  /// Draws patches until one is full enough, or takes the fullest.
  private func chosenCut(_ generator: SampleGenerator) throws -> PatchCut {
    var best: (cut: PatchCut, labelled: Double)?
    for attempt in 0..<foreground.tries {
      let cut = drawnCut(generator, attempt: attempt)
      guard foreground.minimum > 0 else { return cut }
      let labelled = try cut.labelledPart(of: foreground.labels)
      if labelled >= foreground.minimum { return cut }
      if labelled > best?.labelled ?? -1 { best = (cut, labelled) }
    }
    return best?.cut ?? drawnCut(generator, attempt: 0)
  }

  private func drawnCut(_ generator: SampleGenerator, attempt: Int) -> PatchCut {
    var chance = generator.keyed(-1 - attempt)
    let place = chance.unit() * (cumulativeWeights.last ?? 0)
    let source = sources[cumulativeWeights.firstIndex { $0 > place } ?? 0]
    let halo = targets.map { $0.halo(for: source.voxelSize) }.reduce(.zero) {
      VoxelExtent(z: max($0.z, $1.z), y: max($0.y, $1.y), x: max($0.x, $1.x))
    }
    var changes: [SampleChange] = []
    var extent = patch + halo * 2
    var footprint = patch
    for (index, augmentation) in augmentations.enumerated().reversed() {
      var chance = generator.keyed(index)
      guard
        let change = augmentation.draw(
          for: extent, voxelSize: source.voxelSize, using: &chance)
      else { continue }
      extent = change.sourceExtent(extent)
      footprint = change.sourceExtent(footprint)
      changes.append(change)
    }
    return PatchCut(
      source: source, halo: halo, extent: extent, footprint: footprint,
      changes: changes.reversed(), using: &chance)
  }

  private static func check(
    _ source: any PatchSource, has labelNames: [String]
  ) throws(TrainingError) {
    guard !source.box.isEmpty, source.voxelSize.isValid else {
      throw TrainingError(
        .data, source.name, "is empty or has no voxel size", found: "\(source.voxelSize)")
    }
    for name in labelNames where !source.labelNames.contains(name) {
      throw TrainingError(
        .data, source.name, "has no labels of that name", found: name,
        expected: source.labelNames.isEmpty ? nil : source.labelNames.joined(separator: ", "),
        remedy: "add the volume of these labels, or take the target out")
    }
  }
}

extension TrainingSample {
  /// Names the voxels from the patch's first one on and takes the image's margin off.
  fileprivate mutating func place(_ whole: VoxelBox, image box: VoxelBox) {
    precondition(
      labels.extent == whole.extent, "an augmentation made a sample of another size than asked")
    image = image.moved(to: whole.origin).cropped(to: box)
    labels = labels.moved(to: whole.origin)
    furtherLabels = furtherLabels.mapValues { $0.moved(to: whole.origin) }
    mask = mask.moved(to: whole.origin)
  }
}

extension [Float] {
  fileprivate mutating func append(_ volume: Volume<Float>) {
    let values = volume.span
    reserveCapacity(count + values.count)
    for index in values.indices { append(values[index]) }
  }
}
