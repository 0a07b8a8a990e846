import Codecs

/// How likely tasks of each kind need an edit, by the score of their evidence, learned from verdicts.
///
/// For each kind, the share of edits is fitted as a function of the score that never falls
/// (isotonic regression by pooling adjacent violators). Before there are verdicts, the score itself
/// is taken for the probability: it counts as `priorWeight` verdicts, spread evenly over the scores.
///
/// Source: Ayer et al. 1955, doi:10.1214/aoms/1177728423; Zadrozny & Elkan 2002,
/// doi:10.1145/775047.775151.
public struct EditProbability: Hashable, Sendable {
  /// A verdict: what the evidence said, and whether an edit was needed.
  public struct Observation: Hashable, Sendable {
    /// The kind of the task.
    public var kind: ProofreadingTask.Kind
    /// Its score, in 0...1.
    public var score: Double
    /// Whether the segmentation had to be edited.
    public var isEdit: Bool

    /// Creates an observation.
    public init(_ kind: ProofreadingTask.Kind, score: Double, isEdit: Bool) {
      self.kind = kind
      self.score = score
      self.isEdit = isEdit
    }
  }

  /// A point of the fitted function.
  struct Knot: Hashable, Sendable {
    var score: Double
    var probability: Double
  }

  /// How many verdicts the prior is worth.
  public static let priorWeight = 20.0
  private static let priorBins = 20
  /// Nobody is ever certain.
  private static let bounds = 0.01...0.99

  private var knots: [ProofreadingTask.Kind: [Knot]] = [:]

  /// The prior: the score is the probability.
  public init() {}

  /// Fits the probabilities to verdicts.
  ///
  /// - Complexity: O(*n* log *n*) in the observations.
  public init(fitting observations: some Sequence<Observation>) {
    var byKind: [ProofreadingTask.Kind: [Observation]] = [:]
    for observation in observations { byKind[observation.kind, default: []].append(observation) }
    for (kind, observations) in byKind { knots[kind] = Self.fit(observations) }
  }

  /// How likely a task needs an edit.
  ///
  /// - Parameters:
  ///   - kind: the kind of the task.
  ///   - score: what its evidence says, in 0...1; nil where it says nothing.
  /// - Returns: the probability, in 0.01...0.99.
  public func callAsFunction(_ kind: ProofreadingTask.Kind, score: Double?) -> Double {
    let score = score ?? 0.5
    guard let knots = knots[kind], let first = knots.first, let last = knots.last else {
      return Self.clamped(score)
    }
    if score <= first.score { return Self.clamped(first.probability) }
    if score >= last.score { return Self.clamped(last.probability) }
    let above = knots.partitioningIndex { $0.score > score }
    let (left, right) = (knots[above - 1], knots[above])
    let share = (score - left.score) / (right.score - left.score)
    return Self.clamped(left.probability + share * (right.probability - left.probability))
  }

  private static func clamped(_ value: Double) -> Double {
    min(max(value, bounds.lowerBound), bounds.upperBound)
  }

  /// Scores of one fitted value.
  private struct Pool {
    var lowest: Double, highest: Double
    var weight: Double
    var edits: Double

    init(score: Double, weight: Double, edits: Double) {
      (lowest, highest) = (score, score)
      self.weight = weight
      self.edits = edits
    }

    var value: Double { edits / weight }

    /// The value at both ends, between which it stays.
    var knots: [Knot] {
      let first = Knot(score: lowest, probability: value)
      return lowest < highest ? [first, Knot(score: highest, probability: value)] : [first]
    }

    /// Takes in the pool below.
    mutating func add(_ below: Pool) {
      lowest = below.lowest
      weight += below.weight
      edits += below.edits
    }
  }

  private static func fit(_ observations: [Observation]) -> [Knot] {
    let share = priorWeight / Double(priorBins)
    var points = (0..<priorBins).map { bin in
      let score = (Double(bin) + 0.5) / Double(priorBins)
      return Pool(score: score, weight: share, edits: share * score)
    }
    points += observations.map {
      Pool(score: $0.score, weight: 1, edits: $0.isEdit ? 1 : 0)
    }
    points.sort { ($0.lowest, $0.edits) < ($1.lowest, $1.edits) }
    var pools: [Pool] = []
    for point in points {
      var pool = point
      // Equal scores have one value, whatever the order of the verdicts.
      while let last = pools.last, last.value >= pool.value || last.highest == pool.lowest {
        pool.add(last)
        pools.removeLast()
      }
      pools.append(pool)
    }
    return pools.flatMap(\.knots)
  }
}

extension EditProbability {
  /// The fitted functions as JSON.
  var json: JSONValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: knots.map { kind, knots in
          (
            kind.rawValue,
            .array(knots.map { .array([.number($0.score), .number($0.probability)]) })
          )
        }))
  }

  /// Reads what ``json`` gave; nil where it is something else.
  init?(_ json: JSONValue) {
    guard let object = json.object else { return nil }
    for (name, value) in object {
      guard let kind = ProofreadingTask.Kind(rawValue: name), let list = value.array else {
        return nil
      }
      let found = list.compactMap { pair -> Knot? in
        guard let pair = pair.array, pair.count == 2, let score = pair[0].double,
          let probability = pair[1].double, (0...1).contains(score), (0...1).contains(probability)
        else { return nil }
        return Knot(score: score, probability: probability)
      }
      guard found.count == list.count,
        zip(found, found.dropFirst()).allSatisfy({ $0.score < $1.score })
      else { return nil }
      knots[kind] = found
    }
  }
}

extension Array {
  /// The first index from which on a condition holds, where it holds for a tail of the elements.
  fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
