import COneDNN
import Glibc
import Voxels

// Where tensors are. Each use of unsafe code states why it is sound.

/// A tensor that an operation reads or writes.
///
/// The corresponding C type is `dnnl_memory_t`.
///
/// It does not own its values: whoever runs the operation sets where they are.
final class MemoryHandle {
  let handle: dnnl_memory_t

  init(_ layout: TensorLayout) throws(TensorError) {
    var handle: dnnl_memory_t?
    var descriptor = layout.descriptor
    let engine = try Engine.cpu()
    // Sound: oneDNN stores the handle in a local variable, where it succeeds, copies the layout and
    // is told that there is no buffer yet.
    try check(
      unsafe dnnl_memory_create(&handle, &descriptor, engine, cdnnl_no_buffer()), "memory")
    guard let handle else {
      throw TensorError(.engineFailure, operation: "memory", "oneDNN gave no memory")
    }
    self.handle = handle
  }

  /// Sets the values to be those at an offset of an arena, which must live while they are used.
  func point(
    to arena: borrowing TensorArena, at offset: Int, byteCount: Int
  ) throws(TensorError) {
    // Sound: the bytes lie in the arena (checked in `address`), aligned for `Float`; whoever made
    // the layout made it for no more than these bytes. A program owns its arenas as it owns this.
    try check(
      unsafe dnnl_memory_set_data_handle(handle, arena.address(offset, byteCount: byteCount)),
      "memory")
  }

  /// Sets the values to be those of the caller's input.
  func point(toInputOf tensors: borrowing CallerTensors) throws(TensorError) {
    // Sound: operations take this as a source only, so nothing is written through the address; it
    // is set anew before each run, and used only while the caller's memory is lent.
    try check(
      unsafe dnnl_memory_set_data_handle(
        handle, UnsafeMutableRawPointer(mutating: tensors.input)), "memory")
  }

  /// Sets the values to be those of the caller's output.
  func point(toOutputOf tensors: borrowing CallerTensors) throws(TensorError) {
    // Sound: set anew before each run, and used only while the caller's memory is lent.
    try check(unsafe dnnl_memory_set_data_handle(handle, tensors.output), "memory")
  }

  // Sound: nothing else destroys the handle; it does not own the values.
  deinit { unsafe dnnl_memory_destroy(handle) }
}

/// The memory of whoever runs a program, lent for the time of the run.
struct CallerTensors: ~Copyable {
  let input: UnsafeRawPointer
  /// Nil where an operation may only read.
  fileprivate let output: UnsafeMutableRawPointer?

  private init(input: UnsafeRawPointer, output: UnsafeMutableRawPointer?) {
    unsafe self.input = unsafe input
    unsafe self.output = unsafe output
  }

  /// Lends the memory of two spans, which are not empty, to the operations that the body runs.
  static func lend(
    _ input: Span<Float>, _ output: inout MutableSpan<Float>,
    _ body: (borrowing CallerTensors) throws(TensorError) -> Void
  ) throws(TensorError) {
    // Sound: the addresses leave these closures only within a value that cannot be copied and that
    // the body merely borrows. Nothing is written through the input's address. A span held for
    // writing overlaps no other.
    try unsafe input.withUnsafeBytes { (source) throws(TensorError) in
      try unsafe output.withUnsafeMutableBytes { (target) throws(TensorError) in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        try body(unsafe CallerTensors(input: from, output: to))
      }
    }
  }
}

extension CallerTensors {
  /// Lends the memory of a span, which is not empty, to the operations that the body runs.
  static func lend(
    _ input: Span<Float>, _ body: (borrowing CallerTensors) throws(TensorError) -> Void
  ) throws(TensorError) {
    // Sound: as above; nothing is written.
    try unsafe input.withUnsafeBytes { (source) throws(TensorError) in
      guard let from = source.baseAddress else { return }
      try body(unsafe CallerTensors(input: from, output: nil))
    }
  }
}

/// The order in which operations run.
///
/// The corresponding C type is `dnnl_stream_t`.
struct ExecutionStream: ~Copyable {
  let handle: dnnl_stream_t

  init() throws(TensorError) {
    var handle: dnnl_stream_t?
    let engine = try Engine.cpu()
    // Sound: oneDNN stores the handle in a local variable, where it succeeds.
    try check(unsafe dnnl_stream_create(&handle, engine, 0x1), "stream")
    guard let handle else {
      throw TensorError(.engineFailure, operation: "stream", "oneDNN gave no stream")
    }
    self.handle = handle
  }

  /// Runs an operation and waits for it; each argument points to memory that lives until then.
  func run(
    _ primitive: Primitive, _ arguments: [(Int32, MemoryHandle)], operation: String
  ) throws(TensorError) {
    let list = arguments.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1.handle) }
    // Sound: oneDNN reads as many arguments of the list as it is told, which it has; operation and
    // arguments live until the wait has ended, after which oneDNN uses none of them.
    try withExtendedLifetime((primitive, arguments)) { () throws(TensorError) in
      try check(
        unsafe dnnl_primitive_execute(primitive.handle, handle, Int32(list.count), list), operation)
      try check(unsafe dnnl_stream_wait(handle), operation)
    }
  }

  // Sound: nothing else destroys the handle, and no operation runs: each was waited for.
  deinit { unsafe dnnl_stream_destroy(handle) }
}

