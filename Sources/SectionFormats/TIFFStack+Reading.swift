import Codecs
public import VolumeStore
public import Voxels

extension TIFFStack {
  /// Reads a region.
  ///
  /// - Returns: (1, z, y, x) values covering exactly `box`.
  /// - Throws: ``VolumeError`` with `outOfBounds`, `dataTypeMismatch`, `corruptChunk` where a strip
  ///   or tile does not decode, naming the file.
  public func read<Scalar: VoxelScalar>(
    _ box: VoxelBox, as type: Scalar.Type
  ) throws(VolumeError) -> Volume<Scalar> {
    try metadata.checkRead(box, as: type, path: path)
    var volume = Volume<Scalar>(box: box)
    var values = volume.mutableSpan
    var bytes = values.mutableBytes
    let planeByteCount = box.extent.y * box.extent.x * metadata.dataType.byteCount
    for z in 0..<box.extent.z {
      let section = sections[box.origin.z + z]
      let start = z * planeByteCount
      try files.use(section.path) { handle throws(VolumeError) in
        try handle.move(toDirectoryAt: section.directoryOffset)
        let region = TIFFRegion(
          page: handle.page, rows: box.origin.y..<box.end.y, columns: box.origin.x..<box.end.x)
        guard region.page.width == metadata.extent.x, region.page.height == metadata.extent.y,
          try region.page.dataType(path: section.path) == metadata.dataType
        else {
          throw VolumeError(
            .corruptChunk, path: section.path, "changed since it was opened",
            remedy: "leave the files unchanged while they are read")
        }
        try region.read(handle, into: &bytes, at: start)
      }
    }
    return volume
  }
}

/// The part of one page that is read.
struct TIFFRegion {
  var page: TIFFPage
  var rows: Range<Int>
  var columns: Range<Int>

  private var valueByteCount: Int { max(1, page.bitsPerSample / 8) }
  private var rowByteCount: Int { columns.count * valueByteCount }

  /// Reads the region's values, row after row, to an offset of a span.
  func read(
    _ handle: borrowing TIFFHandle, into target: inout MutableRawSpan, at start: Int
  ) throws(VolumeError) {
    if page.isStoredPlainly {
      try readPlainStrips(handle, into: &target, at: start)
    } else if page.tileWidth != nil {
      try readTiles(handle, into: &target, at: start)
    } else {
      try readStrips(handle, into: &target, at: start)
    }
    if page.isInverted {
      let range = start..<start + rows.count * rowByteCount
      // Of one bit a pixel, 0 and 1 change places; of more, `maximum - value` is every bit flipped.
      target.flip(page.bitsPerSample == 1 ? 1 : .max, in: range)
    }
  }

  /// The strips or tiles, along one axis, that a range of pixels meets.
  private func units(_ range: Range<Int>, _ length: Int) -> Range<Int> {
    range.lowerBound / length..<(range.upperBound - 1) / length + 1
  }

  /// Reads the rows that are stored uncompressed where they lie, and nothing else.
  private func readPlainStrips(
    _ handle: borrowing TIFFHandle, into target: inout MutableRawSpan, at start: Int
  ) throws(VolumeError) {
    let isWhole = columns.count == page.width
    for strip in units(rows, page.unitHeight) {
      let firstRow = strip * page.unitHeight
      let part = rows.clamped(to: firstRow..<min(firstRow + page.unitHeight, page.height))
      let stripStart = handle.location(of: strip).offset
      // Whole rows lie side by side, in the file as in memory.
      let count = isWhole ? part.count * rowByteCount : rowByteCount
      for row in isWhole ? part.lowerBound..<part.lowerBound + 1 : part {
        let skipped = (row - firstRow) * page.unitRowByteCount + columns.lowerBound * valueByteCount
        let to = start + (row - rows.lowerBound) * rowByteCount
        guard let offset = Int(exactly: stripStart), offset > 0, offset < 1 << 62,
          try readAll(
            from: handle.descriptor, at: offset + skipped, into: &target, to..<to + count,
            path: handle.path) == count
        else {
          throw VolumeError(
            .corruptChunk, path: handle.path, "the file ends within strip \(strip)",
            remedy: "copy the file again, or replace the section by a sound one")
        }
      }
    }
    guard page.isByteSwapped else { return }
    target.swapBytes(
      start..<start + rows.count * rowByteCount, valueByteCount: valueByteCount)
  }

  private func readStrips(
    _ handle: borrowing TIFFHandle, into target: inout MutableRawSpan, at start: Int
  ) throws(VolumeError) {
    for strip in units(rows, page.unitHeight) {
      let firstRow = strip * page.unitHeight
      let part = rows.clamped(to: firstRow..<min(firstRow + page.unitHeight, page.height))
      // Rows past the last one needed are not decoded.
      let count = (part.upperBound - firstRow) * page.unitRowByteCount
      let to = start + (part.lowerBound - rows.lowerBound) * rowByteCount
      if columns.count == page.width && part.lowerBound == firstRow && page.bitsPerSample >= 8 {
        try handle.decode(strip, isTile: false, into: &target, to..<to + count)
      } else {
        var scratch = ScratchBytes(count: count)
        var bytes = scratch.mutableBytes
        try handle.decode(strip, isTile: false, into: &bytes, 0..<count)
        copyRows(
          part, columns, from: scratch.bytes, firstRow: firstRow, firstColumn: 0, into: &target,
          at: start)
      }
    }
  }

  private func readTiles(
    _ handle: borrowing TIFFHandle, into target: inout MutableRawSpan, at start: Int
  ) throws(VolumeError) {
    let tilesAcross = (page.width + page.unitWidth - 1) / page.unitWidth
    let count = page.unitRowByteCount * page.unitHeight
    var scratch = ScratchBytes(count: count)
    for tileRow in units(rows, page.unitHeight) {
      let firstRow = tileRow * page.unitHeight
      for tileColumn in units(columns, page.unitWidth) {
        let firstColumn = tileColumn * page.unitWidth
        var bytes = scratch.mutableBytes
        try handle.decode(
          tileRow * tilesAcross + tileColumn, isTile: true, into: &bytes, 0..<count)
        copyRows(
          rows.clamped(to: firstRow..<firstRow + page.unitHeight),
          columns.clamped(to: firstColumn..<firstColumn + page.unitWidth),
          from: scratch.bytes, firstRow: firstRow, firstColumn: firstColumn, into: &target,
          at: start)
      }
    }
  }

  /// Copies a part of a decoded strip or tile to its place.
  private func copyRows(
    _ partRows: Range<Int>, _ partColumns: Range<Int>, from unit: RawSpan, firstRow: Int,
    firstColumn: Int, into target: inout MutableRawSpan, at start: Int
  ) {
    for row in partRows {
      let unitRow = (row - firstRow) * page.unitRowByteCount
      let to =
        start + (row - rows.lowerBound) * rowByteCount
        + (partColumns.lowerBound - columns.lowerBound) * valueByteCount
      if page.bitsPerSample == 1 {
        let bits = partColumns.lowerBound - firstColumn..<partColumns.upperBound - firstColumn
        target.expand(bits, of: unit.extracting(unitRow..<unitRow + page.unitRowByteCount), to: to)
      } else {
        let from = unitRow + (partColumns.lowerBound - firstColumn) * valueByteCount
        target.copy(
          unit.extracting(from..<from + partColumns.count * valueByteCount), to: to)
      }
    }
  }
}
