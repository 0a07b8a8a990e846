import VolumeStore
import Voxels

/// What is found of a stack while it is opened.
struct TIFFOpening {
  private(set) var metadata: VolumeMetadata
  private(set) var notes: [String]
  private(set) var isLossy: Bool
  private(set) var planes: [TIFFStack.Plane]
  private(set) var samples: TIFFStack.SampleLayout
  private(set) var headers: [TIFFPage]
  private(set) var reducedLevels: [TIFFStack.ReducedLevel]

  /// Which pages are read, in order of time point, channel, section.
  private struct Selection {
    var pages: [Int]
    var order: PageOrder
    var voxelSize: VoxelSize?
    /// Whether the pages without headers follow the only one that has one.
    var isPlain = false
  }

  init(
    files: [String], place: String, dataset: String?, stated: StatedLayout, notes: [String],
    pool: TIFFFilePool
  ) throws(VolumeError) {
    guard let firstFile = files.first else {
      throw VolumeError(.notFound, path: place, "no files are named")
    }
    var notes = notes
    var survey = TIFFSurvey()
    try survey.visit(firstFile, pool)
    let selection: Selection
    if stated.axes == nil,
      let ome = try Self.omePlanes(
        survey, files: files, dataset: dataset, path: firstFile, notes: &notes)
    {
      selection = try Self.select(ome, &survey, pool, notes: &notes)
    } else {
      guard dataset == nil else {
        throw VolumeError(
          .unsupportedFeature, path: place, "a TIFF stack holds no datasets", found: dataset,
          remedy: "leave out --dataset")
      }
      for file in files.dropFirst() { try survey.visit(file, pool) }
      selection = try Self.select(survey, stated: stated, place: place, notes: &notes)
    }
    guard let firstPage = selection.pages.first else {
      throw VolumeError(
        .notFound, path: place, "holds no full-resolution page",
        remedy: "name a folder of TIFF files or a file with many pages")
    }
    let header = survey.header(firstPage)
    let type = try Self.check(selection.pages, survey, stated: stated, notes: &notes)
    samples =
      header.isColour
      ? .colourLabels : header.samplesPerPixel > 1 ? .channels(header.samplesPerPixel) : .single
    headers = survey.kinds
    isLossy = selection.pages.contains { survey.header($0).isLossy }
    metadata = try Self.metadata(
      order: selection.order, voxelSize: selection.voxelSize, header: header, type: type,
      path: place)
    if selection.isPlain {
      let offsets = try Self.plainOffsets(survey, order: selection.order, type: type)
      planes = offsets.map { Self.plane(0, survey, plainStart: $0) }
      reducedLevels = []
    } else {
      planes = selection.pages.map {
        Self.plane($0, survey, plainStart: survey.pages[$0].plainStart)
      }
      reducedLevels = try Self.reducedLevels(
        selection.pages, survey, metadata: metadata, stated: stated, pool: pool, notes: &notes)
    }
    self.notes = notes
  }

  // MARK: Choosing pages

  /// The planes by the OME-XML; nil where there is none, or where files of a folder do not belong
  /// to one set.
  private static func omePlanes(
    _ survey: TIFFSurvey, files: [String], dataset: String?, path: String, notes: inout [String]
  ) throws(VolumeError) -> OMEPlanes? {
    guard let text = survey.remarks.omeXML else { return nil }
    let description = try OMEDescription(parsing: text, path: path)
    if let master = description.metadataFile {
      throw VolumeError(
        .unsupportedFeature, path: path, "its OME-XML lies in another file", found: master,
        remedy: "open \(master.isEmpty ? "that file" : master) instead")
    }
    guard !description.images.isEmpty else { return nil }
    let image = try choose(description.images, dataset: dataset, path: path, notes: &notes)
    let planes = try OMEPlanes(image, uuid: description.uuid, path: path)
    guard files.count > 1 else { return planes }
    // A folder of files that each describe themselves is a folder of sections.
    let names = Set(planes.fileNames)
    guard names.count > 1 else { return nil }
    guard files.allSatisfy({ names.contains(FileStore.split($0).name) }) else {
      throw VolumeError(
        .malformedMetadata, path: path, "the folder holds files besides its OME-TIFF set",
        found: files.map { FileStore.split($0).name }.first { !names.contains($0) },
        remedy: "name one file of the set instead of the folder")
    }
    return planes
  }

