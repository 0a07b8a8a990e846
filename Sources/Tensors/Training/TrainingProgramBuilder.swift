import COneDNN

/// Numbers that training adjusts: a range of one flat array of all of them.
public struct TrainedNumbers: Hashable, Sendable {
  let index: Int
}

/// Puts tensor operations together into a program that computes a function of one input shape, and
/// the gradients of what is done with its result with respect to the function's parameters.
///
/// Each operation adds its steps to the forward pass, and remembers what adds the steps of its
/// gradient (reverse-mode differentiation); ``output(_:)`` calls what was remembered, last operation
/// first. So both passes are fixed before anything is allocated, and a tensor shares its place with
/// all those that are not needed while it is, over both passes.
///
/// Tensors lie channels last, as all of oneDNN's fastest convolutions of few channels want them:
/// nothing is reordered between operations. Parameters are reordered when they are loaded.
public struct TrainingProgramBuilder {
  /// Where the values of a tensor are.
  enum Place: Hashable {
    /// The caller's: the input in the forward pass, the gradient of the output in the backward one.
    case callerInput
    /// The caller's output, in the forward pass.
    case callerOutput
    /// Values that live from the first to the last step that uses them.
    case storage(Int)
    /// Values that live as long as the program: parameters, their gradients and constants.
    case kept(Int)
  }

  struct Operand {
    var argument: Int32
    var place: Place
    var layout: TensorLayout
  }

  enum Step {
    case operation(PrimitiveDescriptor, [Operand])
    /// Runs one of the package's own kernels.
    case kernel(KernelOperation, [Operand])
    /// Sets a tensor to zero.
    case clear(Operand)

    var operands: [Operand] {
      switch self {
      case .operation(_, let operands), .kernel(_, let operands): operands
      case .clear(let operand): [operand]
      }
    }
  }

  /// What is known so far of the gradient of a tensor.
  struct Gradient {
    var place: Place
    /// Whether nothing else reads the place, so that it may be changed.
    var isOwned: Bool
  }

  struct Value {
    var shape: TensorShape
    /// Where the values are; nil for a concatenation that was not carried out.
    var place: Place?
    /// The tensors that this one is a concatenation of.
    var parts: [TensorValue] = []
    /// Whether a parameter has a part in it.
    var isTrained: Bool
    var gradient: Gradient?
  }

  /// A parameter or a part of one that is kept, values and gradients, in an operation's terms.
  struct KeptRange {
    var kept: Int
    /// The first number's place in what is kept.
    var start = 0
    /// The numbers' place among all parameters.
    var range: Range<Int>
    /// How the numbers are turned around when they are loaded, if they are.
    var turned: TurnedKernels?
  }

  /// Kernels (output, input, tap) that are loaded as (input, output, last tap first).
  struct TurnedKernels {
    var outputs: Int
    var inputs: Int
    /// The inputs wanted.
    var channels: Range<Int>
    var taps: Int
  }

  /// The shape of the program's input.
  public let inputShape: TensorShape
  /// The program's input.
  public let input = TensorValue(index: 0)
  /// The number of threads that implementations are chosen for.
  public let threads: Int
  /// How the numbers that convolutions multiply are stored.
  public let precision: TrainingPrecision
  /// What computes the convolutions that are added next.
  package var convolutionEngine = ConvolutionEngine.fastest
  /// The multiplications and additions of the convolutions' forward passes, each counted as one.
  public internal(set) var floatingPointOperations = 0.0
  /// The shape of the program's result, once it has one.
  public private(set) var outputShape: TensorShape?

