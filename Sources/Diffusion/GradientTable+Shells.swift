extension GradientTable {
  /// Volumes of about the same b-value.
  public struct Shell: Hashable, Sendable {
    /// The mean b-value in s/mm².
    public var bValue: Double
    /// The number of volumes.
    public var count: Int
  }

  /// How far a b-value may be from the next smaller one of its shell, in s/mm².
  private static let shellWidth = 80.0

  /// The volumes by b-value: where sorted b-values lie further apart than 80 s/mm², a shell ends.
  public var shells: [Shell] {
    var groups: [[Double]] = []
    for b in bValues.sorted() {
      if let last = groups.last?.last, b - last <= GradientTable.shellWidth {
        groups[groups.count - 1].append(b)
      } else {
        groups.append([b])
      }
    }
    return groups.map { Shell(bValue: $0.reduce(0, +) / Double($0.count), count: $0.count) }
  }
}
