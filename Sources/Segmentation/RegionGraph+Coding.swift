import Voxels

extension RegionGraph {
  private static var mark: StaticString { "fasc-rg2" }

  /// The graph as bytes, the same for the same graph everywhere.
  public var encoded: [UInt8] {
    var writer = ColumnWriter(mark: Self.mark)
    writer.write(box)
    writer.write(UInt64(fragments.count))
    writer.write(UInt64(contacts.count))
    // Contacts have no histograms, or histograms of so many bins in all.
    writer.write(hasHistograms ? UInt64(histogramWords.count) : .max)
    writer.write(column: \.id, of: fragments)
    writer.write(column: \.voxelCount, of: fragments)
    writer.write(column: { UInt64($0.openFaces.rawValue) }, of: fragments)
    writer.write(column: \.first, of: contacts)
    writer.write(column: \.second, of: contacts)
    writer.write(column: \.affinity.count, of: contacts)
    writer.write(column: \.affinity.sum, of: contacts)
    writer.write(column: \.weakest, of: contacts)
    writer.write(column: \.strongest, of: contacts)
    writer.write(column: \.point.word, of: contacts)
    if hasHistograms {
      writer.write(
        column: { UInt64(histogramStarts[$0 + 1] - histogramStarts[$0]) },
        of: Array(contacts.indices))
      writer.write(column: { $0 }, of: histogramWords)
    }
    return writer.bytes
  }

  /// Decodes a graph and checks that it can be one.
  ///
  /// - Throws: ``MalformedGraphError`` where the data is cut off, too long or contradicts itself.
  public init(decoding bytes: [UInt8]) throws(MalformedGraphError) {
    var reader = try ColumnReader(bytes, mark: Self.mark)
    box = try reader.box()
    let fragmentCount = try reader.word()
    let contactCount = try reader.word()
    let stated = try reader.word()
    let wordCount = stated == .max ? 0 : stated
    try reader.expectEnd(
      after: [
        (fragmentCount, 3), (contactCount, stated == .max ? 7 : 8), (wordCount, 1),
      ])
    fragments = try Self.fragments(&reader, rows: fragmentCount, box: box)
    contacts = try Self.contacts(&reader, rows: contactCount, fragments: fragments, box: box)
    guard stated != .max else {
      (histogramWords, histogramStarts) = ([], [])
      return
    }
    var starts = [0]
    starts.reserveCapacity(contacts.count + 1)
    for length in try reader.column(rows: contactCount) {
      guard length > 0, length <= wordCount - UInt64(starts[starts.count - 1]) else {
        throw MalformedGraphError(
          "a histogram is longer than all of them", found: "\(length) of \(wordCount) bins")
      }
      starts.append(starts[starts.count - 1] + Int(length))
    }
    guard starts[starts.count - 1] == Int(wordCount) else {
      throw MalformedGraphError(
        "histograms have more bins than their contacts say", found: "\(wordCount)",
        expected: "\(starts[starts.count - 1])")
    }
    histogramWords = try reader.column(rows: wordCount)
    histogramStarts = starts
    for (index, contact) in contacts.enumerated() {
      let words = histogramWords[starts[index]..<starts[index + 1]]
      let isOrdered = zip(words, words.dropFirst()).allSatisfy {
        LinkHistogram.bin(of: $0) < LinkHistogram.bin(of: $1)
      }
      let counts = words.map { LinkHistogram.count(of: $0) }
      let ends = [words.first, words.last].map { $0.map { LinkHistogram.bin(of: $0) } }
      // Bounded first, so that the sum cannot overflow.
      guard isOrdered, counts.allSatisfy({ $0 > 0 && $0 <= contact.affinity.count }),
        counts.reduce(0, +) == contact.affinity.count,
        ends == [contact.weakest, contact.strongest].map({ LinkHistogram.bin(ofUnits: $0) })
      else {
        throw MalformedGraphError(
          "the histogram of \(contact.first) and \(contact.second) is of other links",
          found: "\(words.count) bins", expected: "\(contact.affinity.count) links in all")
      }
    }
  }

  private static func fragments(
    _ reader: inout ColumnReader, rows: UInt64, box: VoxelBox
  ) throws(MalformedGraphError) -> [Fragment] {
    let ids = try reader.column(rows: rows)
    let voxelCounts = try reader.column(rows: rows)
    let faces = try reader.column(rows: rows)
    var fragments: [Fragment] = []
    fragments.reserveCapacity(ids.count)
    var voxelsLeft = UInt64(box.extent.voxelCount)
    for index in ids.indices {
      guard ids[index] > fragments.last?.id ?? 0 else {
        throw MalformedGraphError("fragments are not in order", found: "\(ids[index])")
      }
      guard faces[index] <= UInt64(OpenFaces.all.rawValue), voxelCounts[index] <= voxelsLeft
      else { throw MalformedGraphError("fragment \(ids[index]) does not fit its block") }
      voxelsLeft -= voxelCounts[index]
      fragments.append(
        Fragment(
          id: ids[index], voxelCount: voxelCounts[index],
          openFaces: OpenFaces(rawValue: UInt8(faces[index]))))
    }
    return fragments
  }

  private static func contacts(
    _ reader: inout ColumnReader, rows: UInt64, fragments: [Fragment], box: VoxelBox
  ) throws(MalformedGraphError) -> [Contact] {
    let firsts = try reader.column(rows: rows)
    let seconds = try reader.column(rows: rows)
    let counts = try reader.column(rows: rows)
    let sums = try reader.column(rows: rows)
    let weakest = try reader.column(rows: rows)
    let strongest = try reader.column(rows: rows)
    let points = try reader.column(rows: rows)
    let known = IdentifierNumbers(of: fragments.map(\.id))
    var linksLeft = UInt64(box.extent.voxelCount).multipliedReportingOverflow(by: 3).partialValue
    var contacts: [Contact] = []
    contacts.reserveCapacity(firsts.count)
    for index in firsts.indices {
      let (first, second) = (firsts[index], seconds[index])
      let last = contacts.last.map { ($0.first, $0.second) } ?? (0, 0)
      guard first < second, (first, second) > last, known.number(of: first) != nil,
        known.number(of: second) != nil
      else {
        throw MalformedGraphError(
          "a contact is out of order or of an unknown fragment", found: "\(first), \(second)")
      }
      let (low, high) = (weakest[index], strongest[index])
      guard let affinity = MeanAffinity(count: counts[index], sum: sums[index]),
        low <= high, high <= fixedPointOne, affinity.count <= linksLeft,
        affinity.sum >= affinity.count * low, affinity.sum <= affinity.count * high,
        let point = ContactPoint(word: points[index])
      else {
        throw MalformedGraphError(
          "the contact of \(first) and \(second) has impossible affinities",
          found: "\(counts[index]) links that sum up to \(sums[index])")
      }
      linksLeft -= affinity.count
      contacts.append(
        Contact(
          first: first, second: second, affinity: affinity, weakest: low, strongest: high,
          point: point))
    }
    return contacts
  }
}
