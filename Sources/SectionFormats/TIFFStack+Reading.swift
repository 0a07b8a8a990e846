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
    let values: [Scalar] = try uninitializedValues(
      metadata.channels * box.extent.voxelCount
    ) { (bytes) throws(VolumeError) in
      try read(box, into: &bytes)
    }
    return Volume(channels: metadata.channels, box: box, values: values)
  }

  /// Fills a span with a region's values.
  private func read(_ box: VoxelBox, into bytes: inout MutableRawSpan) throws(VolumeError) {
    let valueByteCount = metadata.dataType.byteCount
    let planeByteCount = box.extent.y * box.extent.x * valueByteCount
    let planesPerPage = samples.channels
    for pageChannel in 0..<metadata.channels / planesPerPage {
      for z in 0..<box.extent.z {
        let plane = planes[pageChannel * metadata.extent.z + box.origin.z + z]
        let start = (pageChannel * planesPerPage * box.extent.z + z) * planeByteCount
        if let plain = plane.plain {
          let region = TIFFRegion(
            page: headers[plain.header], rows: box.origin.y..<box.end.y,
            columns: box.origin.x..<box.end.x)
          let file = try plain.open(plane.path)
          try region.readPlain(file, from: plain.offset, into: &bytes, at: start)
        } else {
          try files.use(plane.path) { handle throws(VolumeError) in
            // Sections of one channel lie between a page's channels.
            try region(of: box, in: plane, handle).read(
              handle, samples, into: &bytes, at: start,
              channelByteCount: planeByteCount * box.extent.z)
          }
        }
      }
    }
  }

  /// The part of a plane's page that a box covers.
  private func region(
    of box: VoxelBox, in plane: Plane, _ handle: borrowing TIFFHandle
  ) throws(VolumeError) -> TIFFRegion {
    try handle.move(toDirectoryAt: plane.directoryOffset)
    let region = TIFFRegion(
      page: handle.page, rows: box.origin.y..<box.end.y, columns: box.origin.x..<box.end.x)
    let page = region.page
    var hasColourLabels = false
    if case .colourLabels = samples { hasColourLabels = true }
    guard page.width == metadata.extent.x, page.height == metadata.extent.y,
      page.channels == samples.channels,
      try page.dataType(hasColourLabels: hasColourLabels, path: plane.path) == metadata.dataType
    else {
      throw VolumeError(
        .corruptChunk, path: plane.path, "differs from the sections before, or has changed",
        remedy: "leave the files unchanged while they are read")
    }
    return region
  }
}

extension TIFFStack.PlainPlane {
  /// Opens the file, which has to be the one that was found.
  func open(_ path: String) throws(VolumeError) -> StoredFile {
    guard let found = try StoredFile(path: path) else {
      throw VolumeError(
        .notFound, path: path, "no such file", remedy: "leave the files where they are")
    }
    guard found.identity == file else {
      throw VolumeError(
        .corruptChunk, path: path, "has changed since the stack was opened",
        remedy: "leave the files unchanged while they are read")
    }
    return found
  }
}

extension TIFFStack.SampleLayout {
  /// The channels that one page holds.
  var channels: Int {
    if case .channels(let count) = self { count } else { 1 }
  }
}

/// The part of one page that is read.
struct TIFFRegion {
  var page: TIFFPage
  var rows: Range<Int>
  var columns: Range<Int>

  /// Which samples are read: all of them, or one of several planes.
  var sample = 0

  private var pixelByteCount: Int { page.valueByteCount * page.unitSamples }
  private var rowByteCount: Int { columns.count * pixelByteCount }