  private static func choose(
    _ images: [OMEDescription.Image], dataset: String?, path: String, notes: inout [String]
  ) throws(VolumeError) -> OMEDescription.Image {
    let names = images.enumerated().map { index, image in
      "\(index)\(image.name.isEmpty ? "" : " (\(image.name))")"
    }.prefix(20).joined(separator: ", ")
    guard let dataset else {
      if images.count > 1 {
        notes.append(
          "\(path): holds \(images.count) images, \(names); the first is read (--dataset)")
      }
      return images[0]
    }
    let chosen =
      images.first { $0.name == dataset } ?? images.first { $0.id == dataset }
      ?? Int(dataset).flatMap { images.indices.contains($0) ? images[$0] : nil }
    guard let chosen else {
      throw VolumeError(
        .notFound, path: path, "holds no such image", found: dataset, expected: names,
        remedy: "choose one of them with --dataset")
    }
    return chosen
  }

  /// The pages of an OME-TIFF set, whose other files are visited.
  private static func select(
    _ planes: OMEPlanes, _ survey: inout TIFFSurvey, _ pool: TIFFFilePool, notes: inout [String]
  ) throws(VolumeError) -> Selection {
    let path = survey.files[0].path
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var missing: [String] = []
    for name in planes.fileNames.dropFirst() where try FileStatus(folder + name) == nil {
      missing.append(name)
    }
    guard missing.isEmpty else {
      throw VolumeError(
        .notFound, path: path, "files of the OME-TIFF set are missing",
        found: "no \(missing.prefix(5).joined(separator: ", "))"
          + (missing.count > 5 ? " and \(missing.count - 5) more" : ""),
        remedy: "put all files of the set into one folder")
    }
    for name in planes.fileNames.dropFirst() { try survey.visit(folder + name, pool) }
    let image = planes.image
    let (channels, sections) = (
      image.planeCount(along: .channel), image.planeCount(along: .z)
    )
    var pages: [Int] = []
    for (index, place) in planes.places.enumerated() {
      let plane =
        "section \(index % sections), channel \(index / sections % channels), "
        + "time point \(index / sections / channels)"
      guard let place else {
        throw VolumeError(
          .malformedMetadata, path: path, "the OME-XML tells no page for a plane", found: plane,
          remedy: "name the order of the pages with --axes")
      }
      let file = survey.files[place.file]
      guard place.page < file.pages.count else {
        throw VolumeError(
          .malformedMetadata, path: file.path, "has fewer pages than the OME-XML says",
          found: "\(file.pages.count) pages", expected: "page \(place.page) for \(plane)",
          remedy: "check that the file was copied whole, or name the order of its pages with --axes"
        )
      }
      pages.append(file.pages.lowerBound + place.page)
    }
    if let first = pages.first {
      let header = survey.header(first)
      guard header.width == image.sizes[.x], header.height == image.sizes[.y],
        header.channels == image.samplesPerPixel || header.isColour
      else {
        throw VolumeError(
          .malformedMetadata, path: path, "the OME-XML states another size than the pages have",
          found: "\(header.height) × \(header.width) pixels, \(header.channels) samples",
          expected: "\(image.sizes[.y] ?? 0) × \(image.sizes[.x] ?? 0), \(image.samplesPerPixel)",
          remedy: "name the order of the pages with --axes")
      }
    }
    // Planes are listed canonically, whatever the order in the file.
    let stored = image.planeAxes.reversed().filter { $0 == .z || image.planeCount(along: $0) > 1 }
    return Selection(
      pages: pages, order: PageOrder(Array(stored), stored.map { image.planeCount(along: $0) }),
      voxelSize: image.voxelSize)
  }

