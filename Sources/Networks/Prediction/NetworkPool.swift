import Synchronization
public import Tensors
public import Voxels

/// Networks of one plan, for as many patches side by side.
public final class NetworkPool: Sendable {
  /// The shape of the input: (1, channels, z, y, x).
  public let inputShape: TensorShape
  /// The shape of the output: (1, channels, z, y, x).
  public let outputShape: TensorShape
  /// The number of networks.
  public var count: Int { networks.count }
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
  /// - Parameters:
  ///   - patch: A block of ``inputShape``.
  ///   - output: The values of ``outputShape`` in (c, z, y, x) order; filled entirely.
  /// - Throws: `execution`.
  public func run(
    _ patch: borrowing Volume<Float>, into output: inout MutableSpan<Float>
  ) throws(ModelError) {
    guard let index = free.withLock({ $0.popLast() }) else {
      let turn = calls.wrappingAdd(1, ordering: .relaxed).newValue
      return try networks[turn % networks.count].run(patch, into: &output)
    }
    defer { free.withLock { $0.append(index) } }
    try networks[index].run(patch, into: &output)
  }
}
