import Voxels

extension AbsorptionGraph {
  private static var mark: StaticString { "fasc-ab1" }

  /// The graph as bytes, the same for the same graph everywhere.
  public var encoded: [UInt8] {
    var writer = ColumnWriter(mark: Self.mark)
    writer.write(box)
    writer.write(UInt64(regions.count))
    writer.write(UInt64(edges.count))
    writer.write(column: \.id, of: regions)
    writer.write(column: \.growth.voxelCount, of: regions)
    writer.write(column: \.growth.seedCount, of: regions)
    writer.write(column: { UInt64($0.openFaces.rawValue) }, of: regions)
    writer.write(column: \.first, of: edges)
    writer.write(column: \.second, of: edges)
    writer.write(column: { UInt64($0.link.strength) }, of: edges)
    writer.write(column: \.link.position, of: edges)
    return writer.bytes
  }

  /// Decodes a graph and checks that it can be one.
  ///
  /// - Throws: ``MalformedGraphError`` where the data is cut off, too long or contradicts itself.
  public init(decoding bytes: [UInt8]) throws(MalformedGraphError) {
    var reader = try ColumnReader(bytes, mark: Self.mark)
    let box = try reader.box()
    let regionCount = try reader.word()
    let edgeCount = try reader.word()
    try reader.expectEnd(after: [(regionCount, 4), (edgeCount, 4)])
    let ids = try reader.column(rows: regionCount)
    let voxelCounts = try reader.column(rows: regionCount)
    let seedCounts = try reader.column(rows: regionCount)
    let faces = try reader.column(rows: regionCount)
    var known = IndexTable(capacity: ids.count)
    var regions: [Region] = []
    regions.reserveCapacity(ids.count)
    let voxelCount = UInt64(box.extent.voxelCount)
    for index in ids.indices {
      guard ids[index] > regions.last?.id ?? 0 else {
        throw MalformedGraphError("regions are not in order", found: "\(ids[index])")
      }
      guard faces[index] <= UInt64(OpenFaces.all.rawValue), voxelCounts[index] <= voxelCount,
        seedCounts[index] <= voxelCount
      else { throw MalformedGraphError("region \(ids[index]) does not fit its block") }
      _ = known.number(of: ids[index])
      regions.append(
        Region(
          id: ids[index],
          growth: RegionGrowth(voxelCount: voxelCounts[index], seedCount: seedCounts[index]),
          openFaces: OpenFaces(rawValue: UInt8(faces[index]))))
    }
    let firsts = try reader.column(rows: edgeCount)
    let seconds = try reader.column(rows: edgeCount)
    let strengths = try reader.column(rows: edgeCount)
    let positions = try reader.column(rows: edgeCount)
    var edges: [Edge] = []
    edges.reserveCapacity(firsts.count)
    for index in firsts.indices {
      let (first, second) = (firsts[index], seconds[index])
      let last = edges.last.map { ($0.first, $0.second) } ?? (0, 0)
      guard first < second, (first, second) > last, known.value(of: first) != nil,
        known.value(of: second) != nil, strengths[index] <= fixedPointOne
      else {
        throw MalformedGraphError(
          "a link is out of order, impossible, or of an unknown region",
          found: "\(first), \(second)")
      }
      edges.append(
        Edge(
          first: first, second: second,
          link: Link(strength: UInt32(strengths[index]), position: positions[index])))
    }
    self.init(box: box, regions: regions, edges: edges)
  }
}
