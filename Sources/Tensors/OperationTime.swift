/// How long an operation of a program took.
public struct OperationTime: Hashable, Sendable {
  /// What it is and which implementation runs it; of a convolution also its kernel and shapes.
  public var name: String
  /// The median over the runs.
  public var seconds: Double
  /// The multiplications and additions of a convolution, each counted as one; 0 for others.
  public var floatingPointOperations: Double
}

/// A convolution as it was asked for, which one or several steps carry out.
struct ConvolutionWork: Sendable {
  /// The first step added after it was asked for.
  var step: Int
  var kernel: AxisTriple
  var inputChannels: Int
  var output: TensorShape
  var floatingPointOperations: Double

  var name: String {
    "\(kernel.z)×\(kernel.y)×\(kernel.x), \(inputChannels) → \(output.c) × "
      + "\(output.z)·\(output.y)·\(output.x)"
  }
}

/// What the steps of a program are, for putting their times together.
struct ProgramOutline: Sendable {
  private let names: [String]
  /// Whether each step is a convolution, or a part of one.
  private let convolves: [Bool]
  private let works: [ConvolutionWork]

  init(_ builder: TensorProgramBuilder) {
    names = builder.summary
    convolves = builder.steps.map { step in
      switch step {
      case .kernel: true
      case .operation(let descriptor, _): descriptor.operation.contains("convolution")
      case .clear, .sampling: false
      }
    }
    works = builder.works
  }

  /// The operations in order, the steps that carry out one convolution as one.
  ///
  /// - Parameter seconds: The time of each step.
  /// - Returns: The operations' times.
  func times(_ seconds: [Double]) -> [OperationTime] {
    precondition(names.count == seconds.count, "every step has its time")
    var times: [OperationTime] = []
    var pending = works[...]
    /// Where the time of the convolution stands that steps now carry out.
    var current: Int?
    for step in names.indices {
      if let work = pending.first, step >= work.step, convolves[step] {
        pending = pending.dropFirst()
        current = times.count
        times.append(
          OperationTime(
            name: "\(names[step]), \(work.name)", seconds: seconds[step],
            floatingPointOperations: work.floatingPointOperations))
      } else if let current, convolves[step] {
        times[current].seconds += seconds[step]
      } else {
        times.append(
          OperationTime(name: names[step], seconds: seconds[step], floatingPointOperations: 0))
      }
    }
    return times
  }
}
