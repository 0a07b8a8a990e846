import COneDNN
import Voxels

/// A tensor that a program under construction computes.
public struct TensorValue: Hashable, Sendable {
  let index: Int
}

/// The bytes that a program needs to run, known before anything is allocated.
public struct ProgramMemory: Hashable, Sendable {
  /// The weights in the layouts that the convolutions want.
  public var weightBytes: Int
  /// The tensors between operations; those never needed together share their place.
  public var activationBytes: Int
  /// The working memory of the hungriest operation.
  public var scratchBytes: Int

  /// All bytes together.
  public var totalBytes: Int { weightBytes + activationBytes + scratchBytes }
}

/// Puts tensor operations together into a program that runs on one fixed shape.
///
/// Operations are prepared (checked, implementation and layout chosen) as they are added; no
/// tensor is allocated and no code generated before ``TensorProgram/init(_:threads:)``.
/// Layouts stay those that oneDNN's convolutions choose from end to end; only where two operations
/// disagree, and at the program's input and output, values are reordered.
public struct TensorProgramBuilder: Sendable {
  /// Where the values of a tensor are.
  enum Place: Hashable {
    case input
    case output
    case storage(Int)
    case constant(Int)
  }

  struct Value: Sendable {
    var shape: TensorShape
    var layout: TensorLayout
    var place: Place
    /// The tensors that this one is a concatenation of, while it has no place of its own.
    var parts: [TensorValue] = []
  }

  struct Constant: Sendable {
    var values: [Float]
    var source: TensorLayout
    var target: TensorLayout
    /// The kernel that rearranges the values in its own way.
    var kernel: (any ConvolutionKernel)?
  }

  struct Operand: Sendable {
    var argument: Int32
    var place: Place
    var layout: TensorLayout
  }

  enum Step: Sendable {
    case operation(PrimitiveDescriptor, [Operand])
    /// Runs one of the package's own kernels.
    case kernel(KernelOperation, [Operand])
    /// Sets a tensor to zero.
    case clear(Operand)
    /// Samples a tensor, (n, z, y, x, c) in memory as its result, along its axes.
    case sampling(Sampling, source: Operand, target: Operand)

    var operands: [Operand] {
      switch self {
      case .operation(_, let operands), .kernel(_, let operands): operands
      case .clear(let operand): [operand]
      case .sampling(_, let source, let target): [source, target]
      }
    }
  }

  /// The shape of the program's input.
  public let inputShape: TensorShape
  /// How exactly the convolutions are computed: what was asked for, or the next better that this
  /// processor has instructions for.
  public let precision: Precision
  /// How the tensors between operations and the weights of convolutions are stored.
  var numberFormat: NumberFormat { precision == .bfloat16 ? .bfloat16 : .float32 }
  /// What computes the convolutions that are added next.
  package var convolutionEngine = ConvolutionEngine.fastest
  private let threads: Int
  /// The program's input.
  public let input = TensorValue(index: 0)
  /// The multiplications and additions of the convolutions added so far, each counted as one.
  public var floatingPointOperations: Double {
    works.reduce(0) { $0 + $1.floatingPointOperations }
  }
  /// The convolutions added so far.
  private(set) var works: [ConvolutionWork] = []
  var values: [Value]
  var storageBytes: [Int] = []
  var constants: [Constant] = []
  var steps: [Step] = []
  var outputShape: TensorShape?
  /// The shape of the program's result, once it has one.
  public var resultShape: TensorShape? { outputShape }
  /// Places that a concatenation not carried out yet may still read; sums never overwrite them.
  var pinned: Set<Place> = []

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - input: The input's shape, of one sample.
  ///   - threads: How many threads the program will run on; implementations are chosen for it.
  ///   - precision: How exactly the convolutions are computed.
  /// - Throws: `invalidShape` for more than one sample or a shape whose bytes overflow.
  public init(
    input: TensorShape, threads: Int, precision: Precision = .float32
  ) throws(TensorError) {
    guard input.n == 1, input.checkedCount != nil else {
      throw TensorError(
        .invalidShape, operation: "input", "\(input) is not the shape of one sample")
    }
    setEngineThreads(threads)
    inputShape = input
    self.threads = threads
    self.precision = precision.realized(hasBFloat16: Engine.hasBFloat16)
    values = [Value(shape: input, layout: try .plain(input), place: .input)]
  }

  /// The shape of a tensor of the program.
  public func shape(of value: TensorValue) -> TensorShape { values[value.index].shape }

  /// The bytes that the program needs, had it the operations added so far.
  public var memory: ProgramMemory {
    ProgramMemory(
      weightBytes: constants.reduce(0) { $0 + ArenaPlan.aligned($1.target.byteCount) },
      activationBytes: ArenaPlan(of: self).byteCount,
      scratchBytes: scratchBytes(threads: threads))
  }