/// One aligned allocation that holds tensors side by side.
struct TensorArena: ~Copyable {
  private let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// oneDNN's code is fastest on addresses that are multiples of a cache line.
  static let alignment = 64
  /// The length of the processor's next larger pages.
  private static let largePage = 2 << 20

  init(byteCount: Int) throws(TensorError) {
    self.byteCount = max(byteCount, Self.alignment)
    var address: UnsafeMutableRawPointer?
    // Sound: the address is stored in a local variable, where the call succeeds, and freed once, in
    // deinit; every user stays within `byteCount`, which `address` checks.
    let isLarge = self.byteCount >= 2 * Self.largePage
    guard
      unsafe posix_memalign(&address, isLarge ? Self.largePage : 4096, self.byteCount) == 0,
      let address
    else {
      throw TensorError(
        .outOfMemory, operation: "memory", "\(self.byteCount) bytes are not to be had")
    }
    // Large pages are cleared and found faster. Sound: the range is the allocation's; the advice
    // changes no value, and where the system does not take it nothing is lost.
    if isLarge { unsafe _ = madvise(address, self.byteCount, MADV_HUGEPAGE) }
    unsafe base = address
  }

  /// The address of a tensor.
  func address(_ offset: Int, byteCount: Int) -> UnsafeMutableRawPointer {
    precondition(
      offset >= 0 && byteCount >= 0 && offset + byteCount <= self.byteCount,
      "the tensor lies outside its arena")
    // Sound: the sum lies within the allocation, or right behind it, for no bytes.
    return unsafe base + offset
  }

  /// Copies values to an offset counted in bytes.
  func store(_ values: [Float], at offset: Int) {
    let byteCount = values.count * MemoryLayout<Float>.size
    // Sound: the range was checked by `address`, and an array never overlaps the arena.
    let address = unsafe address(offset, byteCount: byteCount)
    unsafe values.withUnsafeBytes { source in
      guard let from = source.baseAddress else { return }
      unsafe address.copyMemory(from: from, byteCount: byteCount)
    }
  }

  /// Copies values to an offset counted in bytes.
  func store(_ values: Span<Float>, at offset: Int) {
    let byteCount = values.count * MemoryLayout<Float>.size
    // Sound: the range was checked by `address`; whoever lends the values lends other memory than
    // the arena, of which no span is ever made.
    let address = unsafe address(offset, byteCount: byteCount)
    unsafe values.withUnsafeBytes { source in
      guard let from = source.baseAddress else { return }
      unsafe address.copyMemory(from: from, byteCount: byteCount)
    }
  }

  /// Adds the values at an offset counted in bytes to a range of sums.
  func add(from offset: Int, to sums: inout MutableSpan<Float>, in range: Range<Int>) {
    // Sound: `address` checked the range, which operations filled with floats; the sums are other
    // memory than the arena.
    let address = unsafe address(offset, byteCount: range.count * MemoryLayout<Float>.size)
    let values = unsafe UnsafeBufferPointer(
      start: address.assumingMemoryBound(to: Float.self), count: range.count)
    for (place, value) in zip(range, unsafe values) { sums[place] += value }
  }

  /// Sets bytes to zero.
  func clear(at offset: Int, byteCount: Int) {
    // Sound: `address` checked the range, and bytes need no deinitialisation.
    unsafe _ = address(offset, byteCount: byteCount)
      .initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  /// Fills a tensor row by row from another, several rows at a time.
  ///
  /// Source and target are ranges of bytes apart from each other; the target has rows of one length.
  func fillRows(
    from source: Range<Int>, into target: Range<Int>, rows: Int, threads: Int,
    _ fill: @Sendable (_ row: Int, Span<Float>, inout MutableSpan<Float>) -> Void
  ) {
    let size = MemoryLayout<Float>.size
    precondition(!source.overlaps(target), "a tensor is not filled from itself")
    precondition(
      rows > 0 && target.count % (rows * size) == 0 && source.count % size == 0,
      "the rows are not of one length")
    let length = target.count / rows
    // Sound: `address` checked both ranges, which do not overlap and are aligned for `Float`; each
    // row is written by one call, and nothing else uses the arena before all have returned.
    nonisolated(unsafe) let from = unsafe address(source.lowerBound, byteCount: source.count)
    nonisolated(unsafe) let to = unsafe address(target.lowerBound, byteCount: target.count)
    concurrentForEach(0..<rows, threads: threads) { row in
      let values = unsafe Span<Float>(
        _unsafeElements: UnsafeBufferPointer(
          start: from.assumingMemoryBound(to: Float.self), count: source.count / size))
      var line = unsafe MutableSpan<Float>(
        _unsafeElements: UnsafeMutableBufferPointer(
          start: (to + row * length).assumingMemoryBound(to: Float.self), count: length / size))
      fill(row, values, &line)
    }
  }

  // Sound: init allocated it with posix_memalign, whose memory goes back by free, once, here.
  deinit { unsafe free(base) }
}
