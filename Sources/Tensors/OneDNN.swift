import COneDNN

// oneDNN's objects. The unsafe code of this module is in the files OneDNN*.swift; each use states
// why it is sound.
//
// Handles: each is stored by the call that creates it, is destroyed once, in the deinit of its
// owner, and is used only in calls during which the owner lives.

/// Turns a status of oneDNN into an error.
func check(_ status: dnnl_status_t, _ operation: String) throws(TensorError) {
  switch status {
  case dnnl_success: return
  case dnnl_out_of_memory:
    throw TensorError(.outOfMemory, operation: operation, "there is not enough memory")
  case dnnl_unimplemented:
    throw TensorError(
      .unsupported, operation: operation, "oneDNN has no implementation for these parameters")
  case dnnl_invalid_arguments:
    throw TensorError(
      .invalidShape, operation: operation, "oneDNN finds the parameters inconsistent")
  default:
    throw TensorError(
      .engineFailure, operation: operation, "oneDNN failed with status \(status.rawValue)")
  }
}

/// The processor as oneDNN sees it.
///
/// The corresponding C type is `dnnl_engine_t`.
struct Engine: Sendable {
  // Sound: an engine is immutable after its creation and never destroyed; oneDNN documents it as
  // safe to share between threads.
  nonisolated(unsafe) let handle: dnnl_engine_t?

  private init() {
    var handle: dnnl_engine_t?
    // Sound: oneDNN stores the handle in a local variable, where it succeeds.
    let status = unsafe dnnl_engine_create(&handle, dnnl_cpu, 0)
    self.handle = status == dnnl_success ? handle : nil
  }

  private static let shared = Engine()

  /// Whether the processor multiplies brain floats, and oneDNN lets it.
  static var hasBFloat16: Bool {
    let needed = dnnl_cpu_isa_avx512_core_bf16.rawValue
    return dnnl_get_effective_cpu_isa().rawValue & needed == needed
  }

  /// The one engine of the process.
  static func cpu() throws(TensorError) -> dnnl_engine_t {
    guard let handle = shared.handle else {
      throw TensorError(.engineFailure, operation: "engine", "oneDNN finds no usable processor")
    }
    return handle
  }
}

/// Sets how many threads oneDNN uses for what the calling thread creates and runs next.
func setEngineThreads(_ threads: Int) {
  omp_set_num_threads(Int32(clamping: max(threads, 1)))
}

/// How a number is stored.
enum NumberFormat: Hashable, Sendable {
  case float32
  /// The upper half of a float32: its range, with 8 significant bits.
  case bfloat16

  var dataType: dnnl_data_type_t {
    switch self {
    case .float32: dnnl_f32
    case .bfloat16: dnnl_bf16
    }
  }
}

/// How the values of a tensor lie in memory.
///
/// The corresponding C type is `dnnl_memory_desc_t`.
struct TensorLayout: Sendable {
  var descriptor: dnnl_memory_desc_t

  init(_ descriptor: dnnl_memory_desc_t) {
    self.descriptor = descriptor
  }

  /// A dense layout with axes in the order given, slowest first; nil for the axes' own order.
  init(
    lengths: [Int], axisOrder: [Int]? = nil, format: NumberFormat = .float32
  ) throws(TensorError) {
    var strides = [Int](repeating: 1, count: lengths.count)
    var step = 1
    for axis in (axisOrder ?? Array(lengths.indices)).reversed() {
      strides[axis] = step
      step *= lengths[axis]
    }
    try self.init(lengths: lengths, strides: strides, format: format)
  }

  /// A layout with the strides given, counted in values.
  init(
    lengths: [Int], strides: [Int], format: NumberFormat = .float32
  ) throws(TensorError) {
    precondition(lengths.count == strides.count, "each axis has one stride")
    descriptor = dnnl_memory_desc_t()
    // Sound: oneDNN reads as many numbers of both arrays as it is told, which both have, and
    // refuses more axes than a descriptor has room for.
    try check(
      unsafe dnnl_memory_desc_init_by_strides(
        &descriptor, Int32(lengths.count), lengths.map(Int64.init), format.dataType,
        strides.map(Int64.init)),
      "layout")
  }

