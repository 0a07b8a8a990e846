import Synchronization

/// Memory for values that is used again, patch after patch and block after block.
///
/// Large arrays that come and go are given back to the system and cleared by it page by page when
/// they come again, which costs as much as a tenth of a prediction.
package final class ValueBuffers: Sendable {
  private let free = Mutex<[[Float]]>([])
  private let limit: Int

  /// Creates an empty store.
  ///
  /// - Parameter limit: How many arrays are kept while nobody uses them.
  package init(limit: Int) {
    self.limit = limit
  }

  /// An array of a number of values, whatever they are.
  func take(_ count: Int) -> [Float] {
    let found = free.withLock { free -> [Float]? in
      let fitting = free.indices.filter { free[$0].capacity >= count }
      guard let best = fitting.min(by: { free[$0].capacity < free[$1].capacity }) else {
        return nil
      }
      return free.remove(at: best)
    }
    guard var values = found else { return Array(repeating: 0, count: count) }
    if values.count > count {
      values.removeLast(values.count - count)
    } else {
      values.append(contentsOf: repeatElement(0, count: count - values.count))
    }
    return values
  }

  /// An array of zeros.
  func zeros(_ count: Int) -> [Float] {
    var values = take(count)
    var span = values.mutableSpan
    for index in span.indices { span[index] = 0 }
    return values
  }

  /// Takes back an array that nobody uses any more; the smallest are let go.
  func giveBack(_ values: consuming [Float]) {
    let values = values
    free.withLock { free in
      free.append(values)
      guard free.count > limit,
        let least = free.indices.min(by: { free[$0].capacity < free[$1].capacity })
      else { return }
      free.remove(at: least)
    }
  }
}
