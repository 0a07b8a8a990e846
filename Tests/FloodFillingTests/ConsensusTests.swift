import FloodFilling
import TestSupport
import Testing

private func consensus(
  _ first: [UInt64], _ second: [UInt64], minimum: Int
) -> (labels: [UInt64], pieces: SplitConsensus.Pieces) {
  var counts = SplitConsensus()
  // In two parts, as blocks are.
  let middle = first.count / 3
  counts.add(first.span.extracting(0..<middle), second.span.extracting(0..<middle))
  var rest = SplitConsensus()
  rest.add(
    first.span.extracting(middle..<first.count), second.span.extracting(middle..<first.count))
  counts.merge(rest)
  let pieces = counts.pieces(minimum: minimum)
  var labels = first
  var span = labels.mutableSpan
  pieces.apply(second.span, to: &span)
  return (labels, pieces)
}

@Suite struct ConsensusTests {
  @Test func `the largest piece keeps its number, others get new ones, small ones none`() {
    //                     a merger of the first     background of one   alike
    let first: [UInt64] = [3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 5, 5, 5, 5, 7, 7]
    let second: [UInt64] = [1, 1, 1, 2, 2, 2, 2, 9, 2, 2, 0, 0, 0, 0, 8, 8]
    let (labels, pieces) = consensus(first, second, minimum: 2)
    #expect(labels == [8, 8, 8, 3, 3, 3, 3, 0, 0, 0, 5, 5, 5, 5, 7, 7])
    #expect(pieces.kept == 4 && pieces.dropped == 1 && pieces.droppedVoxels == 1)
    #expect(pieces.number(of: .init(first: 3, second: 1)) == 8)
    #expect(pieces.number(of: .init(first: 3, second: 9)) == 0)
  }

  @Test(arguments: 0..<20)
  func `pieces are the intersections of both that are large enough`(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    func labels() -> [UInt64] {
      var list: [UInt64] = []
      while list.count < 600 {
        let id = UInt64.random(in: 0...6, using: &generator)
        list += Array(repeating: id, count: .random(in: 1...25, using: &generator))
      }
      return Array(list.prefix(600))
    }
    let (first, second) = (labels(), labels())
    let minimum = Int.random(in: 1...40, using: &generator)
    let (found, pieces) = consensus(first, second, minimum: minimum)
    var sizes: [[UInt64]: Int] = [:]
    for (a, b) in zip(first, second) where a != 0 { sizes[[a, b], default: 0] += 1 }
    var numbers: [[UInt64]: Set<UInt64>] = [:]
    for (index, number) in found.enumerated() {
      let pair = [first[index], second[index]]
      #expect((number == 0) == (pair[0] == 0 || sizes[pair, default: 0] < minimum))
      numbers[pair, default: []].insert(number)
    }
    // One number for a pair, one pair for a number.
    let used = numbers.values.filter { $0 != [0] }
    #expect(used.allSatisfy { $0.count == 1 })
    #expect(Set(used).count == used.count && used.count == pieces.kept)
    for id in Set(first) where id != 0 {
      let best = sizes.filter { $0.key[0] == id }.map(\.value).max() ?? 0
      guard best >= minimum else { continue }
      let holder = sizes.first { $0.key[0] == id && numbers[$0.key] == [id] }
      #expect(holder?.value == best)
    }
  }
}
