/// The matrices of several measures in one parcellation while streamlines are added, in order.
///
/// Sums are taken in double precision of contributions in single precision, in the order of the
/// streamlines: the same ones give the same digits.
public struct ConnectomeSums: Sendable {
  /// The measures.
  public let measures: [EdgeMeasure]
  /// The number of streamlines added.
  public private(set) var streamlineCount = 0
  /// How many of them reach a node with one end at least, and with both.
  public private(set) var assigned = (one: 0, both: 0)
  private let voxelCounts: [Int]
  private let voxelVolume: Double
  private let isVector: Bool
  /// By measure and pair, the pairs with the lower node first; by measure and node in vectors.
  private var totals: [[Double]]
  /// By pair, the sum of the weights; empty where no measure is a mean.
  private var weights: [Double]
  /// By label its place among the labels that voxels have, 0 first; -1 for those that none has.
  private let places: [Int32]
  /// The number of places.
  private let width: Int
  private let rules: [Rule]

  /// The part of a measure that every streamline asks for.
  private struct Rule: Sendable {
    let length: EdgeMeasure.LengthScale
    let values: Int?
    let isPerNodeVolume: Bool
    let statistic: EdgeMeasure.Statistic
  }

  /// Starts with no streamlines.
  ///
  /// - Parameters:
  ///   - measures: What to measure.
  ///   - image: The parcellation.
  ///   - isVector: Whether only the node of a streamline's end counts.
  public init(measures: [EdgeMeasure], image: NodeImage, isVector: Bool = false) {
    self.measures = measures
    self.isVector = isVector
    voxelCounts = image.voxelCounts
    voxelVolume = image.voxelVolume
    var (places, used) = ([Int32](repeating: -1, count: image.nodeCount + 1), Int32(0))
    for label in places.indices where label == 0 || image.voxelCounts[label] > 0 {
      places[label] = used
      used += 1
    }
    self.places = places
    width = Int(used)
    rules = measures.map {
      Rule(
        length: $0.length, values: $0.values, isPerNodeVolume: $0.isPerNodeVolume,
        statistic: $0.statistic)
    }
    let pairs = isVector ? width : width * (width + 1) / 2
    totals = measures.map { measure in
      let start =
        switch measure.statistic {
        case .sum, .mean: 0.0
        case .min: Double.infinity
        case .max: -Double.infinity
        }
      return [Double](repeating: start, count: pairs)
    }
    let hasMeans = measures.contains { $0.statistic == .mean }
    weights = hasMeans ? [Double](repeating: 0, count: pairs) : []
  }

  /// The share of the streamlines that do not connect two nodes; of those that end in no node for a
  /// vector.
  public var unassignedShare: Double {
    guard streamlineCount > 0 else { return 0 }
    return 1 - Double(assigned.both) / Double(streamlineCount)
  }

  /// Adds a streamline by the nodes of its two ends.
  public mutating func add(start: UInt32, end: UInt32, _ facts: StreamlineFacts) {
    streamlineCount += 1
    let share = (count: 2.0, voxels: Double(voxelCounts[Int(start)] + voxelCounts[Int(end)]))
    if isVector {
      count(end != 0, end != 0)
      add(at: Int(places[Int(end)]), facts, share: share)
    } else {
      count(start != 0 || end != 0, start != 0 && end != 0)
      add(at: place(start, end), facts, share: share)
    }
  }

  /// Adds a streamline by all the nodes it passes, in ascending order.
  public mutating func add(nodes: [UInt32], _ facts: StreamlineFacts) {
    streamlineCount += 1
    count(!nodes.isEmpty, nodes.count > (isVector ? 0 : 1))
    let share = share(of: nodes)
    if isVector {
      for node in nodes.isEmpty ? [0] : nodes {
        add(at: Int(places[Int(node)]), facts, share: share)
      }
    } else if nodes.count < 2 {
      add(at: place(0, nodes.first ?? 0), facts, share: share)
    } else {
      for (index, node) in nodes.enumerated() {
        for other in nodes[index...] { add(at: place(node, other), facts, share: share) }
      }
    }
  }

  private mutating func count(_ one: Bool, _ both: Bool) {
    if one { assigned.one += 1 }
    if both { assigned.both += 1 }
  }

  /// The index of a pair, whatever its order.
  @inline(__always)
  private func place(_ first: UInt32, _ second: UInt32) -> Int {
    let (one, other) = (Int(places[Int(first)]), Int(places[Int(second)]))
    let (row, column) = (min(one, other), max(one, other))
    return row * (2 * width - row + 1) / 2 + (column - row)
  }

  /// The number of the nodes over the number of their voxels; 0 where they have none.
  private func share(of nodes: [UInt32]) -> (count: Double, voxels: Double) {
    (Double(nodes.count), Double(nodes.reduce(0) { $0 + voxelCounts[Int($1)] }))
  }

