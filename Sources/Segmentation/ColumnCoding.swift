import Voxels

/// Writes whole numbers as little-endian 64-bit words, column by column, after an 8-byte mark.
struct ColumnWriter {
  private(set) var bytes: [UInt8]

  init(mark: StaticString) {
    bytes = Array(mark.description.utf8)
    precondition(bytes.count == 8, "a mark has eight bytes")
  }

  mutating func write(_ word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  mutating func write(_ box: VoxelBox) {
    for length in [
      box.origin.z, box.origin.y, box.origin.x, box.extent.z, box.extent.y, box.extent.x,
    ] {
      write(UInt64(bitPattern: Int64(length)))
    }
  }

  mutating func write<Row>(column: (Row) -> UInt64, of rows: [Row]) {
    var place = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: 8 * rows.count))
    var target = bytes.mutableSpan
    for row in rows {
      var word = column(row)
      for _ in 0..<8 {
        target[place] = UInt8(truncatingIfNeeded: word)
        word &>>= 8
        place &+= 1
      }
    }
  }
}

/// Reads what a ``ColumnWriter`` wrote, with nothing taken on trust.
struct ColumnReader {
  private let bytes: [UInt8]
  private var offset = 8

  init(_ bytes: [UInt8], mark: StaticString) throws(MalformedGraphError) {
    guard bytes.starts(with: Array(mark.description.utf8)) else {
      throw MalformedGraphError(
        "the data starts with another mark", found: "\(bytes.prefix(8))",
        expected: mark.description)
    }
    self.bytes = bytes
  }

  mutating func word() throws(MalformedGraphError) -> UInt64 {
    guard bytes.count - offset >= 8 else {
      throw MalformedGraphError("the data is cut off", found: "\(bytes.count) bytes")
    }
    var word: UInt64 = 0
    for index in 0..<8 { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    offset += 8
    return word
  }

  mutating func box() throws(MalformedGraphError) -> VoxelBox {
    var lengths: [Int] = []
    for _ in 0..<6 { lengths.append(Int(Int64(bitPattern: try word()))) }
    let extent = VoxelExtent(z: lengths[3], y: lengths[4], x: lengths[5])
    let isReachable = zip(lengths, lengths.dropFirst(3)).allSatisfy { origin, length in
      length > 0 && !origin.addingReportingOverflow(length).overflow
    }
    guard isReachable, extent.checkedVoxelCount != nil else {
      throw MalformedGraphError("the box is impossible", found: "\(lengths)")
    }
    return VoxelBox(
      origin: VoxelPosition(z: lengths[0], y: lengths[1], x: lengths[2]), extent: extent)
  }

  /// Checks that tables of so many rows are all that is left, before anything is allocated.
  func expectEnd(after tables: [(rows: UInt64, columns: UInt64)]) throws(MalformedGraphError) {
    var words: UInt64 = 0
    var isTooLarge = false
    for table in tables {
      let (product, productOverflows) = table.rows.multipliedReportingOverflow(by: table.columns)
      let (sum, sumOverflows) = words.addingReportingOverflow(product)
      words = sum
      isTooLarge = isTooLarge || productOverflows || sumOverflows
    }
    let left = UInt64(bytes.count - offset)
    guard !isTooLarge, left % 8 == 0, words == left / 8 else {
      throw MalformedGraphError(
        "the data is not as long as its counts say", found: "\(left) bytes after the counts",
        expected: isTooLarge ? "more than memory holds" : "\(words) words of 8 bytes")
    }
  }

  mutating func column(rows: UInt64) throws(MalformedGraphError) -> [UInt64] {
    let (end, isTooLarge) = rows.multipliedReportingOverflow(by: 8)
    guard !isTooLarge, end <= UInt64(bytes.count - offset) else {
      throw MalformedGraphError("the data is cut off", found: "\(bytes.count) bytes")
    }
    var column = [UInt64](repeating: 0, count: Int(rows))
    let (bytes, start) = (bytes, offset)
    offset += Int(end)
    let source = bytes.span.extracting(start..<start + Int(end))
    var target = column.mutableSpan
    for row in target.indices {
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(source[8 &* row &+ byte]) &<< UInt64(8 &* byte) }
      target[row] = word
    }
    return column
  }
}