  /// A layout that oneDNN chooses to suit an operation.
  static func any(
    _ lengths: [Int], _ format: NumberFormat = .float32
  ) throws(TensorError) -> TensorLayout {
    var descriptor = dnnl_memory_desc_t()
    // Sound: oneDNN reads as many numbers of the array as it is told, which it has.
    try check(
      unsafe dnnl_memory_desc_init_by_tag(
        &descriptor, Int32(lengths.count), lengths.map(Int64.init), format.dataType,
        dnnl_format_tag_any),
      "layout")
    return TensorLayout(descriptor)
  }

  /// The layout (n, c, z, y, x).
  static func plain(_ shape: TensorShape) throws(TensorError) -> TensorLayout {
    try TensorLayout(lengths: shape.lengths)
  }

  /// The layout (n, z, y, x, c), which oneDNN's convolutions prefer.
  static func channelsLast(
    _ shape: TensorShape, _ format: NumberFormat = .float32
  ) throws(TensorError) -> TensorLayout {
    try TensorLayout(lengths: shape.lengths, axisOrder: [0, 2, 3, 4, 1], format: format)
  }

  /// How the numbers are stored.
  var format: NumberFormat { descriptor.data_type == dnnl_bf16 ? .bfloat16 : .float32 }

  /// The same places, holding numbers stored in another way.
  func holding(_ format: NumberFormat) -> TensorLayout {
    var copy = descriptor
    copy.data_type = format.dataType
    return TensorLayout(copy)
  }

  /// The part of a tensor in this layout that starts at an offset.
  func part(lengths: [Int], offsets: [Int]) throws(TensorError) -> TensorLayout {
    let axisCount = Int(descriptor.ndims)
    precondition(
      lengths.count == axisCount && offsets.count == axisCount, "a part has the whole's axes")
    var part = dnnl_memory_desc_t()
    var parent = descriptor
    // Sound: oneDNN reads a number per axis of the parent from both arrays, which have as many, and
    // refuses a part that does not lie inside the parent.
    try check(
      unsafe dnnl_memory_desc_init_submemory(
        &part, &parent, lengths.map(Int64.init), offsets.map(Int64.init)),
      "part of a tensor")
    return TensorLayout(part)
  }

  /// The bytes a tensor in this layout takes.
  var byteCount: Int {
    var copy = descriptor
    // Sound: oneDNN only reads the descriptor, a local variable.
    return unsafe dnnl_memory_desc_get_size(&copy)
  }

  static func == (left: TensorLayout, right: TensorLayout) -> Bool {
    var (left, right) = (left.descriptor, right.descriptor)
    // Sound: oneDNN only reads the descriptors, which are local variables.
    return unsafe dnnl_memory_desc_equal(&left, &right) != 0
  }
}

/// An operation with its parameters and the layouts it wants, before any code is generated for it.
///
/// The corresponding C type is `dnnl_primitive_desc_t`.
final class PrimitiveDescriptor: Sendable {
  // Sound: oneDNN never changes a descriptor after its creation; it is destroyed once, in deinit.
  nonisolated(unsafe) let handle: dnnl_primitive_desc_t
  let operation: String

  /// Takes over a handle that a C call stored, which fails together with the call.
  init(
    _ operation: String, _ create: (inout dnnl_primitive_desc_t?) -> dnnl_status_t
  ) throws(TensorError) {
    var handle: dnnl_primitive_desc_t?
    try check(create(&handle), operation)
    guard let handle else {
      throw TensorError(.engineFailure, operation: operation, "oneDNN gave no operation")
    }
    self.handle = handle
    self.operation = operation
  }

  /// The layout that the operation uses for one of its tensors.
  func layout(_ query: dnnl_query_t, _ index: Int32 = 0) throws(TensorError) -> TensorLayout {
    // Sound: what is pointed to belongs to this descriptor, which lives until the copy is made.
    guard let pointer = unsafe dnnl_primitive_desc_query_md(handle, query, index) else {
      throw TensorError(.engineFailure, operation: operation, "oneDNN names no layout")
    }
    return TensorLayout(unsafe pointer.pointee)
  }

  /// The bytes of working memory that the operation needs while it runs.
  var scratchBytes: Int {
    (try? layout(dnnl_query_scratchpad_md).byteCount) ?? 0
  }

  /// The name of oneDNN's implementation, such as `brgconv:avx512_core`.
  var implementation: String {
    var name: UnsafePointer<CChar>?
    // Sound: the query stores a `const char *`, the type of `name`; the terminated text lives as
    // long as this descriptor, and is copied here.
    let status = unsafe withUnsafeMutablePointer(to: &name) {
      unsafe dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, $0)
    }
    guard status == dnnl_success, let name = unsafe name else { return "unknown" }
    return unsafe String(cString: name)
  }

  /// Whether oneDNN has nothing better than its reference code, which is many times slower.
  var isReference: Bool { implementation.hasPrefix("ref") }

  // Sound: nothing else destroys the handle, and primitives keep what they need of it.
  deinit { unsafe dnnl_primitive_desc_destroy(handle) }
}

