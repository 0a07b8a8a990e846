import Synchronization
public import Tensors
public import Voxels

/// Networks of one plan, for as many patches side by side.
public final class NetworkPool: Sendable {
  /// The shape of the input: (1, channels, z, y, x).
  public let inputShape: TensorShape
  /// The shape of the output: (1, channels, z, y, x).
  public let outputShape: TensorShape
  private let networks: [Network]
  private let free: Mutex<[Int]>
  private let calls = Atomic<Int>(0)

  /// Prepares networks.
  ///
  /// - Parameters:
  ///   - plan: What each of them runs.
  ///   - count: How many there are; each takes the plan's memory and threads.
  /// - Throws: `execution` where there is not enough memory.
  public init(_ plan: NetworkPlan, count: Int = 1) throws(ModelError) {
    precondition(count > 0, "a pool holds networks")
    inputShape = plan.inputShape
    outputShape = plan.outputShape
    var networks: [Network] = []
    for _ in 0..<count { networks.append(try Network(plan)) }
    self.networks = networks
    free = Mutex(Array(0..<count))
  }

  /// Runs a network that is free on one patch; where none is, waits for one.
  ///
  /// - Returns: The output's values in (c, z, y, x) order, of ``outputShape``.
  /// - Throws: `execution`.
  public func run(_ patch: borrowing Volume<Float>) throws(ModelError) -> [Float] {
    guard let index = free.withLock({ $0.popLast() }) else {
      let turn = calls.wrappingAdd(1, ordering: .relaxed).newValue
      return try networks[turn % networks.count].run(patch)
    }
    defer { free.withLock { $0.append(index) } }
    return try networks[index].run(patch)
  }
}
