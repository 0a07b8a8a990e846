package import Voxels

/// Which of a model's affinities a prediction holds.
public enum AffinitySelection: String, CaseIterable, Hashable, Sendable {
  /// Those to the neighbours at −1 along z, y and x: what watershed and agglomeration take.
  case nearest
  /// The others too, after these, in the model's order.
  case all
}

/// Which of a network's output channels a prediction holds, and how.
public struct PredictionOutput: Hashable, Sendable {
  /// The channels, in the order in which the prediction holds them.
  public var channels: [Int]
  /// Whether each value `p` is replaced by `1 − p`, for a model of the opposite polarity.
  public var complements: Bool
  /// How the answers to several views become one.
  var ensemble = AnswerEnsemble.mean
  /// The ways in which the network is shown every patch.
  package var views: [PatchView]

  /// Creates a choice of channels.
  public init(channels: [Int], complements: Bool = false) {
    self.channels = channels
    self.complements = complements
    views = [
      PatchView(
        symmetry: .identity,
        sources: channels.map { PatchView.Source(channel: $0, shift: .zero) })
    ]
  }

  /// How often the network runs on every patch.
  public var runsPerPatch: Int { views.count }

  /// The affinities to the neighbours at −1 along z, y and x, then others; 1 says "same object".
  ///
  /// - Parameters:
  ///   - description: What the model says of its channels.
  ///   - channels: How many it has.
  ///   - selection: Which of them are wanted.
  /// - Returns: Those of the nearest neighbours, along z, y and x, before any others.
  /// - Throws: `missingMeaning` where the model does not say that it predicts them.
  public static func affinities(
    _ description: ModelDescription, channels: Int, _ selection: AffinitySelection = .nearest
  ) throws(ModelError) -> PredictionOutput {
    let nearest = try description.affinityChannels(of: channels)
    let others = (0..<channels).filter { !nearest.contains($0) }
    return PredictionOutput(
      channels: selection == .nearest ? nearest : nearest + others,
      complements: description.polarity == .differentObjects)
  }

  /// All channels, as the model names and orders them.
  ///
  /// - Throws: `missingMeaning` or `mismatch` where the model does not name each of them.
  public static func named(
    _ description: ModelDescription, channels: Int
  ) throws(ModelError) -> PredictionOutput {
    PredictionOutput(channels: Array(0..<(try description.names(of: channels).count)))
  }

  /// The bytes that putting the views of a patch together takes, beside the network.
  package func workingBytes(patch: VoxelExtent) -> Int {
    // The patch turned, the answers' sum and their number.
    views.count == 1
      ? 0 : patch.voxelCount * (MemoryLayout<Float>.size + channels.count * 5)
  }

  /// Predicts a patch.
  ///
  /// - Parameters:
  ///   - input: The network's input, as the patch lies.
  ///   - kept: What is wanted of the patch.
  ///   - valueCount: The number of values of the network's output.
  ///   - buffers: Where the memory comes from, also that of what is returned.
  ///   - run: Writes the network's output, (c, z, y, x), for an input of its shape.
  /// - Returns: The channels over what is kept.
  /// - Throws: What the network throws.
  package func prediction(
    _ input: borrowing Volume<Float>, kept: VoxelBox, valueCount: Int, buffers: ValueBuffers,
    run: (borrowing Volume<Float>, inout MutableSpan<Float>) throws(ModelError) -> Void
  ) throws(ModelError) -> Volume<Float> {
    var values = buffers.take(valueCount)
    defer { buffers.giveBack(values) }
    let room = channels.count * kept.extent.voxelCount
    guard views.count > 1 else {
      var output = values.mutableSpan
      try run(input, &output)
      return select(values, patch: input.box, kept: kept, into: buffers.take(room))
    }
    var answers = AnswerSum(
      Volume(channels: channels.count, box: kept, values: buffers.zeros(room)), ensemble: ensemble)
    for view in views {
      var output = values.mutableSpan
      if view.symmetry == .identity {
        try run(input, &output)
      } else {
        try run(view.symmetry.applied(to: input), &output)
      }
      answers.add(values, of: view, patch: input.box, complements: complements)
    }
    answers.finish()
    return answers.values
  }

