import Labels

extension DisjointSet {
  /// Each member's set, counted from 1 in the order of the smallest members; member 0, which
  /// stands for background, keeps 0.
  consuming func numbered() -> (numbers: [Member], count: Int) {
    var numbers = representatives()
    var count: Member = 0
    for member in numbers.indices.dropFirst() {
      if Int(truncatingIfNeeded: numbers[member]) == member {
        count += 1
        numbers[member] = count
      } else {
        // The representative is the smallest member of its set, so it has its number by now.
        numbers[member] = numbers[Int(truncatingIfNeeded: numbers[member])]
      }
    }
    return (numbers, Int(count))
  }
}
