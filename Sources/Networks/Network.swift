import Synchronization
public import Tensors
public import Voxels

/// A network prepared for one input extent, before anything is allocated for it.
///
/// It says what running the network will take, so that a command can keep a promise about memory.
public struct NetworkPlan: Sendable {
  /// The shape of the input: (1, channels, z, y, x).
  public let inputShape: TensorShape
  /// The shape of the output: (1, channels, z, y, x).
  public let outputShape: TensorShape
  /// Which part of the input one voxel of the output depends on.
  public let receptiveField: ReceptiveField
  /// How many threads the network will run on.
  public let threads: Int
  /// How exactly the network computes: what was asked for, or the next better that this processor
  /// has instructions for.
  public var precision: Precision { builder.precision }
  let builder: TensorProgramBuilder
  /// How a network of valid convolutions is made to give as much as it takes.
  let filledExtent: FilledExtent?

  /// Prepares a model.
  ///
  /// - Parameters:
  ///   - model: A model with one float32 input and one output of (1, channels, z, y, x).
  ///   - extent: The input's extent, a multiple of ``ReceptiveField/requiredMultiple``.
  ///   - threads: How many threads the network will run on.
  ///   - activation: What is applied to the model's output.
  ///   - precision: How exactly the convolutions are computed.
  ///   - outputExtent: Which extent the output has, for a network of valid convolutions.
  /// - Throws: `unsupported` naming the node for an operator, attribute or rank that is not
  ///   supported; `mismatch` for an extent that does not fit; `malformed` for a graph that is not
  ///   sound.
  public init(
    _ model: ONNXModel, extent: VoxelExtent, threads: Int, activation: Activation? = nil,
    precision: Precision = .float32, outputExtent: OutputExtent = .own
  ) throws(ModelError) {
    try self.init(
      model, extent: extent, threads: threads, activation: activation, precision: precision,
      outputExtent: outputExtent, convolutionEngine: .fastest)
  }

  /// Prepares a model whose convolutions are computed in the way given.
  package init(
    _ model: ONNXModel, extent: VoxelExtent, threads: Int, activation: Activation? = nil,
    precision: Precision = .float32, outputExtent: OutputExtent = .own,
    convolutionEngine: ConvolutionEngine
  ) throws(ModelError) {
    do {
      try self.init(
        checking: model, extent, threads, activation, precision, outputExtent,
        convolutionEngine)
    } catch {
      throw error.naming(model.path)
    }
  }

  private init(
    checking model: ONNXModel, _ extent: VoxelExtent, _ threads: Int, _ activation: Activation?,
    _ precision: Precision, _ outputExtent: OutputExtent, _ convolutionEngine: ConvolutionEngine
  ) throws(ModelError) {
    let interface = try model.interface
    try model.checkParameters()
    let shape = TensorShape(c: interface.channels, extent: extent)
    guard shape.checkedCount != nil else {
      throw ModelError(
        .mismatch, "the network's input has no voxels or too many", found: "\(shape)")
    }
    var start = try GraphLowering(model, input: shape, threads: threads, precision: precision)
    start.builder.convolutionEngine = convolutionEngine
    let field = try ReceptiveField(
      model, order: start.order, inputName: interface.input.name)
    try interface.check(extent)
    var candidates: [FilledExtent?] = [nil]
    if outputExtent == .input, field.context != .zero {
      candidates = FilledExtent.candidates(extent, field: field)
      // A model of one fixed extent takes no other.
      if interface.fixedExtent != nil { candidates = Array(candidates.prefix(1)) }
    }
    var lowered: GraphLowering?
    var failure: ModelError?
    var chosen: FilledExtent?
    for candidate in candidates where lowered == nil {
      var lowering = start
      do {
        try lowering.lower(input: interface.input, activation: activation, extent: candidate)
        (lowered, chosen) = (lowering, candidate)
      } catch {
        failure = failure ?? error
        guard error.code != .malformed else { break }
      }
    }
    guard let lowered else {
      let error = failure ?? ModelError(.malformed, "the graph has no output")
      // What goes wrong with lengths that the strides do not divide is told by its cause.
      let multiple = field.requiredMultiple
      guard extent.z % multiple.z == 0, extent.y % multiple.y == 0, extent.x % multiple.x == 0
      else {
        throw ModelError(
          .mismatch, "the patch does not suit the network's strides",
          found: "\(extent.z), \(extent.y), \(extent.x)",
          expected: "multiples of \(multiple.z), \(multiple.y), \(multiple.x)", cause: error)
      }
      throw error
    }
    guard let output = lowered.builder.resultShape else {
      throw ModelError(.malformed, "the graph has no output")
    }
    receptiveField = field
    filledExtent = chosen
    inputShape = shape
    outputShape = output
    self.threads = threads
    builder = lowered.builder
  }

