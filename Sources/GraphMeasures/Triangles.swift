import Glibc

/// The intensity of the triangles at each node, and how many triangles it could have at most.
///
/// A triangle's intensity is the cube root of the product of its three weights; in a directed graph
/// every way of choosing directions counts.
struct Triangles: Hashable, Sendable {
  /// Σ of intensities, both orders of the two neighbours counted, for each node.
  let intensities: [Double]
  /// k (k − 1), less 2 × the connections that run both ways in a directed graph.
  let possible: [Double]

  /// - Complexity: O(Σ of squared degrees).
  ///
  /// Source: Onnela et al. 2005, doi:10.1103/PhysRevE.71.065103; Fagiolo 2007,
  /// doi:10.1103/PhysRevE.76.026107.
  init(of graph: Graph, threads: Int) {
    let count = graph.nodeCount
    let roots = Self.rootSums(of: graph)
    let blocks = min(64, max(1, (count + 7) / 8))
    let scale = graph.isDirected ? 0.5 : 1
    intensities = concurrentMap(blocks, threads: threads) { block in
      var marks = [Double](repeating: 0, count: count)
      return (count * block / blocks..<count * (block + 1) / blocks).map { node in
        let range = roots.range(of: node)
        for place in range { marks[Int(roots.neighbours[place])] = roots.weights[place] }
        var total = 0.0
        for place in range {
          let other = Int(roots.neighbours[place])
          var sum = 0.0
          for next in roots.range(of: other) {
            sum += roots.weights[next] * marks[Int(roots.neighbours[next])]
          }
          total += sum * roots.weights[place]
        }
        for place in range { marks[Int(roots.neighbours[place])] = 0 }
        return total * scale
      }
    }.flatMap { $0 }
    possible = (0..<count).map { node in
      let out = graph.outgoing.range(of: node)
      guard graph.isDirected else { return Double(out.count) * (Double(out.count) - 1) }
      let degree = Double(out.count + graph.incoming.range(of: node).count)
      let mutual = out.count { place in
        graph.outgoing.weight(from: Int(graph.outgoing.neighbours[place]), to: node) != 0
      }
      return degree * (degree - 1) - 2 * Double(mutual)
    }
  }

  /// The cube roots of the weights, those of both directions added.
  private static func rootSums(of graph: Graph) -> Adjacency {
    let roots = graph.mappingWeights { cbrt($0) }
    return roots.symmetrized.outgoing
  }
}
