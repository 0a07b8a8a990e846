public import Tensors
public import Voxels

/// A network ready to be trained on patches of one extent, one sample at a time.
///
/// The model's graph is differentiated in reverse mode into one fixed sequence of operations for
/// both passes; nothing is decided or allocated in a step. Statistics of batch normalisations stay
/// as the model has them; their scale and shift are trained.
///
/// A network keeps its last forward pass for the backward pass, so it is not `Sendable`. Two equal
/// steps on the same number of threads give the same bits; numbers of threads change rounding only.
public final class TrainableNetwork {
  /// The shape of the input: (1, channels, z, y, x).
  public let inputShape: TensorShape
  /// The shape of the output: (1, channels, z, y, x).
  public let outputShape: TensorShape
  /// What is trained; ranges of one flat array.
  public let parameters: [NetworkParameter]
  /// The bytes that the network takes: parameters, their gradients and tensors of both passes.
  public let memory: ProgramMemory
  /// The multiplications and additions of the convolutions of one forward pass, each counted as
  /// one; a backward pass takes about twice as many.
  public let floatingPointOperations: Double
  /// What each step of the passes is and which implementation runs it, in order.
  public let operations: (forward: [String], backward: [String])
  private let program: TrainingProgram

  /// Differentiates a model, and loads its own parameters.
  ///
  /// - Parameters:
  ///   - model: A model with one float32 input and one output of (1, channels, z, y, x).
  ///   - extent: The input's extent, a multiple of ``ReceptiveField/requiredMultiple``.
  ///   - threads: How many threads the network will run on.
  ///   - precision: How the numbers that convolutions multiply are stored; one that
  ///     ``TrainingPrecision/isSupported``.
  /// - Throws: `unsupported` naming the node for an operator that cannot be run or trained,
  ///   `mismatch` for an extent that does not fit, `malformed` for a graph that is not sound,
  ///   `execution` where there is not enough memory.
  public convenience init(
    _ model: ONNXModel, extent: VoxelExtent, threads: Int,
    precision: TrainingPrecision = .float32
  ) throws(ModelError) {
    do {
      try self.init(checking: model, extent, threads, precision)
    } catch {
      throw error.naming(model.path)
    }
  }

  private init(
    checking model: ONNXModel, _ extent: VoxelExtent, _ threads: Int,
    _ precision: TrainingPrecision
  ) throws(ModelError) {
    // Whatever is wrong with the model or the extent is found, and told, as for a prediction.
    _ = try NetworkPlan(model, extent: extent, threads: threads)
    let shape = TensorShape(c: try model.interface.channels, extent: extent)
    var differentiation = try GraphDifferentiation(
      model, input: shape, threads: threads, precision: precision)
    try differentiation.differentiate()
    let builder = differentiation.builder
    do {
      program = try TrainingProgram(builder)
    } catch {
      throw ModelError(
        .execution, "the network cannot be prepared for training",
        found: "\(builder.memory.totalBytes) bytes needed", remedy: "choose a smaller patch",
        cause: error)
    }
    inputShape = program.inputShape
    outputShape = program.outputShape
    parameters = model.parameters
    memory = program.memory
    floatingPointOperations = builder.floatingPointOperations
    operations = builder.summary
    let values = model.parameterValues
    try load(values.span)
  }

  /// Sets all parameters.
  ///
  /// - Parameter values: Every parameter at its range.
  /// - Throws: `execution`.
  public func load(_ values: Span<Float>) throws(ModelError) {
    try execute { () throws(TensorError) in try program.load(values) }
  }

  /// Runs the network on one patch.
  ///
  /// - Parameters:
  ///   - input: The values of ``inputShape`` in (c, z, y, x) order.
  ///   - output: The values of ``outputShape`` in the same order; filled entirely.
  /// - Throws: `execution`.
  public func forward(
    _ input: Span<Float>, into output: inout MutableSpan<Float>
  ) throws(ModelError) {
    do {
      try program.runForward(input, into: &output)
    } catch {
      throw ModelError(.execution, "the network failed to run", cause: error)
    }
  }

  /// Adds the gradients of the parameters for the last forward pass.
  ///
  /// - Parameters:
  ///   - outputGradient: The derivative of the loss by each value of the output, in its order.
  ///   - gradients: The derivative of the loss by each parameter is added at its range.
  /// - Throws: `execution`.
  public func backward(
    _ outputGradient: Span<Float>, addingTo gradients: inout MutableSpan<Float>
  ) throws(ModelError) {
    do {
      try program.runBackward(outputGradient, addingTo: &gradients)
    } catch {
      throw ModelError(.execution, "the network's gradients failed to be computed", cause: error)
    }
  }

  private func execute(_ body: () throws(TensorError) -> Void) throws(ModelError) {
    do {
      try body()
    } catch {
      throw ModelError(.execution, "the parameters cannot be loaded", cause: error)
    }
  }
}
