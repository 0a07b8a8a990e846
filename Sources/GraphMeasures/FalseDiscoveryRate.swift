/// The control of how many findings are false.
public enum FalseDiscoveryRate {
  /// The rate of false findings at which each test would just be one of the findings.
  ///
  /// - Parameter chances: The tests' p; those that are not a number are no tests and stay so.
  /// - Returns: As many values, in [0, 1].
  /// - Complexity: O(*n* log *n*).
  ///
  /// Source: Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
  public static func adjusted(_ chances: [Double]) -> [Double] {
    let order = chances.indices.filter { !chances[$0].isNaN }.sorted { chances[$0] < chances[$1] }
    var result = [Double](repeating: .nan, count: chances.count)
    var least = 1.0
    for (rank, place) in order.enumerated().reversed() {
      least = min(least, chances[place] * Double(order.count) / Double(rank + 1))
      result[place] = least
    }
    return result
  }
}
