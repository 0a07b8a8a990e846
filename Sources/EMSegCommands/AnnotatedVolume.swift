import Codecs
import CommandLineInterface
import Networks
import Training
import VolumeStore
import Voxels

/// A stored image with its labels and mask, of which training takes samples.
///
/// Positions are those of the image. What fits the memory it may take is held in memory, grey
/// values of 8 bits as bytes and labels as 32-bit numbers; else every sample reads its part.
struct AnnotatedVolume: PatchSource {
  let name: String
  let box: VoxelBox
  let voxelSize: VoxelSize
  /// What tells the inputs from others: their values where they are held in memory, so that a copy
  /// of the files will do; else the files' names, sizes and times.
  private(set) var identity: String
  private let image: any VolumeReader
  private var annotations: Annotations
  private let further: [String: Annotations]
  private let known: Annotations?
  /// What brings stored values to grey values in [0, 1].
  private let scale: Float
  private var heldImage: HeldImage?

  private enum HeldImage {
    case bytes(Volume<UInt8>)
    case floats(Volume<Float>)
  }

  /// Opens the volumes.
  ///
  /// - Throws: ``VolumeError`` where they cannot be opened or do not lie within each other;
  ///   ``TrainingError`` where nothing is labelled.
  init(
    _ settings: AnnotatedVolumeSettings, memory: inout Int, context: CommandContext
  ) throws {
    let stated = settings.voxelSize.map { VoxelSizeArgument($0) }
    func open(_ path: String, _ dataset: String?) throws -> InputVolume {
      try SourceOptions(dataset: dataset, voxelSize: stated).open(path, context: context)
    }
    let input = try open(settings.image, settings.imageDataset)
    let image = input.reader
    let labels = try open(settings.labels, settings.labelsDataset)
    let mask = try settings.mask.map { try open($0, settings.maskDataset) }
    guard image.metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: image.path, "the image has several channels",
        found: "\(image.metadata.channels)", expected: "1",
        remedy: "import the channel to train on alone")
    }
    self.image = image
    name = settings.key
    var box = image.metadata.box
    if let region = settings.region {
      guard let argument = RegionArgument(argument: region) else {
        throw UsageError(
          "\(name).region", "cannot be understood", found: region,
          expected: RegionArgument.expectation)
      }
      box = try argument.box(in: image.metadata.extent)
    }
    annotations = try Annotations(labels.reader, in: image, box: &box)
    known = try mask.map { try Annotations($0.reader, in: image, box: &box) }
    var further: [String: Annotations] = [:]
    var identities = [input.identity, labels.identity] + (mask.map { [$0.identity] } ?? [])
    for (name, place) in settings.furtherLabels.sorted(by: { $0.key < $1.key }) {
      let volume = try open(place.path, place.dataset)
      further[name] = try Annotations(volume.reader, in: image, box: &box)
      identities.append(volume.identity)
    }
    self.further = further
    identity = identities.joined(separator: "; ")
    self.box = box
    voxelSize = input.voxelSize(context)
    var description = try ModelDescription(ONNXModel())
    description.inputScale = 1 / 255
    scale = description.inputScale(for: image.metadata.dataType)
    if let content = try hold(&memory) { identity = content }
    try checkForeground()
  }

  /// Takes the volumes into memory where they fit.
  ///
  /// - Returns: The identity of what is held; nil where some volume is not.
  private mutating func hold(_ memory: inout Int) throws -> String? {
    let isBytes = image.metadata.dataType == .uint8
    let count = box.extent.voxelCount
    let bytes = count * ((isBytes ? 1 : 4) + 4 + (known == nil ? 0 : 4) + 4 * further.count)
    guard bytes <= memory else { return nil }
    memory -= bytes
    var hash = ContentHash()
    hash.update("\(box.rangesText) \(voxelSize.text)")
    if isBytes {
      let volume = try image.read(box, as: UInt8.self)
      hash.update(volume.rawSpan)
      heldImage = .bytes(volume)
    } else {
      let volume = try readImage(box)
      hash.update(volume.rawSpan)
      heldImage = .floats(volume)
    }
    let labels = try annotations.read(box)
    hash.update(labels.rawSpan)
    annotations.hold(labels)
    for other in [known].compactMap({ $0 }) + labelNames.compactMap({ further[$0] }) {
      let values = try other.read(box)
      hash.update(values.rawSpan)
    }
    return "values \(hash.digest)"
  }

  private func checkForeground() throws {
    // Sections one by one: most volumes show something in the first.
    for z in box.origin.z..<box.end.z {
      let values = try labels(in: section(z))
      let span = values.span
      for index in span.indices where span[index] != 0 { return }
    }
    throw TrainingError(
      .data, annotations.reader.path, "the labels have no foreground: all are 0",
      found: "nothing labelled in \(box.rangesText)",
      remedy: "choose another dataset or region, or correct the volume's labels")
  }

  func image(in box: VoxelBox) throws -> Volume<Float> {
    switch heldImage {
    case .bytes(let volume): scaled(volume.cropped(to: box).converted(to: Float.self))
    case .floats(let volume): volume.cropped(to: box)
    case nil: try readImage(box)
    }
  }

  private func readImage(_ box: VoxelBox) throws -> Volume<Float> {
    scaled(try image.readConverting(box, to: Float.self))
  }

  private func scaled(_ volume: consuming Volume<Float>) -> Volume<Float> {
    guard scale != 1 else { return volume }
    var values = volume.mutableSpan
    for index in values.indices { values[index] *= scale }
    return volume
  }

  /// What the grey values are like, over the whole box.
  ///
  /// - Complexity: One pass over the image, section by section.
  func moments() throws -> ValueMoments {
    var moments = ValueMoments()
    for z in box.origin.z..<box.end.z {
      moments.merge(momentsOf(reals: try image(in: section(z))))
    }
    return moments
  }

  private func section(_ z: Int) -> VoxelBox {
    VoxelBox(
      origin: VoxelPosition(z: z, y: box.origin.y, x: box.origin.x),
      extent: VoxelExtent(z: 1, y: box.extent.y, x: box.extent.x))
  }

  func labels(in box: VoxelBox) throws -> Volume<UInt64> { try annotations.read(box) }

  var labelNames: [String] { further.keys.sorted() }

  func labels(named name: String, in box: VoxelBox) throws -> Volume<UInt64> {
    guard let volume = further[name] else {
      throw TrainingError(
        .data, self.name, "has no labels of that name", found: name,
        remedy: "name their file under \(self.name).further_labels")
    }
    return try volume.read(box)
  }

  func mask(in box: VoxelBox) throws -> Volume<UInt8>? {
    guard let values = try known?.read(box) else { return nil }
    let span = values.span
    return Volume(
      box: box,
      values: [UInt8](capacity: span.count) { output in
        for index in span.indices { output.append(span[index] == 0 ? 0 : 1) }
      })
  }
}
