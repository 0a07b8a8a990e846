public import Voxels

/// What a box of blocks decided, which the smaller boxes within it could not.
public struct BoxDecisions: Hashable, Sendable {
  /// Another number for every box of a grid: blocks have their places in raster order, boxes of
  /// several blocks numbers after them.
  public var number: Int
  /// The voxels of the box.
  public var box: VoxelBox
  /// Merges and vetoes, in the order in which they were decided.
  public var decisions: [ContactDecision]
}

extension BoxDecisions {
  private static var mark: StaticString { "fasc-bd1" }

  /// The decisions as bytes.
  public var encoded: [UInt8] {
    var writer = ColumnWriter(mark: Self.mark)
    writer.write(UInt64(number))
    writer.write(box)
    writer.write(UInt64(decisions.count))
    writer.write(column: \.first, of: decisions)
    writer.write(column: \.second, of: decisions)
    writer.write(column: \.affinity.count, of: decisions)
    writer.write(column: \.affinity.sum, of: decisions)
    writer.write(column: \.firstVoxels, of: decisions)
    writer.write(column: \.secondVoxels, of: decisions)
    writer.write(column: \.peak.fragments.first, of: decisions)
    writer.write(column: \.peak.fragments.second, of: decisions)
    writer.write(column: { UInt64($0.peak.strength) }, of: decisions)
    writer.write(column: \.peak.point.word, of: decisions)
    writer.write(column: { UInt64($0.rule.rawValue) }, of: decisions)
    return writer.bytes
  }

  /// Decodes decisions and checks that they can be of a volume.
  ///
  /// - Parameters:
  ///   - bytes: The data.
  ///   - fragmentCount: The number of fragments of the volume.
  /// - Throws: ``MalformedGraphError`` where the data is cut off, too long or contradicts itself.
  public init(decoding bytes: [UInt8], fragmentCount: Int) throws(MalformedGraphError) {
    var reader = try ColumnReader(bytes, mark: Self.mark)
    guard let number = Int(exactly: try reader.word()) else {
      throw MalformedGraphError("the box has an impossible number")
    }
    self.number = number
    box = try reader.box()
    let rows = try reader.word()
    try reader.expectEnd(after: [(rows, 11)])
    var columns: [[UInt64]] = []
    for _ in 0..<11 { columns.append(try reader.column(rows: rows)) }
    decisions = []
    decisions.reserveCapacity(columns[0].count)
    for row in columns[0].indices {
      let pairs = [(columns[0][row], columns[1][row]), (columns[6][row], columns[7][row])]
      guard pairs.allSatisfy({ $0.0 > 0 && $0.0 < $0.1 && $0.1 <= UInt64(fragmentCount) }) else {
        throw MalformedGraphError(
          "a decision is not on two fragments", found: "\(pairs[0].0) and \(pairs[0].1)",
          expected: "ids up to \(fragmentCount), the smaller first")
      }
      guard let affinity = MeanAffinity(count: columns[2][row], sum: columns[3][row]),
        columns[8][row] <= fixedPointOne, let point = ContactPoint(word: columns[9][row]),
        let rule = UInt8(exactly: columns[10][row]).flatMap(ContactDecision.Rule.init(rawValue:))
      else {
        throw MalformedGraphError(
          "the decision on \(pairs[0].0) and \(pairs[0].1) is impossible")
      }
      decisions.append(
        ContactDecision(
          first: pairs[0].0, second: pairs[0].1, affinity: affinity,
          firstVoxels: columns[4][row], secondVoxels: columns[5][row],
          peak: ContactPeak(
            fragments: FragmentPair(first: pairs[1].0, second: pairs[1].1),
            strength: UInt32(columns[8][row]), point: point),
          rule: rule))
    }
  }
}