  /// The bytes that running the network takes.
  public var memory: ProgramMemory { builder.memory }

  /// The multiplications and additions of one run, each counted as one.
  public var floatingPointOperations: Double { builder.floatingPointOperations }

  /// What each operation of a run is and which implementation runs it, in order.
  public var operations: [String] { builder.summary }
}

/// A network ready to run on patches of one extent.
///
/// Several threads may call ``run(_:)``: one patch runs at a time, on all of the network's threads.
public final class Network: Sendable {
  /// The shape of the input: (1, channels, z, y, x).
  public let inputShape: TensorShape
  /// The shape of the output: (1, channels, z, y, x).
  public let outputShape: TensorShape
  /// Which part of the input one voxel of the output depends on.
  public let receptiveField: ReceptiveField
  private let program: Mutex<TensorProgram>

  /// Allocates the tensors and generates the code for a plan.
  ///
  /// - Throws: `execution` where there is not enough memory.
  public init(_ plan: NetworkPlan) throws(ModelError) {
    inputShape = plan.inputShape
    outputShape = plan.outputShape
    receptiveField = plan.receptiveField
    do {
      program = Mutex(try TensorProgram(plan.builder, threads: plan.threads))
    } catch {
      throw ModelError(
        .execution, "the network cannot be prepared",
        found: "\(plan.memory.totalBytes) bytes needed",
        remedy: "choose a smaller patch", cause: error)
    }
  }

  /// Runs the network a few times on one patch and measures each operation.
  ///
  /// - Returns: The operations in order, each with its median time.
  /// - Throws: `execution`.
  public func times(
    _ patch: borrowing Volume<Float>, runs: Int
  ) throws(ModelError) -> [OperationTime] {
    precondition(
      patch.channels == inputShape.c && patch.extent == inputShape.extent,
      "the patch has another shape than the network's input")
    let input = patch.span
    do {
      return try program.withLock { (program) throws(TensorError) in
        try program.times(input, runs: runs)
      }
    } catch {
      throw ModelError(.execution, "the network failed to run", cause: error)
    }
  }

  /// Runs the network on one patch, a block of ``inputShape``.
  ///
  /// - Returns: The output's values in (c, z, y, x) order, of ``outputShape``.
  /// - Throws: `execution`.
  public func run(_ patch: borrowing Volume<Float>) throws(ModelError) -> [Float] {
    let count = outputShape.extent.voxelCount * outputShape.c
    var values = [Float](repeating: 0, count: count)
    var output = values.mutableSpan
    try run(patch, into: &output)
    return values
  }

  /// Runs the network on one patch, a block of ``inputShape``, into memory that the caller keeps.
  ///
  /// - Parameters:
  ///   - patch: The input.
  ///   - output: The values of ``outputShape`` in (c, z, y, x) order; filled entirely.
  /// - Throws: `execution`.
  public func run(
    _ patch: borrowing Volume<Float>, into output: inout MutableSpan<Float>
  ) throws(ModelError) {
    precondition(
      patch.channels == inputShape.c && patch.extent == inputShape.extent,
      "the patch has another shape than the network's input")
    let input = patch.span
    do {
      try program.withLock { (program) throws(TensorError) in
        try program.run(input, into: &output)
      }
    } catch {
      throw ModelError(.execution, "the network failed to run", cause: error)
    }
  }
}