  /// The part of a network's output that is used, as it lies.
  private func select(
    _ values: [Float], patch: VoxelBox, kept: VoxelBox, into room: consuming [Float]
  ) -> Volume<Float> {
    var result = Volume<Float>(channels: channels.count, box: kept, values: room)
    let start = kept.origin - patch.origin
    for (index, channel) in channels.enumerated() {
      for z in 0..<kept.extent.z {
        for y in 0..<kept.extent.y {
          let row =
            ((channel * patch.extent.z + start.z + z) * patch.extent.y + start.y + y)
            * patch.extent.x + start.x
          let source = values.span.extracting(row..<row + kept.extent.x)
          var target = result.mutableRow(channel: index, z: z, y: y)
          if complements {
            for x in 0..<source.count { target[x] = 1 - source[x] }
          } else {
            for x in 0..<source.count { target[x] = source[x] }
          }
        }
      }
    }
    return result
  }
}

/// The answers to one patch, put together.
private struct AnswerSum {
  private(set) var values: Volume<Float>
  /// How many answers there are for each value; a shifted channel has none at the patch's end.
  private var counts: Volume<UInt8>
  private let ensemble: AnswerEnsemble

  /// Starts with no answers and zeros.
  init(_ zeros: consuming Volume<Float>, ensemble: AnswerEnsemble) {
    counts = Volume(channels: zeros.channels, box: zeros.box)
    values = zeros
    self.ensemble = ensemble
  }

  /// Takes up the answer to one view.
  mutating func add(_ output: [Float], of view: PatchView, patch: VoxelBox, complements: Bool) {
    let walk = view.symmetry.walk(over: patch.extent)
    let kept = values.box
    for (channel, source) in view.sources.enumerated() {
      // Where the network's values lie within the patch.
      let wanted = VoxelBox(origin: kept.origin + source.shift, extent: kept.extent)
      let found = wanted.intersection(patch)
      guard !found.isEmpty else { continue }
      let from = found.origin - patch.origin
      let to = found.origin - wanted.origin
      let first =
        source.channel * patch.extent.voxelCount + walk.start + from.z * walk.steps[0]
        + from.y * walk.steps[1] + from.x * walk.steps[2]
      for z in 0..<found.extent.z {
        for y in 0..<found.extent.y {
          Self.addRow(
            output.span, to: &values, counting: &counts, by: ensemble,
            from: first + z * walk.steps[0] + y * walk.steps[1],
            step: walk.steps[2], count: found.extent.x, complements: complements,
            channel: channel, z: to.z + z, y: to.y + y, x: to.x)
        }
      }
    }
  }

  private static func addRow(
    _ output: Span<Float>, to values: inout Volume<Float>, counting counts: inout Volume<UInt8>,
    by ensemble: AnswerEnsemble, from start: Int, step: Int, count: Int, complements: Bool,
    channel: Int, z: Int, y: Int, x: Int
  ) {
    var target = values.mutableRow(channel: channel, z: z, y: y)
    var number = counts.mutableRow(channel: channel, z: z, y: y)
    var place = start
    for index in x..<x + count {
      let value = complements ? 1 - output[place] : output[place]
      switch ensemble {
      case .mean: target[index] += value
      case .minimum: target[index] = number[index] == 0 ? value : min(target[index], value)
      }
      number[index] &+= 1
      place &+= step
    }
  }

  /// Makes of the values what the answers say together.
  mutating func finish() {
    if ensemble == .mean { Self.divide(&values, by: counts) }
  }

  private static func divide(_ values: inout Volume<Float>, by counts: borrowing Volume<UInt8>) {
    let numbers = counts.span
    var target = values.mutableSpan
    // A patch as it lies answers for every voxel, so no number is zero.
    for index in 0..<target.count { target[index] /= Float(numbers[index]) }
  }
}
