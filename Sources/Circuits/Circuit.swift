/// Neurons and the connections between them, each as strong as it moves a membrane.
public struct Circuit: Hashable, Sendable {
  /// One connection of two neurons.
  public struct Connection: Hashable, Sendable {
    /// The neurons that send and receive.
    public var source: UInt64, target: UInt64
    /// What one spike adds to the receiver's synaptic drive, in millivolts; below 0 inhibits.
    public var weight: Double

    /// Creates a connection.
    public init(from source: UInt64, to target: UInt64, weight: Double) {
      self.source = source
      self.target = target
      self.weight = weight
    }
  }

  /// The neurons, ascending.
  public let neurons: [UInt64]
  /// For each neuron where its connections start in ``targets``, and one more.
  let starts: [Int]
  let targets: [Int]
  let weights: [Double]

  /// Joins neurons.
  ///
  /// - Parameters:
  ///   - connections: Finite weights; several between the same two neurons add up.
  ///   - neurons: Further neurons, which may have no connection.
  /// - Complexity: O(*k* log *k*) in the connections.
  public init(_ connections: [Connection], neurons: [UInt64] = []) {
    precondition(connections.allSatisfy { $0.weight.isFinite }, "weights are finite")
    let all = Set(connections.lazy.flatMap { [$0.source, $0.target] }).union(neurons).sorted()
    let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
    let sorted = connections.indices.map { index in
      let connection = connections[index]
      return (
        source: places[connection.source] ?? 0, target: places[connection.target] ?? 0, index: index
      )
    }.sorted { ($0.source, $0.target, $0.index) < ($1.source, $1.target, $1.index) }
    var starts = [Int](repeating: 0, count: all.count + 1)
    var targets: [Int] = []
    var weights: [Double] = []
    var last: (Int, Int)?
    for entry in sorted {
      let weight = connections[entry.index].weight
      if let last, last == (entry.source, entry.target) {
        weights[weights.count - 1] += weight
        continue
      }
      last = (entry.source, entry.target)
      targets.append(entry.target)
      weights.append(weight)
      starts[entry.source + 1] += 1
    }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    self.neurons = all
    self.starts = starts
    self.targets = targets
    self.weights = weights
  }

  /// The number of pairs of neurons that are connected.
  public var connectionCount: Int { targets.count }

  /// The place of a neuron in ``neurons``; nil where it is none of them.
  public func index(of neuron: UInt64) -> Int? {
    var (low, high) = (0, neurons.count)
    while low < high {
      let middle = (low + high) / 2
      if neurons[middle] < neuron { low = middle + 1 } else { high = middle }
    }
    return low < neurons.count && neurons[low] == neuron ? low : nil
  }
}