  var values: [Value]
  /// Where copies in brain floats lie, of tensors whose values do not change any more.
  var rounded: [Place: Place] = [:]
  var storageBytes: [Int] = []
  var keptBytes: [Int] = []
  /// What is done after parameters were loaded, in the forward and in the backward pass.
  var arranging: [Step] = []
  var forward: [Step] = []
  var backward: [Step] = []
  /// Where loaded parameters go, and where their gradients are found.
  var loads: [KeptRange] = []
  var gradients: [KeptRange] = []
  var constants: [(kept: Int, values: [Float])] = []
  var parameters: [(range: Range<Int>, kept: Int)] = []
  private var tape: [(inout TrainingProgramBuilder) throws(TensorError) -> Void] = []

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - input: The input's shape, of one sample.
  ///   - threads: How many threads the program will run on; implementations are chosen for it.
  ///   - precision: How the numbers that convolutions multiply are stored.
  /// - Throws: `invalidShape` for more than one sample or a shape whose bytes overflow;
  ///   `unsupported` for a precision that the processor has no instructions for.
  public init(
    input: TensorShape, threads: Int, precision: TrainingPrecision = .float32
  ) throws(TensorError) {
    guard precision.isSupported else {
      throw TensorError(
        .unsupported, operation: "program",
        "this processor does not multiply \(precision.rawValue) numbers")
    }
    self.precision = precision
    guard input.n == 1, input.checkedCount != nil else {
      throw TensorError(
        .invalidShape, operation: "input", "\(input) is not the shape of one sample")
    }
    setEngineThreads(threads)
    inputShape = input
    self.threads = max(threads, 1)
    values = []
    let layout = try TensorLayout.channelsLast(input)
    let place = addStorage(layout)
    try forward.append(
      Self.reorder(from: .callerInput, .plain(input), to: place, layout))
    values = [Value(shape: input, place: place, isTrained: false)]
  }

  /// The shape of a tensor of the program.
  public func shape(of value: TensorValue) -> TensorShape { values[value.index].shape }

  /// Declares parameters: a range of the flat array of all of them.
  ///
  /// Several operations may use the same; their gradients are summed.
  public mutating func parameter(_ range: Range<Int>) -> TrainedNumbers {
    let kept = addKept(range.count * MemoryLayout<Float>.size)
    loads.append(KeptRange(kept: kept, range: range))
    parameters.append((range, kept))
    return TrainedNumbers(index: parameters.count - 1)
  }

  /// Ends the program with its result, and adds the backward pass.
  ///
  /// - Throws: `unsupported` where no parameter has a part in the result.
  public mutating func output(_ value: TensorValue) throws(TensorError) {
    let result = values[value.index]
    guard result.isTrained else {
      throw TensorError(
        .unsupported, operation: "output", "the result does not depend on any parameter")
    }
    let place = try place(of: value)
    let layout = try TensorLayout.channelsLast(result.shape)
    let plain = try TensorLayout.plain(result.shape)
    try forward.append(Self.reorder(from: place, layout, to: .callerOutput, plain))
    let gradient = addStorage(layout)
    try backward.append(Self.reorder(from: .callerInput, plain, to: gradient, layout))
    try addGradient(gradient, isOwned: true, to: value)
    for addGradientSteps in tape.reversed() { try addGradientSteps(&self) }
    tape = []
    outputShape = result.shape
  }

  /// The bytes that the program needs.
  public var memory: ProgramMemory {
    ProgramMemory(
      weightBytes: keptBytes.reduce(0) { $0 + ArenaPlan.aligned($1) },
      activationBytes: arenaPlan.byteCount, scratchBytes: scratchBytes)
  }

  /// What each step of the passes is and which implementation runs it, in order.
  public var summary: (forward: [String], backward: [String]) {
    func names(_ steps: [Step]) -> [String] {
      steps.map { step in
        switch step {
        case .operation(let descriptor, _): "\(descriptor.operation) \(descriptor.implementation)"
        case .kernel(let kernel, _): kernel.name
        case .clear: "clear"
        }
      }
    }
    return (names(forward), names(backward))
  }

  /// Where tensors lie: each lives from its first to its last use in the two passes together.
  var arenaPlan: ArenaPlan {
    var lifetimes = [ClosedRange<Int>?](repeating: nil, count: storageBytes.count)
    for (index, step) in (forward + backward).enumerated() {
      for operand in step.operands {
        guard case .storage(let storage) = operand.place else { continue }
        lifetimes[storage] = (lifetimes[storage]?.lowerBound ?? index)...index
      }
    }
    return ArenaPlan(sizes: storageBytes, lifetimes: lifetimes)
  }

