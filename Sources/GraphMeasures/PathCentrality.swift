/// How many shortest paths of ordered pairs of other nodes run through each node.
///
/// A pair joined by several shortest paths counts for the share of them that a node lies on.
///
/// - Complexity: O(*n* (*m* + *n*) log *n*) time, O(*n*) memory for each of 64 blocks.
///
/// Source: Brandes 2001, "A faster algorithm for betweenness centrality",
/// doi:10.1080/0022250X.2001.9990249.
func pathCentrality(along lengths: LengthGraph, threads: Int) -> [Double] {
  let count = lengths.nodeCount
  let incoming = lengths.incoming
  return concurrentSums(nodeCount: count, threads: threads) { sources, sums in
    var search = PathSearch(nodeCount: count)
    var paths = [Double](repeating: 0, count: count)
    var dependencies = [Double](repeating: 0, count: count)
    for source in sources {
      search.run(
        from: source, along: lengths.outgoing, haveUnitLength: lengths.haveUnitLength)
      paths[source] = 1
      for node in search.order.dropFirst() {
        let distance = search.distances[node]
        var total = 0.0
        for place in incoming.range(of: node) {
          let before = Int(incoming.neighbours[place])
          if search.distances[before] + incoming.weights[place] == distance {
            total += paths[before]
          }
        }
        paths[node] = total
        dependencies[node] = 0
      }
      for node in search.order.dropFirst().reversed() {
        let distance = search.distances[node]
        let share = 1 + dependencies[node]
        for place in incoming.range(of: node) {
          let before = Int(incoming.neighbours[place])
          if search.distances[before] + incoming.weights[place] == distance {
            dependencies[before] += share * paths[before] / paths[node]
          }
        }
        sums[node] += dependencies[node]
      }
      dependencies[source] = 0
    }
  }
}
