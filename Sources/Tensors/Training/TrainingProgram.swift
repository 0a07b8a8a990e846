import COneDNN

/// A function of one tensor and many parameters, with the gradients of what is done with its result.
///
/// Code is generated and every tensor allocated once. A program keeps the tensors of its last
/// forward pass for the backward pass and so runs once at a time; it is not `Sendable`.
///
/// Two equal passes on the same number of threads give the same bits: oneDNN shares sums over voxels
/// out among the threads, and adds their shares up, in a fixed order.
public final class TrainingProgram {
  private struct Step {
    var operation: String
    var primitive: Primitive?
    var arguments: [(Int32, MemoryHandle)] = []
    var clears: Range<Int>?
    var kernel: KernelStep?
    /// Arguments that are the caller's memory, by their place in `arguments`.
    var inputs: [Int] = []
    var outputs: [Int] = []
  }

  /// An own kernel and where its tensors are.
  private struct KernelStep {
    var kernel: KernelOperation
    var operands: [(argument: Int32, isKept: Bool, offset: Int, count: Int)] = []
  }

  /// The shape of the input.
  public let inputShape: TensorShape
  /// The shape of the output.
  public let outputShape: TensorShape
  /// How many threads the operations run on.
  public let threads: Int
  /// The bytes that the program takes.
  public let memory: ProgramMemory
  /// The number of parameters.
  public let parameterCount: Int
  private let kept: TensorArena
  private let keptOffsets: [Int]
  private let activations: TensorArena
  private let scratch: TensorArena
  private let stream: ExecutionStream
  private let loads: [TrainingProgramBuilder.KeptRange]
  private let gradients: [TrainingProgramBuilder.KeptRange]
  private var arranging: [Step] = []
  private var forward: [Step] = []
  private var backward: [Step] = []
  private var hasRun = false

  /// Allocates the tensors and generates the code of a program.
  ///
  /// - Throws: `outOfMemory`, or `invalidShape` for a program without an output.
  public init(_ builder: TrainingProgramBuilder) throws(TensorError) {
    guard let outputShape = builder.outputShape else {
      throw TensorError(.invalidShape, operation: "program", "the program has no output")
    }
    setEngineThreads(builder.threads)
    threads = builder.threads
    self.outputShape = outputShape
    inputShape = builder.inputShape
    stream = try ExecutionStream()
    loads = builder.loads
    gradients = builder.gradients
    parameterCount = builder.parameters.reduce(0) { max($0, $1.range.upperBound) }

    var offsets: [Int] = []
    var keptBytes = 0
    for byteCount in builder.keptBytes {
      offsets.append(keptBytes)
      keptBytes += ArenaPlan.aligned(byteCount)
    }
    keptOffsets = offsets
    kept = try TensorArena(byteCount: keptBytes)
    kept.clear(at: 0, byteCount: keptBytes)
    for constant in builder.constants { kept.store(constant.values, at: offsets[constant.kept]) }
    let plan = builder.arenaPlan
    activations = try TensorArena(byteCount: plan.byteCount)
    scratch = try TensorArena(byteCount: builder.scratchBytes)
    memory = ProgramMemory(
      weightBytes: keptBytes, activationBytes: plan.byteCount, scratchBytes: builder.scratchBytes)

    arranging = try prepare(builder.arranging, builder, plan)
    forward = try prepare(builder.forward, builder, plan)
    backward = try prepare(builder.backward, builder, plan)
  }

  private func prepare(
    _ steps: [TrainingProgramBuilder.Step], _ builder: TrainingProgramBuilder, _ plan: ArenaPlan
  ) throws(TensorError) -> [Step] {
    var prepared: [Step] = []
    for step in steps { prepared.append(try prepare(step, builder, plan)) }
    return prepared
  }

