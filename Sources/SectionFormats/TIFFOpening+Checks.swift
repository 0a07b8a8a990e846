import VolumeStore
import Voxels

extension TIFFOpening {
  /// Checks that the pages are alike and are read.
  ///
  /// - Returns: Their values' type.
  static func check(
    _ pages: [Int], _ survey: TIFFSurvey, stated: StatedLayout, notes: inout [String]
  ) throws(VolumeError) -> DataType {
    var first: (header: TIFFPage, type: DataType)?
    var sound: Set<Int> = []
    for page in pages where !sound.contains(survey.pages[page].kind) {
      let header = survey.header(page)
      let name = survey.name(page)
      let type = try header.dataType(hasColourLabels: stated.hasColourLabels, path: name)
      if let first {
        try header.checkSame(as: first.header, type: type, firstType: first.type, path: name)
      } else {
        first = (header, type)
      }
      sound.insert(survey.pages[page].kind)
    }
    guard let first else { preconditionFailure("a stack has pages") }
    func count(_ isCounted: (TIFFPage) -> Bool) -> Int {
      pages.count { isCounted(survey.header($0)) }
    }
    let inverted = count(\.isInverted)
    if inverted > 0 { notes.append("\(inverted) sections store white as zero: inverted") }
    if count({ $0.bitsPerSample == 1 }) > 0 { notes.append("1-bit pixels are read as 0 and 1") }
    let reduced = survey.pages.count { survey.kinds[$0.kind].isReduced }
    if reduced > 0 { notes.append("\(reduced) pages of reduced resolution are left out") }
    if count(\.isLossy) > 0 {
      notes.append("sections are compressed by JPEG: grey values are not exact")
    }
    if first.header.isColour {
      notes.append("colours are read as labels: 65536 × red + 256 × green + blue")
      if first.header.samplesPerPixel > 3 { notes.append("the opacity of pixels is left out") }
    }
    return first.type
  }

  /// What the pages give together.
  static func metadata(
    order: PageOrder, voxelSize: VoxelSize?, header: TIFFPage, type: DataType, path: String
  ) throws(VolumeError) -> VolumeMetadata {
    let extent = VoxelExtent(z: order.length(.z), y: header.height, x: header.width)
    let times = order.length(.time)
    let samples = header.channels
    guard samples == 1 || order.length(.channel) == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "has channels both in its pages and in its pixels",
        found: "\(order.length(.channel)) pages, \(samples) samples",
        remedy: "save each channel as a page of its own")
    }
    let pageAxes = order.axes.filter { $0 == .z || order.length($0) > 1 }
    let tail: [VolumeAxis] =
      samples == 1
      ? [.y, .x] : header.hasSeparatePlanes ? [.channel, .y, .x] : [.y, .x, .channel]
    let metadata = VolumeMetadata(
      extent: extent, channels: times * order.length(.channel) * samples, timePoints: times,
      axes: VolumeAxes(pageAxes.filter { !tail.contains($0) } + tail) ?? .zyx, dataType: type,
      voxelSize: voxelSize, storageUnit: VoxelExtent(z: 1, y: extent.y, x: extent.x))
    guard metadata.isCountable else {
      throw VolumeError(
        .limitExceeded, path: path, "the stack is too large", found: extent.sizesDescription)
    }
    return metadata
  }

  /// Where a page lies, or a plane that follows it without a header of its own.
  static func plane(_ page: Int, _ survey: TIFFSurvey, plainStart: Int?) -> TIFFStack.Plane {
    let found = survey.pages[page]
    let file = survey.files[found.file]
    return TIFFStack.Plane(
      path: file.path, directoryOffset: found.directoryOffset,
      plain: plainStart.map { offset in
        TIFFStack.PlainPlane(offset: offset, header: found.kind, file: file.identity)
      })
  }

  /// Where the planes lie that follow the only header.
  static func plainOffsets(
    _ survey: TIFFSurvey, order: PageOrder, type: DataType
  ) throws(VolumeError) -> [Int] {
    let file = survey.files[0]
    let header = survey.header(0)
    let pages = order.pages
    guard let start = survey.pages[0].plainStart else {
      throw VolumeError(
        .unsupportedFeature, path: file.path,
        "is a stack whose sections follow the only page without headers, but not plainly",
        found: "\(pages.count) sections in one page",
        remedy: "save it from ImageJ as an image sequence, or as BigTIFF by Bio-Formats")
    }
    guard
      let planeByteCount = checkedProduct([header.height, header.width, type.byteCount]),
      let byteCount = checkedProduct([planeByteCount, pages.count]),
      start <= file.byteCount, byteCount <= file.byteCount - start
    else {
      throw VolumeError(
        .malformedMetadata, path: file.path, "the file ends before its last section",
        found: "\(file.byteCount) bytes",
        expected: "\(pages.count) sections of \(header.height) × \(header.width) from \(start) on",
        remedy: "check that the file was copied whole")
    }
    return pages.map { start + $0 * planeByteCount }
  }

  /// The versions of lower resolution that every page has.
  static func reducedLevels(
    _ pages: [Int], _ survey: TIFFSurvey, metadata: VolumeMetadata, stated: StatedLayout,
    pool: TIFFFilePool, notes: inout [String]
  ) throws(VolumeError) -> [TIFFStack.ReducedLevel] {
    guard let first = pages.first else { return [] }
    let count = survey.pages[first].reducedPages.count
    guard count > 0 else { return [] }
    guard pages.allSatisfy({ survey.pages[$0].reducedPages.count == count }) else {
      notes.append("pages have different numbers of smaller versions: these are left out")
      return []
    }
    let path = survey.files[survey.pages[first].file].path
    var levels: [TIFFStack.ReducedLevel] = []
    for level in 0..<count {
      let offset = survey.pages[first].reducedPages[level]
      let header = try pool.use(path) { handle throws(VolumeError) in
        try handle.move(toDirectoryAt: offset)
        return handle.page
      }
      let type = try? header.dataType(hasColourLabels: stated.hasColourLabels, path: path)
      guard type == metadata.dataType,
        header.samplesPerPixel == survey.header(first).samplesPerPixel
      else {
        notes.append("smaller versions of the pages are of another kind: these are left out")
        return levels
      }
      var reduced = metadata
      reduced.extent.y = header.height
      reduced.extent.x = header.width
      reduced.storageUnit = VoxelExtent(z: 1, y: header.height, x: header.width)
      if let size = metadata.voxelSize {
        let y = size.y * Double(metadata.extent.y) / Double(header.height)
        let x = size.x * Double(metadata.extent.x) / Double(header.width)
        reduced.voxelSize?.y = y
        reduced.voxelSize?.x = x
        // The first voxel's centre lies further in.
        reduced.offset.y += (y - size.y) / 2
        reduced.offset.x += (x - size.x) / 2
      }
      let planes = pages.map { page in
        TIFFStack.Plane(
          path: survey.files[survey.pages[page].file].path,
          directoryOffset: survey.pages[page].reducedPages[level])
      }
      levels.append(TIFFStack.ReducedLevel(planes: planes, metadata: reduced))
    }
    return levels
  }
}
