import Synchronization

/// Hands out the indices of a range, each once, to any number of threads.
final class NextIndex: Sendable {
  private let next: Atomic<Int>
  private let end: Int

  init(_ range: Range<Int>) {
    next = Atomic(range.lowerBound)
    end = range.upperBound
  }

  func take() -> Int? {
    let index = next.add(1, ordering: .relaxed).oldValue
    return index < end ? index : nil
  }
}
