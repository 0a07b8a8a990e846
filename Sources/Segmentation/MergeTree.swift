import Labels

/// Every merge of an agglomeration, from which the segments at any threshold can be read.
public struct MergeTree: Hashable, Sendable {
  /// The number of fragments, which is the largest fragment id.
  public let fragmentCount: Int
  /// The cost up to which regions were merged, in [0, 1].
  public let maximumCost: Double
  /// The merges, by cost, then by regions.
  public let merges: [Merge]

  /// Creates a tree from merges in any order.
  ///
  /// - Throws: ``MalformedGraphError`` where a region merges into two, or is not among the
  ///   fragments, or merges at more than the maximum cost.
  public init(
    merges: [Merge], fragmentCount: Int, maximumCost: Double
  ) throws(MalformedGraphError) {
    let limit = MeanAffinity.limit(cost: maximumCost)
    var isTaken = [Bool](repeating: false, count: fragmentCount + 1)
    for merge in merges {
      guard merge.first > 0, merge.first < merge.second, merge.second <= UInt64(fragmentCount)
      else {
        throw MalformedGraphError(
          "a merge is not of two fragments", found: "\(merge.first) and \(merge.second)",
          expected: "ids up to \(fragmentCount), the smaller first")
      }
      guard !isTaken[Int(merge.second)] else {
        throw MalformedGraphError("region \(merge.second) merges twice")
      }
      guard !limit.isCheaper(than: merge.affinity) else {
        throw MalformedGraphError(
          "a merge costs too much", found: "\(merge.cost)", expected: "at most \(maximumCost)")
      }
      isTaken[Int(merge.second)] = true
    }
    self.fragmentCount = fragmentCount
    self.maximumCost = maximumCost
    self.merges = merges.sorted { $0.precedes($1) }
  }

  /// The segment of every fragment when regions merge up to a cost.
  ///
  /// Segments count from 1 in the order of their smallest fragments, which is raster order where
  /// fragment ids are.
  ///
  /// - Parameter threshold: The cost, 1 − mean affinity; at most ``maximumCost``.
  /// - Returns: The segments, indexed by fragment id; background, at 0, stays 0.
  /// - Complexity: O(*n*) in fragments and merges.
  public func segmentTable(threshold: Double) -> [UInt64] {
    precondition(threshold <= maximumCost, "regions were not merged up to this cost")
    let limit = MeanAffinity.limit(cost: threshold)
    var sets = DisjointSet<UInt64>(count: fragmentCount + 1)
    for merge in merges {
      if limit.isCheaper(than: merge.affinity) { break }
      sets.join(merge.first, merge.second)
    }
    return sets.numbered().numbers
  }
}

extension MergeTree {
  private static var mark: StaticString { "fasc-mt1" }

  /// The tree as bytes, the same for the same tree everywhere.
  public var encoded: [UInt8] {
    var writer = ColumnWriter(mark: Self.mark)
    writer.write(UInt64(fragmentCount))
    writer.write(maximumCost.bitPattern)
    writer.write(UInt64(merges.count))
    writer.write(column: \.first, of: merges)
    writer.write(column: \.second, of: merges)
    writer.write(column: \.affinity.count, of: merges)
    writer.write(column: \.affinity.sum, of: merges)
    return writer.bytes
  }

  /// Decodes a tree and checks that it can be one.
  ///
  /// - Parameters:
  ///   - bytes: The data.
  ///   - expectedFragmentCount: The number of fragments of the volume that the tree is for.
  /// - Throws: ``MalformedGraphError`` where the data is cut off, too long, of other fragments or
  ///   contradicts itself.
  public init(
    decoding bytes: [UInt8], expectedFragmentCount: Int
  ) throws(MalformedGraphError) {
    var reader = try ColumnReader(bytes, mark: Self.mark)
    let fragmentCount = try reader.word()
    guard fragmentCount == UInt64(expectedFragmentCount) else {
      throw MalformedGraphError(
        "the tree is of other fragments", found: "\(fragmentCount)",
        expected: "\(expectedFragmentCount)")
    }
    let maximumCost = Double(bitPattern: try reader.word())
    guard (0...1).contains(maximumCost) else {
      throw MalformedGraphError(
        "the maximum cost is impossible", found: "\(maximumCost)", expected: "0 to 1")
    }
    let mergeCount = try reader.word()
    try reader.expectEnd(after: [(mergeCount, 4)])
    let firsts = try reader.column(rows: mergeCount)
    let seconds = try reader.column(rows: mergeCount)
    let counts = try reader.column(rows: mergeCount)
    let sums = try reader.column(rows: mergeCount)
    var merges: [Merge] = []
    merges.reserveCapacity(firsts.count)
    for index in firsts.indices {
      guard let affinity = MeanAffinity(count: counts[index], sum: sums[index]) else {
        throw MalformedGraphError(
          "the merge of \(firsts[index]) and \(seconds[index]) has impossible affinities",
          found: "\(counts[index]) links that sum up to \(sums[index])")
      }
      merges.append(Merge(first: firsts[index], second: seconds[index], affinity: affinity))
    }
    try self.init(
      merges: merges, fragmentCount: expectedFragmentCount, maximumCost: maximumCost)
  }
}
