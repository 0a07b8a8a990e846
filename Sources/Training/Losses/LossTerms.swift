import Codecs

/// A loss on some channels of the network's output, and how much it counts.
public struct LossTerm: Sendable {
  /// What the term is called in tables, such as `affinities.cross_entropy`.
  public var name: String
  /// The loss.
  public var loss: any Loss
  /// The channels it looks at.
  public var channels: Range<Int>
  /// What it is multiplied with.
  public var weight: Double

  /// Creates a term.
  public init(name: String, loss: any Loss, channels: Range<Int>, weight: Double = 1) {
    self.name = name
    self.loss = loss
    self.channels = channels
    self.weight = weight
  }
}

/// A weighted sum of losses.
public struct LossTerms: Sendable {
  /// The summands.
  public var terms: [LossTerm]

  /// Creates a sum.
  public init(_ terms: [LossTerm]) { self.terms = terms }

  /// Computes each term's loss, and adds the gradient of their weighted sum, times a factor.
  ///
  /// - Parameters:
  ///   - logits: (c, z, y, x) values of the network.
  ///   - targets: (c, z, y, x) values to reach.
  ///   - weights: (c, z, y, x) weights.
  ///   - voxelCount: z · y · x.
  ///   - scale: What the gradient is multiplied with.
  ///   - gradients: Receives the gradient, added to what is there.
  /// - Returns: The loss of each term, without its weight.
  public func evaluate(
    logits: Span<Float>, targets: Span<Float>, weights: Span<Float>, voxelCount: Int,
    scale: Float = 1, addingTo gradients: inout MutableSpan<Float>
  ) -> [Double] {
    terms.map { term in
      let range = term.channels.lowerBound * voxelCount..<term.channels.upperBound * voxelCount
      return term.loss.evaluate(
        logits: logits.extracting(range), targets: targets.extracting(range),
        weights: weights.extracting(range), channels: term.channels.count,
        scale: scale * Float(term.weight), addingTo: &gradients, at: range.lowerBound)
    }
  }

  /// The weighted sum of the terms' losses.
  public func total(_ values: [Double]) -> Double {
    zip(terms, values).reduce(0) { $0 + $1.0.weight * $1.1 }
  }
}

extension LossTerms {
  /// The targets whose values are no choice between two classes.
  private static let regressionTargets = ["shape_descriptors", "distance"]

  /// Reads the list `losses`.
  ///
  /// Each element has a `name`, the `target` it is for, by name or place, a `weight`, and its own
  /// settings. Left out, each target gets one: squared error where it is not a choice between two
  /// classes, else cross-entropy.
  init(
    _ settings: inout SettingsReader, targets: [any TrainingTarget]
  ) throws(SettingsError) {
    var starts = [0]
    for target in targets { starts.append(starts[starts.count - 1] + target.channels) }
    let names = targets.map { type(of: $0).name }
    var given = try settings.list("losses")
    if given.isEmpty {
      given = names.indices.map { place in
        let isRegression = Self.regressionTargets.contains(names[place])
        return .object([
          "target": .integer(Int64(place)),
          "name": .string(isRegression ? SquaredErrorLoss.name : CrossEntropyLoss.name),
        ])
      }
    }
    var completed: [JSONValue] = []
    var terms: [LossTerm] = []
    for (index, value) in given.enumerated() {
      var reader = try SettingsReader(value, path: settings.key(of: "losses.\(index)"))
      let place = try Self.place(of: reader.value("target"), among: names, reader)
      reader.complete("target", with: .integer(Int64(place)))
      let name = try reader.word(
        "name", among: lossTypes.map { $0.name }, default: CrossEntropyLoss.name)
      guard let kind = lossTypes.first(where: { $0.name == name }) else {
        preconditionFailure("a word is among those that there are")
      }
      let weight = try reader.number("weight", default: 1, in: 0...1e6)
      let loss = try kind.init(&reader)
      try reader.finish()
      completed.append(.object(reader.completed))
      terms.append(
        LossTerm(
          name: "\(names[place]).\(name)", loss: loss, channels: starts[place]..<starts[place + 1],
          weight: weight))
    }
    settings.complete("losses", with: .array(completed))
    self.init(terms)
  }

  private static func place(
    of value: JSONValue, among names: [String], _ settings: SettingsReader
  ) throws(SettingsError) -> Int {
    if value == .null { return 0 }
    if let place = value.int, names.indices.contains(place) { return place }
    if let name = value.string, let place = names.firstIndex(of: name) { return place }
    throw SettingsError(
      settings.key(of: "target"), "there is no such target", found: value.shortText,
      expected: "one of \(names.joined(separator: ", ")), or its place")
  }
}