  var scratchBytes: Int {
    (arranging + forward + backward).reduce(0) { largest, step in
      switch step {
      case .operation(let descriptor, _): max(largest, descriptor.scratchBytes)
      case .kernel(let kernel, _): max(largest, kernel.scratchBytes(threads: threads))
      case .clear: largest
      }
    }
  }

  // MARK: - Parts that operations are made of

  mutating func addStorage(_ layout: TensorLayout) -> Place {
    storageBytes.append(layout.byteCount)
    return .storage(storageBytes.count - 1)
  }

  mutating func addKept(_ byteCount: Int) -> Int {
    keptBytes.append(byteCount)
    return keptBytes.count - 1
  }

  mutating func addConstant(_ values: [Float]) -> Place {
    let kept = addKept(values.count * MemoryLayout<Float>.size)
    constants.append((kept, values))
    return .kept(kept)
  }

  mutating func addValue(_ shape: TensorShape, _ place: Place, isTrained: Bool) -> TensorValue {
    values.append(Value(shape: shape, place: place, isTrained: isTrained))
    return TensorValue(index: values.count - 1)
  }

  /// A place for the gradient of parameters, which is added to the gradients of all.
  mutating func addGradientPlace(of numbers: TrainedNumbers) -> Place {
    let parameter = parameters[numbers.index]
    let kept = addKept(parameter.range.count * MemoryLayout<Float>.size)
    gradients.append(KeptRange(kept: kept, range: parameter.range))
    return .kept(kept)
  }

  func place(of numbers: TrainedNumbers) -> Place { .kept(parameters[numbers.index].kept) }

  func count(of numbers: TrainedNumbers) -> Int { parameters[numbers.index].range.count }

  static func reorder(
    from source: Place, _ sourceLayout: TensorLayout, to target: Place,
    _ targetLayout: TensorLayout
  ) throws(TensorError) -> Step {
    .operation(
      try PrimitiveDescriptor.reorder(from: sourceLayout, to: targetLayout),
      [
        Operand(argument: DNNL_ARG_SRC_0, place: source, layout: sourceLayout),
        Operand(argument: DNNL_ARG_DST_0, place: target, layout: targetLayout),
      ])
  }

  static func sum(
    _ left: Place, _ right: Place, to target: Place, _ layout: TensorLayout,
    _ operation: BinaryOperation = .add
  ) throws(TensorError) -> Step {
    .operation(
      try PrimitiveDescriptor.joining(operation, layout, layout),
      [
        Operand(argument: DNNL_ARG_SRC_0, place: left, layout: layout),
        Operand(argument: DNNL_ARG_SRC_1, place: right, layout: layout),
        Operand(argument: DNNL_ARG_DST_0, place: target, layout: layout),
      ])
  }

  // MARK: - Differentiation

  /// Remembers what adds the steps of an operation's gradient.
  mutating func differentiate(
    _ addSteps: @escaping (inout TrainingProgramBuilder) throws(TensorError) -> Void
  ) {
    tape.append(addSteps)
  }

  /// The gradient of a tensor, complete when its own operation's gradient steps are added; nil
  /// where nothing that matters reads the tensor.
  func gradient(of value: TensorValue) -> Gradient? { values[value.index].gradient }

  /// Adds what one reader of a tensor gives to the tensor's gradient; owned where nothing else reads
  /// its place later.
  mutating func addGradient(
    _ place: Place, isOwned: Bool, to value: TensorValue
  ) throws(TensorError) {
    let target = values[value.index]
    guard target.isTrained else { return }
    let layout = try TensorLayout.channelsLast(target.shape)
    guard target.parts.isEmpty else {
      try addGradient(place, layout, toParts: target.parts)
      return
    }
    guard let old = target.gradient else {
      values[value.index].gradient = Gradient(place: place, isOwned: isOwned)
      return
    }
    let sum = isOwned ? place : old.isOwned ? old.place : addStorage(layout)
    try backward.append(Self.sum(place, old.place, to: sum, layout))
    values[value.index].gradient = Gradient(place: sum, isOwned: true)
  }
}