  /// What each operation is and which implementation runs it, in order.
  public var summary: [String] {
    steps.map { step in
      switch step {
      case .operation(let descriptor, _): "\(descriptor.operation) \(descriptor.implementation)"
      case .kernel(let kernel, _): kernel.name
      case .clear: "clear"
      case .sampling: "sampling"
      }
    }
  }

  func scratchBytes(threads: Int) -> Int {
    steps.reduce(0) { largest, step in
      switch step {
      case .operation(let descriptor, _): max(largest, descriptor.scratchBytes)
      case .kernel(let kernel, _): max(largest, kernel.scratchBytes(threads: threads))
      case .clear, .sampling: largest
      }
    }
  }

  /// Adds the reordering to (n, c, z, y, x) that gives the program's result.
  public mutating func output(_ value: TensorValue) throws(TensorError) {
    let source = try materialized(value)
    let shape = values[source.index].shape
    let plain = try TensorLayout.plain(shape)
    try addReorder(
      from: values[source.index].place, values[source.index].layout, to: .output, plain)
    outputShape = shape
  }

  // MARK: - Parts that operations are made of

  mutating func addStorage(_ layout: TensorLayout) -> Place {
    storageBytes.append(layout.byteCount)
    return .storage(storageBytes.count - 1)
  }

  mutating func addValue(_ shape: TensorShape, _ layout: TensorLayout, _ place: Place)
    -> TensorValue
  {
    values.append(Value(shape: shape, layout: layout, place: place))
    return TensorValue(index: values.count - 1)
  }

  mutating func addConstant(
    _ contents: [Float], _ source: TensorLayout, as target: TensorLayout
  ) -> Place {
    constants.append(Constant(values: contents, source: source, target: target))
    return .constant(constants.count - 1)
  }

  mutating func addReorder(
    from source: Place, _ sourceLayout: TensorLayout, to target: Place,
    _ targetLayout: TensorLayout
  ) throws(TensorError) {
    let descriptor = try PrimitiveDescriptor.reorder(from: sourceLayout, to: targetLayout)
    steps.append(
      .operation(
        descriptor,
        [
          Operand(argument: DNNL_ARG_SRC_0, place: source, layout: sourceLayout),
          Operand(argument: DNNL_ARG_DST_0, place: target, layout: targetLayout),
        ]))
  }

  /// The tensor in the layout wanted, reordered where it lies in another.
  mutating func arranged(_ value: TensorValue, as layout: TensorLayout) throws(TensorError)
    -> TensorValue
  {
    let source = try materialized(value)
    guard values[source.index].layout != layout else { return source }
    return try copied(source, as: layout)
  }

  mutating func copied(_ value: TensorValue, as layout: TensorLayout) throws(TensorError)
    -> TensorValue
  {
    let source = values[value.index]
    let place = addStorage(layout)
    try addReorder(from: source.place, source.layout, to: place, layout)
    return addValue(source.shape, layout, place)
  }

  mutating func count(
    _ kernel: AxisTriple, from channels: Int, to output: TensorShape, _ work: Double
  ) {
    works.append(
      ConvolutionWork(
        step: steps.count, kernel: kernel, inputChannels: channels, output: output,
        floatingPointOperations: work))
  }

  /// Joins tensors along the channels.
  ///
  /// Nothing is copied when only convolutions read the result: a convolution of a concatenation is
  /// the sum of convolutions of its parts.
  public mutating func concatenation(_ parts: [TensorValue]) throws(TensorError) -> TensorValue {
    let flat = parts.flatMap { part in
      values[part.index].parts.isEmpty ? [part] : values[part.index].parts
    }
    guard let first = flat.first else {
      throw TensorError(.invalidShape, operation: "concatenation", "there is nothing to join")
    }
    var shape = self.shape(of: first)
    guard flat.allSatisfy({ self.shape(of: $0).extent == shape.extent }) else {
      throw TensorError(.invalidShape, operation: "concatenation", "the extents differ")
    }
    guard flat.count > 1 else { return first }
    shape.c = flat.reduce(0) { $0 + self.shape(of: $1).c }
    let result = addValue(shape, try .channelsLast(shape, numberFormat), .input)
    values[result.index].parts = flat
    for part in flat { pinned.insert(values[part.index].place) }
    return result
  }

  /// The tensor with a place of its own: a concatenation is carried out, once.
  mutating func materialized(_ value: TensorValue) throws(TensorError) -> TensorValue {
    let target = values[value.index]
    guard !target.parts.isEmpty else { return value }
    let place = addStorage(target.layout)
    var channel = 0
    for part in target.parts {
      let source = values[part.index]
      let slice = try target.layout.part(
        lengths: source.shape.lengths, offsets: [0, channel, 0, 0, 0])
      try addReorder(from: source.place, source.layout, to: place, slice)
      channel += source.shape.c
    }
    values[value.index].place = place
    values[value.index].parts = []
    return value
  }
}

extension TensorLayout {
  static func != (left: TensorLayout, right: TensorLayout) -> Bool { !(left == right) }
}