  /// Reads the region's values, row after row, to an offset of a span; of several channels, each
  /// `channelByteCount` after the one before.
  func read(
    _ handle: borrowing TIFFHandle, _ samples: TIFFStack.SampleLayout,
    into target: inout MutableRawSpan, at start: Int, channelByteCount: Int
  ) throws(VolumeError) {
    let pixels = rows.count * columns.count
    switch samples {
    case .single:
      try read(handle, into: &target, at: start)
    case .channels(let count) where page.hasSeparatePlanes:
      for channel in 0..<count {
        try selecting(channel).read(handle, into: &target, at: start + channel * channelByteCount)
      }
    case .channels(let count):
      var scratch = ScratchBytes(count: pixels * pixelByteCount)
      var bytes = scratch.mutableBytes
      try read(handle, into: &bytes, at: 0)
      for channel in 0..<count {
        target.gather(
          scratch.bytes, valueByteCount: page.valueByteCount, from: channel, every: count,
          to: start + channel * channelByteCount, count: pixels)
      }
    case .colourLabels:
      let planes = page.hasSeparatePlanes ? 3 : 1
      var scratch = ScratchBytes(count: pixels * pixelByteCount * planes)
      var bytes = scratch.mutableBytes
      for plane in 0..<planes {
        try selecting(plane).read(handle, into: &bytes, at: plane * pixels)
      }
      target.packColours(
        scratch.bytes, pixelStep: page.unitSamples, sampleStep: planes == 3 ? pixels : 1,
        to: start, count: pixels)
    }
  }

  private func selecting(_ sample: Int) -> TIFFRegion {
    var region = self
    region.sample = sample
    return region
  }

  /// The number of a strip or tile of the sample that is read.
  private func number(_ unit: Int) -> Int { sample * page.unitsPerPlane + unit }

  /// Reads a plane that lies uncompressed from an offset on.
  func readPlain(
    _ file: borrowing StoredFile, from offset: Int, into target: inout MutableRawSpan,
    at start: Int
  ) throws(VolumeError) {
    let isWhole = columns.count == page.width
    let count = isWhole ? rows.count * rowByteCount : rowByteCount
    for row in isWhole ? rows.lowerBound..<rows.lowerBound + 1 : rows {
      let from = offset + (row * page.width + columns.lowerBound) * pixelByteCount
      let to = start + (row - rows.lowerBound) * rowByteCount
      try file.read(at: from, into: &target, to..<to + count)
    }
    finishValues(&target, at: start, isSwapped: page.isByteSwapped)
  }

  /// Brings values that were read to this machine's byte order, and inverts them where white is
  /// zero.
  private func finishValues(_ target: inout MutableRawSpan, at start: Int, isSwapped: Bool) {
    let range = start..<start + rows.count * rowByteCount
    if isSwapped { target.swapBytes(range, valueByteCount: page.valueByteCount) }
    // Of one bit a pixel, 0 and 1 change places; of more, `maximum - value` is every bit flipped.
    if page.isInverted { target.flip(page.bitsPerSample == 1 ? 1 : .max, in: range) }
  }

  /// Reads one sample's, or all samples', values, row after row.
  private func read(
    _ handle: borrowing TIFFHandle, into target: inout MutableRawSpan, at start: Int
  ) throws(VolumeError) {
    if page.isStoredPlainly {
      try readPlainStrips(handle, into: &target, at: start)
    } else if page.tileWidth != nil {
      try readTiles(handle, into: &target, at: start)
    } else {
      try readStrips(handle, into: &target, at: start)
    }
    finishValues(&target, at: start, isSwapped: page.isStoredPlainly && page.isByteSwapped)
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
      let stripStart = handle.location(of: number(strip)).offset
      // Whole rows lie side by side, in the file as in memory.
      let count = isWhole ? part.count * rowByteCount : rowByteCount
      for row in isWhole ? part.lowerBound..<part.lowerBound + 1 : part {
        let skipped = (row - firstRow) * page.unitRowByteCount + columns.lowerBound * pixelByteCount
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
        try handle.decode(number(strip), isTile: false, into: &target, to..<to + count)
      } else {
        var scratch = ScratchBytes(count: count)
        var bytes = scratch.mutableBytes
        try handle.decode(number(strip), isTile: false, into: &bytes, 0..<count)
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
          number(tileRow * tilesAcross + tileColumn), isTile: true, into: &bytes, 0..<count)
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
        + (partColumns.lowerBound - columns.lowerBound) * pixelByteCount
      if page.bitsPerSample == 1 {
        let bits = partColumns.lowerBound - firstColumn..<partColumns.upperBound - firstColumn
        target.expand(bits, of: unit.extracting(unitRow..<unitRow + page.unitRowByteCount), to: to)
      } else {
        let from = unitRow + (partColumns.lowerBound - firstColumn) * pixelByteCount
        target.copy(
          unit.extracting(from..<from + partColumns.count * pixelByteCount), to: to)
      }
    }
  }
}
