import COneDNN

/// A sequence of tensor operations, ready to run again and again on inputs of one shape.
///
/// Code and weights are prepared once. A program holds the tensors between its operations and so
/// runs once at a time; it is not `Sendable`.
public final class TensorProgram {
  private struct Step {
    var operation: String
    var primitive: Primitive?
    var arguments: [(Int32, MemoryHandle)]
    var clears: Range<Int>?
    var kernel: KernelStep?
    var sampling: (Sampling, source: Range<Int>, target: Range<Int>)?
    /// Arguments that are the caller's memory, by their place in `arguments`.
    var inputs: [Int] = []
    var outputs: [Int] = []
  }

  /// An own kernel and where its tensors are.
  private struct KernelStep {
    var kernel: KernelOperation
    var operands: [(argument: Int32, place: TensorProgramBuilder.Place, offset: Int, count: Int)]
  }

  /// The shape of the input.
  public let inputShape: TensorShape
  /// The shape of the output.
  public let outputShape: TensorShape
  /// How many threads the operations run on.
  public let threads: Int
  private let weights: TensorArena
  private let activations: TensorArena
  private let scratch: TensorArena
  private let stream: ExecutionStream
  private let outline: ProgramOutline
  private var steps: [Step] = []

  /// Allocates the tensors, rearranges the weights and generates the code of a program.
  ///
  /// - Throws: `outOfMemory`, or `invalidShape` for a program without an output.
  public init(_ builder: TensorProgramBuilder, threads: Int) throws(TensorError) {
    guard let outputShape = builder.outputShape else {
      throw TensorError(.invalidShape, operation: "program", "the program has no output")
    }
    setEngineThreads(threads)
    self.threads = threads
    self.outputShape = outputShape
    inputShape = builder.inputShape
    outline = ProgramOutline(builder)
    stream = try ExecutionStream()

    var weightOffsets: [Int] = []
    var weightBytes = 0
    for constant in builder.constants {
      weightOffsets.append(weightBytes)
      weightBytes += ArenaPlan.aligned(constant.target.byteCount)
    }
    weights = try TensorArena(byteCount: weightBytes)
    let plan = ArenaPlan(of: builder)
    activations = try TensorArena(byteCount: plan.byteCount)
    scratch = try TensorArena(byteCount: builder.scratchBytes(threads: threads))
    try arrangeWeights(builder.constants, weightOffsets)

    for step in builder.steps {
      try add(
        step, plan: plan, storageBytes: builder.storageBytes, weightOffsets: weightOffsets)
    }
  }

  private func arrangeWeights(
    _ constants: [TensorProgramBuilder.Constant], _ offsets: [Int]
  ) throws(TensorError) {
    for (constant, offset) in zip(constants, offsets) {
      if let kernel = constant.kernel {
        kernel.arrange(constant.values.span, into: weights, at: offset, threads: threads)
        continue
      }
      weights.clear(at: offset, byteCount: constant.target.byteCount)
      if constant.source == constant.target {
        weights.store(constant.values, at: offset)
        continue
      }
      let plain = try TensorArena(byteCount: constant.source.byteCount)
      plain.store(constant.values, at: 0)
      let descriptor = try PrimitiveDescriptor.reorder(from: constant.source, to: constant.target)
      let (from, to) = (
        try MemoryHandle(constant.source), try MemoryHandle(constant.target)
      )
      try from.point(to: plain, at: 0, byteCount: constant.source.byteCount)
      try to.point(to: weights, at: offset, byteCount: constant.target.byteCount)
      let reorderScratch = try TensorArena(byteCount: descriptor.scratchBytes)
      let scratchMemory = try MemoryHandle(descriptor.layout(dnnl_query_scratchpad_md))
      try scratchMemory.point(to: reorderScratch, at: 0, byteCount: descriptor.scratchBytes)
      try stream.run(
        try Primitive(descriptor),
        [(DNNL_ARG_SRC_0, from), (DNNL_ARG_DST_0, to), (DNNL_ARG_SCRATCHPAD, scratchMemory)],
        operation: "reorder")
    }
  }

