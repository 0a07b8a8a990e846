/// How far two raters agree beyond chance.
///
/// Source: Cohen 1960, "A coefficient of agreement for nominal scales",
/// doi:10.1177/001316446002000104.
public struct CohensKappa: Hashable, Sendable {
  /// How many items both rated.
  public let count: Int
  /// The share of items that they rated alike.
  public let observed: Double
  /// The share that they would have rated alike by chance, given how often each used each category.
  public let expected: Double

  /// Compares two raters; gives nil where there are no items.
  ///
  /// - Parameter ratings: the two ratings of each item.
  public init?<Category: Hashable>(_ ratings: some Sequence<(Category, Category)>) {
    var (count, alike) = (0, 0)
    var first: [Category: Int] = [:]
    var second: [Category: Int] = [:]
    for (one, other) in ratings {
      count += 1
      if one == other { alike += 1 }
      first[one, default: 0] += 1
      second[other, default: 0] += 1
    }
    guard count > 0 else { return nil }
    self.count = count
    observed = Double(alike) / Double(count)
    // Whole numbers below the root, so that the order of categories does not matter.
    let products = first.reduce(0) { $0 + $1.value * second[$1.key, default: 0] }
    expected = Double(products) / (Double(count) * Double(count))
  }

  /// κ: 1 for full agreement, 0 for that of chance; nil where chance alone leaves no room, since
  /// both used one category only.
  public var value: Double? {
    expected < 1 ? (observed - expected) / (1 - expected) : nil
  }
}

/// How far reviewers agree on the tasks that several of them judged.
public struct ReviewerAgreement: Hashable, Sendable {
  /// Two reviewers.
  public struct Pair: Hashable, Sendable {
    /// Their names, in order.
    public var first: String, second: String
    /// How far they agree.
    public var kappa: CohensKappa
  }

  /// A reviewer's answers to tasks with a known answer.
  public struct Accuracy: Hashable, Sendable {
    /// The reviewer.
    public var reviewer: String
    /// How many such tasks the reviewer judged.
    public var count: Int
    /// How many of them rightly.
    public var correct: Int
  }

  /// Every pair of reviewers with tasks in common, by name.
  public var pairs: [Pair]
  /// Answers to gold tasks, by reviewer.
  public var gold: [Accuracy]

  /// The mean of κ over the pairs that have one; nil where none has.
  public var meanKappa: Double? {
    let values = pairs.compactMap(\.kappa.value)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The share of judgements alike, over all pairs and tasks; nil where no two judged the same.
  public var rawAgreement: Double? {
    let count = pairs.reduce(0) { $0 + $1.kappa.count }
    guard count > 0 else { return nil }
    return pairs.reduce(0) { $0 + $1.kappa.observed * Double($1.kappa.count) } / Double(count)
  }
}