  private mutating func add(
    at place: Int, _ facts: StreamlineFacts, share: (count: Double, voxels: Double)
  ) {
    let weight = Double(facts.weight)
    for index in rules.indices {
      let value = Double(contribution(rules[index], facts, share))
      switch rules[index].statistic {
      case .sum, .mean: totals[index][place] += value * weight
      // As the standard library of C++ compares: what is not a number changes nothing.
      case .min: if value < totals[index][place] { totals[index][place] = value }
      case .max: if value > totals[index][place] { totals[index][place] = value }
      }
    }
    if !weights.isEmpty { weights[place] += weight }
  }

  @inline(__always)
  private func contribution(
    _ measure: Rule, _ facts: StreamlineFacts, _ share: (count: Double, voxels: Double)
  ) -> Float {
    var value =
      switch measure.length {
      case .none: 1.0
      case .length: Double(facts.length ?? 0)
      // Points that all lie in one place give infinity, as in MRtrix3.
      case .inverse: facts.length.map { 1 / Double($0) } ?? 0
      }
    if let list = measure.values { value *= facts.values[list] }
    if measure.isPerNodeVolume {
      value = share.voxels > 0 ? value * share.count / share.voxels : 0
    }
    return Float(value)
  }

  /// The values of one measure, a row and a column for each node, the first ones for node 0: what
  /// reaches no node.
  private func value(_ measure: Int, _ row: Int, _ column: Int) -> Double {
    // A label that no voxel has has no sums.
    guard places[row] >= 0, places[column] >= 0 else {
      return [.min, .max].contains(rules[measure].statistic) ? .nan : 0
    }
    let place = isVector ? Int(places[column]) : place(UInt32(row), UInt32(column))
    var value = totals[measure][place]
    switch measures[measure].statistic {
    case .sum: break
    case .mean: if weights[place] != 0 { value /= weights[place] }
    case .min, .max: if !value.isFinite { value = .nan }
    }
    if measures[measure].normalization == .geometricMeanVolume {
      let volumes = Double(voxelCounts[row]) * Double(voxelCounts[column])
      value = volumes > 0 ? value / (volumes.squareRoot() * voxelVolume) : 0
    }
    return measures[measure].factor == 1 ? value : value * measures[measure].factor
  }

  /// The matrix of one measure.
  ///
  /// - Parameters:
  ///   - measure: The measure's index.
  ///   - shape: Which parts are filled, and whether node 0 has the first row and column.
  ///   - names: The names of labels.
  /// - Returns: The matrix; its lower triangle is 0 unless it is to be symmetric.
  public func matrix(
    _ measure: Int, shape: MatrixShape = MatrixShape(), names: [Int: String] = [:]
  ) -> ConnectomeMatrix {
    precondition(!isVector, "a vector has no matrix")
    let first = shape.keepsUnassigned ? 0 : 1
    let labels = Array(first..<max(first, places.count))
    var values: [Double] = []
    values.reserveCapacity(labels.count * labels.count)
    for row in labels {
      for column in labels {
        let isLeftOut =
          (column < row && !shape.isSymmetric) || (column == row && shape.hasZeroDiagonal)
        values.append(isLeftOut ? 0 : value(measure, row, column))
      }
    }
    return ConnectomeMatrix(
      nodes: labels.map { ConnectomeNode(label: $0, name: names[$0] ?? "") }, values: values,
      isSymmetric: shape.isSymmetric, measure: measures[measure].name)
  }

  /// The values of one measure by the node of the streamlines' ends.
  ///
  /// - Precondition: The sums are those of a vector.
  public func vector(_ measure: Int, keepsUnassigned: Bool) -> [Double] {
    precondition(isVector, "a matrix has no vector")
    let first = keepsUnassigned ? 0 : 1
    return (first..<max(first, places.count)).map { value(measure, $0, $0) }
  }

  /// The labels of nodes that voxels have but no streamline reaches.
  public var unreachedLabels: [Int] {
    guard !isVector, let total = totals.first else { return [] }
    let present = places.indices.filter { places[$0] >= 0 }
    return present.filter { node in
      node > 0
        && !present.contains { other in
          let value = total[place(UInt32(node), UInt32(other))]
          return value.isFinite && value != 0
        }
    }
  }
}

/// Which parts of a matrix are filled.
public struct MatrixShape: Hashable, Sendable {
  /// Whether the lower triangle repeats the upper one.
  public var isSymmetric: Bool
  /// Whether the diagonal is 0.
  public var hasZeroDiagonal: Bool
  /// Whether the first row and column are those of streamlines that reach no node.
  public var keepsUnassigned: Bool

  /// Creates a shape: the upper triangle alone where nothing else is said.
  public init(
    isSymmetric: Bool = false, hasZeroDiagonal: Bool = false, keepsUnassigned: Bool = false
  ) {
    self.isSymmetric = isSymmetric
    self.hasZeroDiagonal = hasZeroDiagonal
    self.keepsUnassigned = keepsUnassigned
  }
}