  private func add(
    _ step: TensorProgramBuilder.Step, plan: ArenaPlan, storageBytes: [Int],
    weightOffsets: [Int]
  ) throws(TensorError) {
    switch step {
    case .clear(let operand):
      guard case .storage(let storage) = operand.place else { return }
      let start = plan.offsets[storage]
      steps.append(
        Step(
          operation: "clear", arguments: [],
          clears: start..<start + operand.layout.byteCount))
    case .kernel(let kernel, let operands):
      var prepared = KernelStep(kernel: kernel, operands: [])
      for operand in operands {
        let offset =
          switch operand.place {
          case .storage(let storage): plan.offsets[storage]
          case .constant(let constant): weightOffsets[constant]
          case .input, .output: 0
          }
        prepared.operands.append(
          (
            operand.argument, operand.place, offset,
            // Brain floats may end in the middle of a float; the arena's room does not.
            (operand.layout.byteCount + 3) / MemoryLayout<Float>.size
          ))
      }
      steps.append(Step(operation: "convolution", arguments: [], kernel: prepared))
    case .sampling(let sampling, let source, let target):
      guard case .storage(let from) = source.place, case .storage(let to) = target.place else {
        return
      }
      let (start, end) = (plan.offsets[from], plan.offsets[to])
      steps.append(
        Step(
          operation: "sampling", arguments: [],
          sampling: (
            sampling, start..<start + source.layout.byteCount, end..<end + target.layout.byteCount
          )))
    case .operation(let descriptor, let operands):
      var prepared = Step(
        operation: descriptor.operation, primitive: try Primitive(descriptor), arguments: [])
      for (index, operand) in operands.enumerated() {
        let memory = try MemoryHandle(operand.layout)
        switch operand.place {
        case .input: prepared.inputs.append(index)
        case .output: prepared.outputs.append(index)
        case .storage(let storage):
          try memory.point(
            to: activations, at: plan.offsets[storage], byteCount: storageBytes[storage])
        case .constant(let constant):
          try memory.point(
            to: weights, at: weightOffsets[constant], byteCount: operand.layout.byteCount)
        }
        prepared.arguments.append((operand.argument, memory))
      }
      if descriptor.scratchBytes > 0 {
        let memory = try MemoryHandle(descriptor.layout(dnnl_query_scratchpad_md))
        try memory.point(to: scratch, at: 0, byteCount: descriptor.scratchBytes)
        prepared.arguments.append((DNNL_ARG_SCRATCHPAD, memory))
      }
      steps.append(prepared)
    }
  }

  /// Runs the program.
  ///
  /// - Parameters:
  ///   - input: ``inputShape`` in (n, c, z, y, x) order.
  ///   - output: ``outputShape`` in the same order; filled entirely.
  /// - Throws: `engineFailure`.
  public func run(
    _ input: Span<Float>, into output: inout MutableSpan<Float>
  ) throws(TensorError) {
    precondition(input.count == inputShape.checkedCount, "the input has another shape")
    precondition(output.count == outputShape.checkedCount, "the output has another shape")
    // OpenMP keeps the count per calling thread, and this may be another one than last time.
    setEngineThreads(threads)
    try CallerTensors.lend(input, &output) { (tensors) throws(TensorError) in
      try runSteps(tensors)
    }
  }

  /// Runs the program a few times and measures each operation.
  ///
  /// - Parameters:
  ///   - input: The input.
  ///   - runs: How often; the first run, which warms up, is not counted.
  /// - Returns: The operations in order, each with its median.
  /// - Throws: `execution`.
  public func times(_ input: Span<Float>, runs: Int) throws(TensorError) -> [OperationTime] {
    precondition(runs > 0, "at least one run")
    var output = [Float](repeating: 0, count: outputShape.checkedCount ?? 0)
    var seconds: [[Double]] = []
    for _ in 0...runs {
      var last = ContinuousClock.now
      var times: [Double] = []
      var span = output.mutableSpan
      setEngineThreads(threads)
      try CallerTensors.lend(input, &span) { (tensors) throws(TensorError) in
        try runSteps(tensors) {
          let now = ContinuousClock.now
          times.append((now - last) / .seconds(1))
          last = now
        }
      }
      seconds.append(times)
    }
    seconds.removeFirst()
    return outline.times(
      seconds[0].indices.map { step in seconds.map { $0[step] }.sorted()[runs / 2] })
  }

  private func runSteps(
    _ tensors: borrowing CallerTensors, afterEach: () -> Void = {}
  ) throws(TensorError) {
    for step in steps {
      defer { afterEach() }
      if let range = step.clears {
        activations.clear(at: range.lowerBound, byteCount: range.count)
      }
      if let kernel = step.kernel { run(kernel, tensors) }
      if let (sampling, source, target) = step.sampling {
        activations.fillRows(
          from: source, into: target, rows: sampling.rowCount, threads: threads
        ) { sampling.fill(row: $0, from: $1, into: &$2) }
      }
      guard let primitive = step.primitive else { continue }
      for index in step.inputs { try step.arguments[index].1.point(toInputOf: tensors) }
      for index in step.outputs { try step.arguments[index].1.point(toOutputOf: tensors) }
      try stream.run(primitive, step.arguments, operation: step.operation)
    }
  }

  private func run(_ step: KernelStep, _ tensors: borrowing CallerTensors) {
    var operands: [KernelTensor] = []
    for operand in step.operands {
      let (argument, offset, count) = (operand.argument, operand.offset, operand.count)
      switch operand.place {
      case .input: operands.append(KernelTensor(argument, inputOf: tensors, count: count))
      case .output: preconditionFailure("a kernel's result is rearranged for the caller")
      case .storage:
        operands.append(KernelTensor(argument, in: activations, at: offset, count: count))
      case .constant:
        operands.append(KernelTensor(argument, in: weights, at: offset, count: count))
      }
    }
    step.kernel.run(operands, scratch: scratch, threads: threads)
  }
}
