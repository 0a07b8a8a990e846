// The queue of edges: most leave it as they came, so they are sorted once; those that changed, and
// so rank later than they did, wait in a heap.
extension RegionMerging {
  /// Queues all edges within the limit that may be merged over.
  mutating func sortEdges() {
    var queued: [KeyedNumber] = []
    queued.reserveCapacity(edges.count)
    for (number, edge) in edges.enumerated()
    where isWithinLimit(edge.queuedRank.score) && !edge.isVetoed {
      queued.append(KeyedNumber(key: edge.queuedRank.costOrder, number: UInt32(number)))
    }
    // Edges were in the order of their origins, and those of the same key still are.
    queued.sortByKey()
    var start = 0
    while start < queued.count {
      var end = start + 1
      var isSorted = true
      while end < queued.count && queued[end].key == queued[start].key {
        let (before, after) = (Int(queued[end - 1].number), Int(queued[end].number))
        isSorted =
          isSorted
          && !edges[after].queuedRank.score.isCheaper(than: edges[before].queuedRank.score)
        end += 1
      }
      if !isSorted { queued[start..<end].sort { precedes($0, $1) } }
      start = end
    }
    sortedEdges = queued.map(\.number)
    sortedPlace = 0
  }

  /// Takes the edge of the first rank out of the queue; it may have gone or changed by now.
  mutating func popFirst() -> UInt32? {
    while sortedPlace < sortedEdges.count && !edges[Int(sortedEdges[sortedPlace])].isLive {
      sortedPlace += 1
    }
    guard sortedPlace < sortedEdges.count else { return popChanged() }
    let edge = sortedEdges[sortedPlace]
    let order = edges[Int(edge)].queuedRank.costOrder
    if let changed = changedEdges.first,
      precedes(changed, KeyedNumber(key: order, number: edge))
    {
      return popChanged()
    }
    sortedPlace += 1
    return edge
  }

  /// Queues an edge that has changed.
  mutating func enqueue(_ edge: UInt32) {
    let entry = KeyedNumber(key: edges[Int(edge)].queuedRank.costOrder, number: edge)
    var place = changedEdges.count
    changedEdges.append(entry)
    while place > 0 {
      let parent = (place - 1) / 4
      guard precedes(entry, changedEdges[parent]) else { break }
      changedEdges[place] = changedEdges[parent]
      place = parent
    }
    changedEdges[place] = entry
  }

  private mutating func popChanged() -> UInt32? {
    guard let last = changedEdges.popLast() else { return nil }
    guard let first = changedEdges.first else { return last.number }
    let count = changedEdges.count
    var place = 0
    while 4 * place + 1 < count {
      var child = 4 * place + 1
      let end = min(child + 4, count)
      for other in child + 1..<end where precedes(changedEdges[other], changedEdges[child]) {
        child = other
      }
      guard precedes(changedEdges[child], last) else { break }
      changedEdges[place] = changedEdges[child]
      place = child
    }
    changedEdges[place] = last
    return first.number
  }

  private func precedes(_ left: KeyedNumber, _ right: KeyedNumber) -> Bool {
    left.key != right.key
      ? left.key < right.key
      : edges[Int(left.number)].queuedRank.precedes(edges[Int(right.number)].queuedRank)
  }
}