  /// The pages of files that hold one section each, or sections one after another.
  private static func select(
    _ survey: TIFFSurvey, stated: StatedLayout, place: String, notes: inout [String]
  ) throws(VolumeError) -> Selection {
    var pages: [Int] = []
    let sections = survey.files.indices.map { survey.sections(of: $0) }
    if sections.count > 1, sections.contains(where: { $0.count > 1 }) {
      // The last of many files may be shorter.
      guard let odd = sections.dropLast().firstIndex(where: { $0.count == 1 }) else {
        return try joined(survey, sections, stated: stated, place: place, notes: &notes)
      }
      let file = sections.firstIndex { $0.count > 1 } ?? odd
      throw VolumeError(
        .unsupportedFeature, path: survey.files[file].path,
        "has several pages, but is one of several files", expected: "one page in each file",
        remedy: "open the file with many pages by itself")
    }
    for file in sections { pages += file }
    return try ordered(survey, pages, stated: stated, place: place, notes: &notes)
  }

  private static func joined(
    _ survey: TIFFSurvey, _ sections: [[Int]], stated: StatedLayout, place: String,
    notes: inout [String]
  ) throws(VolumeError) -> Selection {
    notes.append(
      "\(place): the \(sections.count) files of many pages follow each other, the first with "
        + "\(sections[0].count) pages")
    if stated.axes == nil, let values = survey.remarks.imageJ {
      let lengths = PageOrder.imageJLengths(values)
      guard lengths[.channel] == 1, lengths[.time] == 1 || lengths[.z] == 1 else {
        throw VolumeError(
          .unsupportedFeature, path: survey.files[0].path,
          "is a hyperstack, and one of several files", expected: "stacks of sections",
          remedy: "state what all pages count with --axes and --shape")
      }
    }
    return try ordered(
      survey, sections.flatMap { $0 }, stated: stated, place: place, isJoined: true, notes: &notes)
  }

  private static func ordered(
    _ survey: TIFFSurvey, _ pages: [Int], stated: StatedLayout, place: String,
    isJoined: Bool = false, notes: inout [String]
  ) throws(VolumeError) -> Selection {
    let remarks = survey.remarks
    var voxelSize = remarks.imageJVoxelSize
    if voxelSize == nil, let text = remarks.omeXML {
      // What its planes are is stated otherwise, or each file tells only of itself.
      let description = try? OMEDescription(parsing: text, path: place)
      voxelSize = description?.images.first?.voxelSize
    }
    guard let first = pages.first else {
      return Selection(pages: [], order: PageOrder(sections: 0), voxelSize: nil)
    }
    var selection = Selection(
      pages: pages, order: PageOrder(sections: pages.count), voxelSize: voxelSize)
    let imageJ = survey.files.count == 1 || isJoined ? remarks.imageJ : nil
    var pageCount = pages.count
    if survey.files.count == 1, pages.count == 1, survey.pages.count == 1 {
      let images =
        imageJ?["images"].flatMap { Int($0) }
        ?? remarks.tifffileArray.flatMap { $0.isTruncated ? planeCount($0.shape, survey) : nil }
      if let images, images > 1 {
        guard images <= TIFFSurvey.maximalPageCount else {
          throw VolumeError(
            .limitExceeded, path: place, "the text about the stack says too many pages",
            found: "\(images)", expected: "at most \(TIFFSurvey.maximalPageCount)",
            remedy: "check that the file was copied whole")
        }
        selection.isPlain = true
        pageCount = images
      }
    }
    if let axes = stated.axes {
      let header = survey.header(first)
      selection.order = try PageOrder(
        axes, shape: stated.shape, height: header.height, width: header.width,
        samples: header.channels, pageCount: pageCount,
        known: imageJ.map { PageOrder.imageJLengths($0) } ?? [:], path: place)
      if remarks.omeXML != nil {
        notes.append("\(place): the order of the OME-XML is not used, as --axes states one")
      }
    } else if let imageJ, !isJoined {
      selection.order = try PageOrder(
        imageJ: imageJ, pageCount: pageCount, path: place, notes: &notes)
    } else {
      selection.order = PageOrder(sections: pageCount)
    }
    selection.pages =
      selection.isPlain
      ? selection.order.pages.map { _ in first } : selection.order.pages.map { pages[$0] }
    return selection
  }

  /// The planes of an array that tifffile wrote behind one header.
  private static func planeCount(_ shape: [Int], _ survey: TIFFSurvey) -> Int? {
    let header = survey.header(0)
    guard shape.count > 2, shape.suffix(2) == [header.height, header.width] else { return nil }
    return checkedProduct(Array(shape.dropLast(2)))
  }
}
