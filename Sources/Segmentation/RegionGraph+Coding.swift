import Voxels

extension RegionGraph {
  private static var mark: StaticString { "fasc-rg1" }

  /// The graph as bytes, the same for the same graph everywhere.
  public var encoded: [UInt8] {
    var writer = ColumnWriter(mark: Self.mark)
    writer.write(box)
    writer.write(UInt64(fragments.count))
    writer.write(UInt64(contacts.count))
    writer.write(column: \.id, of: fragments)
    writer.write(column: \.voxelCount, of: fragments)
    writer.write(column: { UInt64($0.openFaces.rawValue) }, of: fragments)
    writer.write(column: \.first, of: contacts)
    writer.write(column: \.second, of: contacts)
    writer.write(column: \.affinity.count, of: contacts)
    writer.write(column: \.affinity.sum, of: contacts)
    writer.write(column: \.strongest, of: contacts)
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
    try reader.expectEnd(after: [(fragmentCount, 3), (contactCount, 5)])
    let ids = try reader.column(rows: fragmentCount)
    let voxelCounts = try reader.column(rows: fragmentCount)
    let faces = try reader.column(rows: fragmentCount)
    var fragments: [Fragment] = []
    fragments.reserveCapacity(ids.count)
    for index in ids.indices {
      guard ids[index] > fragments.last?.id ?? 0 else {
        throw MalformedGraphError("fragments are not in order", found: "\(ids[index])")
      }
      guard faces[index] <= UInt64(OpenFaces.all.rawValue),
        voxelCounts[index] <= UInt64(box.extent.voxelCount)
      else { throw MalformedGraphError("fragment \(ids[index]) does not fit its block") }
      fragments.append(
        Fragment(
          id: ids[index], voxelCount: voxelCounts[index],
          openFaces: OpenFaces(rawValue: UInt8(faces[index]))))
    }
    self.fragments = fragments
    let firsts = try reader.column(rows: contactCount)
    let seconds = try reader.column(rows: contactCount)
    let counts = try reader.column(rows: contactCount)
    let sums = try reader.column(rows: contactCount)
    let strongest = try reader.column(rows: contactCount)
    var known = IndexTable(capacity: ids.count)
    for id in ids { _ = known.number(of: id) }
    var linksLeft = UInt64(box.extent.voxelCount).multipliedReportingOverflow(by: 3).partialValue
    var contacts: [Contact] = []
    contacts.reserveCapacity(firsts.count)
    for index in firsts.indices {
      let (first, second) = (firsts[index], seconds[index])
      let last = contacts.last.map { ($0.first, $0.second) } ?? (0, 0)
      guard first < second, (first, second) > last, known.value(of: first) != nil,
        known.value(of: second) != nil
      else {
        throw MalformedGraphError(
          "a contact is out of order or of an unknown fragment", found: "\(first), \(second)")
      }
      guard let affinity = MeanAffinity(count: counts[index], sum: sums[index]),
        strongest[index] <= fixedPointOne, affinity.count <= linksLeft
      else {
        throw MalformedGraphError(
          "the contact of \(first) and \(second) has impossible affinities",
          found: "\(counts[index]) links that sum up to \(sums[index])")
      }
      linksLeft -= affinity.count
      contacts.append(
        Contact(first: first, second: second, affinity: affinity, strongest: strongest[index]))
    }
    self.contacts = contacts
  }
}
