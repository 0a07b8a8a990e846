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
    /// Arguments that are the caller's memory, by their place in `arguments`.
    var inputs: [Int] = []
    var outputs: [Int] = []
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
    scratch = try TensorArena(byteCount: builder.scratchBytes)
    try arrangeWeights(builder.constants, weightOffsets)

    for step in builder.steps {
      try add(step, plan: plan, weightOffsets: weightOffsets)
    }
  }

  private func arrangeWeights(
    _ constants: [TensorProgramBuilder.Constant], _ offsets: [Int]
  ) throws(TensorError) {
    for (constant, offset) in zip(constants, offsets) {
      weights.clear(at: offset, byteCount: constant.target.byteCount)
      if constant.source == constant.target {
        weights.store(constant.values, at: offset)
        continue
      }
      let plain = try TensorArena(byteCount: constant.source.byteCount)
      plain.store(constant.values, at: 0)
      var builder = try TensorProgramBuilder(
        input: TensorShape(c: 1, z: 1, y: 1, x: 1), threads: threads)
      try builder.addReorder(from: .input, constant.source, to: .output, constant.target)
      guard case .operation(let descriptor, _)? = builder.steps.first else { continue }
      let (from, to) = (
        try MemoryHandle(constant.source), try MemoryHandle(constant.target)
      )
      try unsafe from.point(to: plain.address(0, byteCount: constant.source.byteCount))
      try unsafe to.point(to: weights.address(offset, byteCount: constant.target.byteCount))
      let reorderScratch = try TensorArena(byteCount: descriptor.scratchBytes)
      let scratchMemory = try MemoryHandle(descriptor.layout(dnnl_query_scratchpad_md))
      try unsafe scratchMemory.point(
        to: reorderScratch.address(0, byteCount: descriptor.scratchBytes))
      try stream.run(
        try Primitive(descriptor),
        [(DNNL_ARG_SRC_0, from), (DNNL_ARG_DST_0, to), (DNNL_ARG_SCRATCHPAD, scratchMemory)],
        operation: "reorder")
    }
  }

  private func add(
    _ step: TensorProgramBuilder.Step, plan: ArenaPlan, weightOffsets: [Int]
  ) throws(TensorError) {
    switch step {
    case .clear(let operand):
      guard case .storage(let storage) = operand.place else { return }
      let start = plan.offsets[storage]
      steps.append(
        Step(
          operation: "clear", arguments: [],
          clears: start..<start + operand.layout.byteCount))
    case .operation(let descriptor, let operands):
      var prepared = Step(
        operation: descriptor.operation, primitive: try Primitive(descriptor), arguments: [])
      for (index, operand) in operands.enumerated() {
        let memory = try MemoryHandle(operand.layout)
        let bytes = operand.layout.byteCount
        switch operand.place {
        case .input: prepared.inputs.append(index)
        case .output: prepared.outputs.append(index)
        case .storage(let storage):
          try unsafe memory.point(
            to: activations.address(plan.offsets[storage], byteCount: 0))
        case .constant(let constant):
          try unsafe memory.point(
            to: weights.address(weightOffsets[constant], byteCount: bytes))
        }
        prepared.arguments.append((operand.argument, memory))
      }
      if descriptor.scratchBytes > 0 {
        let memory = try MemoryHandle(descriptor.layout(dnnl_query_scratchpad_md))
        try unsafe memory.point(to: scratch.address(0, byteCount: descriptor.scratchBytes))
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
    // Sound: the addresses are used only inside these closures; both spans have the sizes the
    // operations were prepared for, checked above; oneDNN only reads through the input's address.
    let result = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target -> Result<Void, TensorError> in
        guard let from = source.baseAddress, let to = target.baseAddress else {
          return .success(())
        }
        do throws(TensorError) {
          try unsafe runSteps(input: UnsafeMutableRawPointer(mutating: from), output: to)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
  }

  private func runSteps(
    input: UnsafeMutableRawPointer, output: UnsafeMutableRawPointer
  ) throws(TensorError) {
    for step in steps {
      if let range = step.clears {
        activations.clear(at: range.lowerBound, byteCount: range.count)
      }
      guard let primitive = step.primitive else { continue }
      for index in step.inputs { try unsafe step.arguments[index].1.point(to: input) }
      for index in step.outputs { try unsafe step.arguments[index].1.point(to: output) }
      try stream.run(primitive, step.arguments, operation: step.operation)
    }
  }
}