  private func prepare(
    _ step: TrainingProgramBuilder.Step, _ builder: TrainingProgramBuilder, _ plan: ArenaPlan
  ) throws(TensorError) -> Step {
    switch step {
    case .clear(let operand):
      guard case .storage(let storage) = operand.place else {
        preconditionFailure("only tensors between operations are cleared")
      }
      let start = plan.offsets[storage]
      return Step(operation: "clear", clears: start..<start + operand.layout.byteCount)
    case .kernel(let kernel, let operands):
      var prepared = KernelStep(kernel: kernel)
      for operand in operands {
        let count = operand.layout.byteCount / MemoryLayout<Float>.size
        switch operand.place {
        case .storage(let storage):
          prepared.operands.append((operand.argument, false, plan.offsets[storage], count))
        case .kept(let index):
          prepared.operands.append((operand.argument, true, keptOffsets[index], count))
        case .callerInput, .callerOutput:
          preconditionFailure("the caller's tensors are rearranged first")
        }
      }
      return Step(operation: kernel.name, kernel: prepared)
    case .operation(let descriptor, let operands):
      var prepared = Step(
        operation: descriptor.operation, primitive: try Primitive(descriptor))
      for (index, operand) in operands.enumerated() {
        let memory = try MemoryHandle(operand.layout)
        switch operand.place {
        case .callerInput: prepared.inputs.append(index)
        case .callerOutput: prepared.outputs.append(index)
        case .storage(let storage):
          try memory.point(
            to: activations, at: plan.offsets[storage], byteCount: builder.storageBytes[storage])
        case .kept(let index):
          try memory.point(to: kept, at: keptOffsets[index], byteCount: builder.keptBytes[index])
        }
        prepared.arguments.append((operand.argument, memory))
      }
      if descriptor.scratchBytes > 0 {
        let memory = try MemoryHandle(descriptor.layout(dnnl_query_scratchpad_md))
        try memory.point(to: scratch, at: 0, byteCount: descriptor.scratchBytes)
        prepared.arguments.append((DNNL_ARG_SCRATCHPAD, memory))
      }
      return prepared
    }
  }

  /// Sets all parameters.
  ///
  /// - Parameter values: Every parameter in its range of one flat array.
  /// - Throws: `engineFailure`.
  public func load(_ values: Span<Float>) throws(TensorError) {
    precondition(values.count >= parameterCount, "there are fewer values than parameters")
    for load in loads {
      let offset = keptOffsets[load.kept] + load.start * MemoryLayout<Float>.size
      let numbers = values.extracting(load.range)
      if let turned = load.turned {
        kept.store(turned.turn(numbers), at: offset)
      } else {
        kept.store(numbers, at: offset)
      }
    }
    setEngineThreads(threads)
    for step in arranging {
      if let kernel = step.kernel { run(kernel) }
      guard let primitive = step.primitive else { continue }
      try stream.run(primitive, step.arguments, operation: step.operation)
    }
  }

  /// Computes the function.
  ///
  /// - Parameters:
  ///   - input: ``inputShape`` in (n, c, z, y, x) order.
  ///   - output: ``outputShape`` in the same order; filled entirely.
  /// - Throws: `engineFailure`.
  public func runForward(
    _ input: Span<Float>, into output: inout MutableSpan<Float>
  ) throws(TensorError) {
    precondition(input.count == inputShape.checkedCount, "the input has another shape")
    precondition(output.count == outputShape.checkedCount, "the output has another shape")
    // OpenMP keeps the count per calling thread, and this may be another one than last time.
    setEngineThreads(threads)
    hasRun = false
    try CallerTensors.lend(input, &output) { (tensors) throws(TensorError) in
      try run(forward, tensors)
    }
    hasRun = true
  }

  /// Adds the gradients of the parameters, for the last forward pass.
  ///
  /// - Parameters:
  ///   - outputGradient: The derivative of a number by each value of the output, in its order.
  ///   - gradients: The derivative of the number by each parameter is added to it.
  /// - Throws: `engineFailure`.
  public func runBackward(
    _ outputGradient: Span<Float>, addingTo gradients: inout MutableSpan<Float>
  ) throws(TensorError) {
    precondition(hasRun, "a backward pass belongs to a forward pass before it")
    precondition(
      outputGradient.count == outputShape.checkedCount, "the gradient has another shape")
    precondition(gradients.count >= parameterCount, "there are fewer gradients than parameters")
    setEngineThreads(threads)
    hasRun = false
    try CallerTensors.lend(outputGradient) { (tensors) throws(TensorError) in
      try run(backward, tensors)
    }
    for gradient in self.gradients {
      kept.add(
        from: keptOffsets[gradient.kept] + gradient.start * MemoryLayout<Float>.size,
        to: &gradients, in: gradient.range)
    }
  }

  private func run(
    _ steps: [Step], _ tensors: borrowing CallerTensors
  ) throws(TensorError) {
    for step in steps {
      if let range = step.clears {
        activations.clear(at: range.lowerBound, byteCount: range.count)
      }
      if let kernel = step.kernel { run(kernel) }
      guard let primitive = step.primitive else { continue }
      for index in step.inputs { try step.arguments[index].1.point(toInputOf: tensors) }
      for index in step.outputs { try step.arguments[index].1.point(toOutputOf: tensors) }
      try stream.run(primitive, step.arguments, operation: step.operation)
    }
  }

  private func run(_ step: KernelStep) {
    var tensors: [KernelTensor] = []
    for operand in step.operands {
      let (argument, offset, count) = (operand.argument, operand.offset, operand.count)
      tensors.append(
        operand.isKept
          ? KernelTensor(argument, in: kept, at: offset, count: count)
          : KernelTensor(argument, in: activations, at: offset, count: count))
    }
    step.kernel.run(tensors, scratch: scratch, threads: threads)
  }
}
