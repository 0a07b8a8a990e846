/// The word most like the one given; nil where none is like enough to be meant.
package func nearest(to word: String, among candidates: [String]) -> String? {
  var best: (word: String, distance: Int)?
  for candidate in candidates {
    let distance = editDistance(word, candidate)
    if distance < best?.distance ?? Int.max { best = (candidate, distance) }
  }
  guard let best, best.distance <= max(1, max(word.count, best.word.count) / 3) else {
    return nil
  }
  return best.word
}

/// The fewest insertions, deletions, replacements and swaps of neighbours that turn one word into
/// another.
///
/// - Complexity: O(*nm*) in the words' lengths.
///
/// Source: optimal string alignment; Damerau 1964, Communications of the ACM 7(3), 171–176.
package func editDistance(_ first: String, _ second: String) -> Int {
  let first = Array(first)
  let second = Array(second)
  guard !first.isEmpty else { return second.count }
  guard !second.isEmpty else { return first.count }
  var twoAbove = [Int](repeating: 0, count: second.count + 1)
  var above = Array(0...second.count)
  for i in 1...first.count {
    var row = [i]
    for j in 1...second.count {
      let replaced = above[j - 1] + (first[i - 1] == second[j - 1] ? 0 : 1)
      var distance = min(replaced, above[j] + 1, row[j - 1] + 1)
      if i > 1, j > 1, first[i - 1] == second[j - 2], first[i - 2] == second[j - 1] {
        distance = min(distance, twoAbove[j - 2] + 1)
      }
      row.append(distance)
    }
    (twoAbove, above) = (above, row)
  }
  return above[second.count]
}