/// An operation ready to run.
///
/// The corresponding C type is `dnnl_primitive_t`.
final class Primitive {
  let handle: dnnl_primitive_t

  init(_ descriptor: PrimitiveDescriptor) throws(TensorError) {
    var handle: dnnl_primitive_t?
    // Sound: oneDNN stores the handle in a local variable, where it succeeds; the caller's
    // descriptor lives through the call.
    try check(unsafe dnnl_primitive_create(&handle, descriptor.handle), descriptor.operation)
    guard let handle else {
      throw TensorError(.engineFailure, operation: descriptor.operation, "oneDNN gave no code")
    }
    self.handle = handle
  }

  // Sound: nothing else destroys the handle.
  deinit { unsafe dnnl_primitive_destroy(handle) }
}

/// What is fused into an operation.
///
/// The corresponding C type is `dnnl_primitive_attr_t`.
final class OperationAttributes {
  let handle: dnnl_primitive_attr_t

  /// Describes an operation that adds its result to what the output holds, if `accumulates`, and
  /// applies an activation last.
  init(accumulates: Bool = false, activation: Activation? = nil) throws(TensorError) {
    var attributes: dnnl_primitive_attr_t?
    // Sound: here and to the end of this initialiser, oneDNN stores each handle in a local variable,
    // where it succeeds; the attributes copy the fused operations, which are destroyed once.
    try check(unsafe dnnl_primitive_attr_create(&attributes), "attributes")
    guard let attributes else {
      throw TensorError(.engineFailure, operation: "attributes", "oneDNN gave none")
    }
    handle = attributes
    try check(
      unsafe dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user),
      "attributes")
    guard accumulates || activation != nil else { return }
    var operations: dnnl_post_ops_t?
    try check(unsafe dnnl_post_ops_create(&operations), "attributes")
    guard let operations else {
      throw TensorError(.engineFailure, operation: "attributes", "oneDNN gave none")
    }
    defer { unsafe dnnl_post_ops_destroy(operations) }
    if accumulates { try check(unsafe dnnl_post_ops_append_sum(operations, 1), "fused sum") }
    if let activation {
      let (kind, alpha, beta) = activation.algorithm
      try check(
        unsafe dnnl_post_ops_append_eltwise(operations, 1, kind, alpha, beta), "fused activation")
    }
    try check(unsafe dnnl_primitive_attr_set_post_ops(handle, operations), "attributes")
  }

  // Sound: nothing else destroys the handle, and descriptors made with it copied it.
  deinit { unsafe dnnl_primitive_attr_destroy(handle) }
}

extension Activation {
  /// oneDNN's name and parameters of the function.
  var algorithm: (dnnl_alg_kind_t, alpha: Float, beta: Float) {
    switch self {
    case .relu(let slope): (dnnl_eltwise_relu, slope, 0)
    case .elu(let alpha): (dnnl_eltwise_elu, alpha, 0)
    case .sigmoid: (dnnl_eltwise_logistic, 0, 0)
    case .tanh: (dnnl_eltwise_tanh, 0, 0)
    case .gelu: (dnnl_eltwise_gelu_erf, 0, 0)
    case .clip(let lower, let upper): (dnnl_eltwise_clip, lower, upper)
    case .geluTanh: (dnnl_eltwise_gelu_tanh, 0, 0)
    case .swish: (dnnl_eltwise_swish, 1, 0)
    case .hardSwish: (dnnl_eltwise_hardswish, 0, 0)
    case .softplus: (dnnl_eltwise_soft_relu, 0, 0)
    case .mish: (dnnl_eltwise_mish, 0, 0)
    case .linear(let scale, let shift): (dnnl_eltwise_linear, scale, shift)
    case .power(let exponent): (dnnl_eltwise_pow, 1, exponent)
    case .squareRoot: (dnnl_eltwise_sqrt, 0, 0)
    case .exponential: (dnnl_eltwise_exp, 0, 0)
    case .logarithm: (dnnl_eltwise_log, 0, 0)
    case .absolute: (dnnl_eltwise_abs, 0, 0)
    }
  }
}
