extension FragmentLinks {
  private static var mark: StaticString { "fasc-fl1" }

  /// The links as bytes, the same for the same links everywhere.
  public var encoded: [UInt8] {
    var writer = ColumnWriter(mark: Self.mark)
    writer.write(UInt64(fragments.count))
    writer.write(UInt64(near.count))
    writer.write(UInt64(far.count))
    writer.write(column: \.id, of: fragments)
    writer.write(column: \.voxelCount, of: fragments)
    for pairs in [near, far] {
      writer.write(column: \.first, of: pairs)
      writer.write(column: \.second, of: pairs)
      writer.write(column: \.affinity.count, of: pairs)
      writer.write(column: \.affinity.sum, of: pairs)
    }
    return writer.bytes
  }

  /// Decodes links and checks that they can be some.
  ///
  /// - Parameters:
  ///   - bytes: The data.
  ///   - fragmentCount: The number of fragments, which is the largest label.
  /// - Throws: ``MalformedGraphError`` where the data is cut off, too long, of other fragments or
  ///   contradicts itself.
  public init(decoding bytes: [UInt8], fragmentCount: Int) throws(MalformedGraphError) {
    var reader = try ColumnReader(bytes, mark: Self.mark)
    let rows = try reader.word()
    let counts = (near: try reader.word(), far: try reader.word())
    try reader.expectEnd(after: [(rows, 2), (counts.near, 4), (counts.far, 4)])
    let ids = try reader.column(rows: rows)
    let voxelCounts = try reader.column(rows: rows)
    fragments = []
    fragments.reserveCapacity(ids.count)
    for (id, voxelCount) in zip(ids, voxelCounts) {
      guard id > fragments.last?.id ?? 0, id <= UInt64(fragmentCount), voxelCount < 1 << 48 else {
        throw MalformedGraphError(
          "a fragment is out of order, unknown or too large", found: "\(id)")
      }
      fragments.append(Fragment(id: id, voxelCount: voxelCount))
    }
    near = try Self.pairs(counts.near, from: &reader, fragmentCount: fragmentCount)
    far = try Self.pairs(counts.far, from: &reader, fragmentCount: fragmentCount)
  }

  private static func pairs(
    _ count: UInt64, from reader: inout ColumnReader, fragmentCount: Int
  ) throws(MalformedGraphError) -> [Pair] {
    let firsts = try reader.column(rows: count)
    let seconds = try reader.column(rows: count)
    let counts = try reader.column(rows: count)
    let sums = try reader.column(rows: count)
    var pairs: [Pair] = []
    pairs.reserveCapacity(firsts.count)
    for index in firsts.indices {
      let (first, second) = (firsts[index], seconds[index])
      let last = pairs.last.map { ($0.first, $0.second) } ?? (0, 0)
      guard first > 0, first < second, second <= UInt64(fragmentCount), (first, second) > last
      else {
        throw MalformedGraphError(
          "a pair is out of order or of an unknown fragment", found: "\(first), \(second)")
      }
      guard let affinity = MeanAffinity(count: counts[index], sum: sums[index]) else {
        throw MalformedGraphError(
          "the pair of \(first) and \(second) has impossible affinities",
          found: "\(counts[index]) links that sum up to \(sums[index])")
      }
      pairs.append(Pair(first: first, second: second, affinity: affinity))
    }
    return pairs
  }
}
