import CIgraph
import Synchronization

// All unsafe code of graph measures: calls of igraph, whose error stack and random numbers belong
// to the process. Handles exist only while the lock is held, and live until their deinit; arrays
// are copied in and out.

/// Calls of igraph, one at a time.
enum Igraph {
  private static let lock = Mutex(())

  /// Runs a body that may call igraph, with errors returned rather than ending the process.
  private static func exclusively<Value>(
    _ body: () throws(GraphError) -> sending Value
  ) throws(GraphError) -> sending Value {
    let result: Result<Value, GraphError> = lock.withLock { _ in
      igraph_set_error_handler(igraph_error_handler_ignore)
      igraph_set_warning_handler(igraph_warning_handler_ignore)
      do throws(GraphError) {
        return .success(try body())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  fileprivate static func check(_ code: igraph_error_t, _ what: String) throws(GraphError) {
    guard code != IGRAPH_SUCCESS else { return }
    // Sound: the text is a constant of the library.
    throw GraphError(
      .library, "\(what) failed in the graph library",
      found: String(cString: igraph_strerror(code)))
  }

  /// The largest k for which each node belongs to the k-core; both directions count.
  ///
  /// The corresponding C function is `igraph_coreness`.
  static func coreness(of graph: Graph) throws(GraphError) -> [Int] {
    try exclusively { () throws(GraphError) in
      let handle = try GraphHandle(graph)
      var cores = try IntegerVector()
      try check(igraph_coreness(&handle.graph.value, &cores.vector, IGRAPH_ALL), "coreness")
      return cores.values
    }
  }

  /// How often each of the 16 directed graphs of three nodes occurs, in the order of
  /// ``TriadCensus/names``.
  ///
  /// The corresponding C function is `igraph_triad_census`.
  static func triadCensus(of graph: Graph) throws(GraphError) -> [Double] {
    try exclusively { () throws(GraphError) in
      let handle = try GraphHandle(graph)
      var counts = try RealVector()
      try check(igraph_triad_census(&handle.graph.value, &counts.vector), "triad census")
      return counts.values
    }
  }

  /// One partition of an undirected graph by the Leiden method with modularity as its aim.
  ///
  /// The corresponding C function is `igraph_community_leiden`.
  ///
  /// - Parameters:
  ///   - graph: An undirected graph with connections.
  ///   - resolution: γ of modularity; communities are the smaller the larger it is.
  ///   - seed: What the random numbers begin with.
  /// - Returns: Each node's community, in any numbers.
  /// - Throws: ``GraphError`` with `library`.
  static func leiden(
    of graph: Graph, resolution: Double, seed: UInt64
  ) throws(GraphError) -> [Int] {
    precondition(!graph.isDirected, "the Leiden method takes connections without direction")
    let strengths = graph.strengths
    let total = strengths.reduce(0, +)
    return try exclusively { () throws(GraphError) in
      let handle = try GraphHandle(graph)
      var weights = try RealVector(graph.edges.map(\.weight))
      var nodeWeights = try RealVector(strengths)
      var membership = try IntegerVector()
      var count: igraph_integer_t = 0
      var quality: igraph_real_t = 0
      try check(igraph_rng_seed(igraph_rng_default(), seed), "seeding")
      try check(
        igraph_community_leiden(
          &handle.graph.value, &weights.vector, &nodeWeights.vector, resolution / total, 0.01,
          false, -1, &membership.vector, &count, &quality), "the Leiden method")
      return membership.values
    }
  }
}

/// An igraph graph, destroyed with its handle.
private struct GraphHandle: ~Copyable {
  /// igraph takes even graphs it does not change by a pointer that may change them.
  final class Box {
    var value = igraph_t()
    var isMade = false
  }
  let graph = Box()

  init(_ source: Graph) throws(GraphError) {
    let ends = try IntegerVector(source.edges.flatMap { [$0.source, $0.target] })
    // Sound: the vector outlives the call, which copies it.
    var vector = ends.vector
    try Igraph.check(
      igraph_create(
        &graph.value, &vector, igraph_integer_t(source.nodeCount), source.isDirected),
      "making the graph")
    graph.isMade = true
  }

  deinit {
    if graph.isMade { igraph_destroy(&graph.value) }
  }
}

/// A vector of whole numbers that igraph owns.
private struct IntegerVector: ~Copyable {
  var vector = igraph_vector_int_t()

  init(_ values: [Int] = []) throws(GraphError) {
    // Sound: the library copies the array within the call.
    try Igraph.check(
      values.map { igraph_integer_t($0) }.withUnsafeBufferPointer {
        $0.isEmpty
          ? igraph_vector_int_init(&vector, 0)
          : igraph_vector_int_init_array(&vector, $0.baseAddress, igraph_integer_t($0.count))
      }, "making a vector")
  }

  deinit {
    var vector = vector
    igraph_vector_int_destroy(&vector)
  }

  /// A copy of the numbers.
  var values: [Int] {
    // Sound: the vector holds its stated number of elements from its begin.
    UnsafeBufferPointer(start: vector.stor_begin, count: vector.end - vector.stor_begin)
      .map { Int($0) }
  }
}

/// A vector of real numbers that igraph owns.
private struct RealVector: ~Copyable {
  var vector = igraph_vector_t()

  init(_ values: [Double] = []) throws(GraphError) {
    // Sound: the library copies the array within the call.
    try Igraph.check(
      values.withUnsafeBufferPointer {
        $0.isEmpty
          ? igraph_vector_init(&vector, 0)
          : igraph_vector_init_array(&vector, $0.baseAddress, igraph_integer_t($0.count))
      }, "making a vector")
  }

  deinit {
    var vector = vector
    igraph_vector_destroy(&vector)
  }

  /// A copy of the numbers.
  var values: [Double] {
    // Sound: the vector holds its stated number of elements from its begin.
    Array(UnsafeBufferPointer(start: vector.stor_begin, count: vector.end - vector.stor_begin))
  }
}
