extension GradientTable {
  /// The volumes of a shell.
  public struct VolumeShell: Hashable, Sendable {
    /// The mean b-value in s/mm².
    public var bValue: Double
    /// The volumes, in their order.
    public var volumes: [Int]
    /// Whether the shell counts as not diffusion-weighted: b-values up to 10 s/mm².
    public var isUnweighted: Bool { bValue <= GradientTable.largestBaseline }
  }

  /// The b-value in s/mm² up to which models of whole shells take a volume for unweighted.
  static let largestBaseline = 10.0
  /// How near b-values of one shell lie, in s/mm².
  private static let nearness = 80.0
  /// The least volumes of a shell.
  private static let leastVolumes = 3

  /// The shells from the least b-value on.
  ///
  /// Volumes up to 10 s/mm² are one; of the others, those within 80 s/mm² of three or more, and
  /// those within reach of these. Single volumes apart belong to none.
  ///
  /// - Throws: ``DiffusionError`` where there are more shells than the root of the number of volumes.
  public func clusteredShells() throws(DiffusionError) -> [VolumeShell] {
    var shells: [[Int]] = []
    var isTaken = bValues.map { $0 <= GradientTable.largestBaseline }
    let baseline = bValues.indices.filter { isTaken[$0] }
    if !baseline.isEmpty { shells.append(baseline) }
    func near(_ volume: Int) -> [Int] {
      bValues.indices.filter {
        bValues[$0] > GradientTable.largestBaseline
          && abs(bValues[$0] - bValues[volume]) < GradientTable.nearness
      }
    }
    for volume in bValues.indices where !isTaken[volume] {
      var reached = near(volume)
      guard reached.count >= GradientTable.leastVolumes else { continue }
      var shell: [Int] = []
      while let next = reached.popLast() {
        if isTaken[next] { continue }
        isTaken[next] = true
        shell.append(next)
        let further = near(next)
        if further.count >= GradientTable.leastVolumes { reached += further }
      }
      shells.append(shell.sorted())
    }
    guard !shells.isEmpty, shells.count * shells.count <= count else {
      throw DiffusionError(
        "the b-values do not form shells", found: "\(shells.count) groups of \(count) volumes",
        expected: "few b-values with many directions each")
    }
    return shells.map { volumes in
      VolumeShell(
        bValue: volumes.reduce(0) { $0 + bValues[$1] } / Double(volumes.count), volumes: volumes)
    }.sorted { $0.bValue < $1.bValue }
  }
}
