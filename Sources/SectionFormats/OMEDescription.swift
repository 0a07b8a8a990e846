import VolumeStore
import Voxels

/// What the OME-XML of a TIFF file says of its images.
///
/// Source: OME-TIFF specification 6, <https://ome-model.readthedocs.io/en/stable/ome-tiff/>;
/// OME-XML schema 2016-06, `Pixels` and `TiffData`.
struct OMEDescription {
  /// One image: a volume with channels and time points.
  struct Image {
    var name = ""
    var id = ""
    /// The axes of its planes, fastest first, after x and y.
    var planeAxes: [VolumeAxis] = []
    var sizes: [VolumeAxis: Int] = [:]
    var voxelSize: VoxelSize?
    /// The channels that one plane holds side by side.
    var samplesPerPixel = 1
    var blocks: [Block] = []

    /// The number of planes along an axis.
    func planeCount(along axis: VolumeAxis) -> Int {
      let size = sizes[axis] ?? 1
      return axis == .channel ? size / samplesPerPixel : size
    }
  }

  /// Pages of a file that hold planes one after another.
  struct Block {
    var page: Int?
    var first: [VolumeAxis: Int]
    var planeCount: Int?
    var uuid: String?
    var fileName: String?
  }

  var uuid: String?
  /// The file that holds the description, where this one holds only pixels.
  var metadataFile: String?
  var images: [Image] = []

  /// Reads the text.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata`.
  init(parsing text: String, path: String) throws(VolumeError) {
    var builder = OMEBuilder()
    try forEachXMLElement(in: text, path: path) { event in
      switch event {
      case .start(let element): builder.start(element)
      case .end(let element): builder.end(element)
      }
    }
    if let fault = builder.fault {
      throw VolumeError(
        .malformedMetadata, path: path, "the OME-XML is not sound", found: fault,
        remedy: "write the file again, or name the order of its pages with --axes")
    }
    (uuid, metadataFile, images) = (builder.uuid, builder.metadataFile, builder.images)
  }
}

/// Collects a description element by element.
private struct OMEBuilder {
  var uuid: String?
  var metadataFile: String?
  var images: [OMEDescription.Image] = []
  var fault: String?
  private var hasPixels = false
  private var hasChannel = false

  mutating func start(_ element: XMLElement) {
    switch element.name {
    case "OME": uuid = element.attributes["UUID"]
    case "BinaryOnly": metadataFile = element.attributes["MetadataFile"] ?? ""
    case "Image":
      images.append(OMEDescription.Image())
      images[images.count - 1].name = element.attributes["Name"] ?? ""
      images[images.count - 1].id = element.attributes["ID"] ?? ""
      (hasPixels, hasChannel) = (false, false)
    case "Pixels" where !images.isEmpty: startPixels(element)
    case "Channel" where hasPixels: startChannel(element)
    case "TiffData" where hasPixels: startBlock(element)
    case "UUID" where hasPixels:
      change { $0.fileName = element.attributes["FileName"] }
    default: break
    }
  }

  mutating func end(_ element: XMLElement) {
    guard element.name == "UUID", hasPixels else { return }
    change { $0.uuid = element.text.filter { !$0.isWhitespace } }
  }

  /// Changes the block that was read last.
  private mutating func change(_ body: (inout OMEDescription.Block) -> Void) {
    guard let image = images.indices.last, let block = images[image].blocks.indices.last else {
      return
    }
    body(&images[image].blocks[block])
  }

  /// An attribute that has to be a whole number of at least `least`.
  private mutating func number(_ element: XMLElement, _ name: String, least: Int) -> Int? {
    guard let text = element.attributes[name] else { return nil }
    guard let value = Int(text), value >= least, value <= Int(Int32.max) else {
      fault = fault ?? "\(name) \(text)"
      return nil
    }
    return value
  }

  private mutating func startPixels(_ element: XMLElement) {
    let image = images.count - 1
    guard !hasPixels else { return }
    hasPixels = true
    let letters: [Character: VolumeAxis] = ["Z": .z, "C": .channel, "T": .time]
    let order = element.attributes["DimensionOrder"] ?? ""
    images[image].planeAxes = order.dropFirst(2).compactMap { letters[$0] }
    if !order.hasPrefix("XY") || Set(images[image].planeAxes).count != 3 || order.count != 5 {
      fault = fault ?? "DimensionOrder \(order)"
    }
    let sizes: [(String, VolumeAxis)] = [
      ("SizeX", .x), ("SizeY", .y), ("SizeZ", .z), ("SizeC", .channel), ("SizeT", .time),
    ]
    for (name, axis) in sizes {
      guard let size = number(element, name, least: 1) else {
        fault = fault ?? "no \(name)"
        continue
      }
      images[image].sizes[axis] = size
    }
    images[image].voxelSize = OMEBuilder.voxelSize(element)
  }

  private static func voxelSize(_ element: XMLElement) -> VoxelSize? {
    func length(_ axis: String) -> Double? {
      let unit = element.attributes["PhysicalSize\(axis)Unit"] ?? "µm"
      guard let length = element.attributes["PhysicalSize\(axis)"].flatMap({ Double($0) }),
        let scale = TIFFRemarks.nanometers(ofUnit: unit[...])
      else { return nil }
      return TIFFRemarks.rounded(length * scale)
    }
    guard let z = length("Z"), let y = length("Y"), let x = length("X") else { return nil }
    let size = VoxelSize(z: z, y: y, x: x)
    return size.isValid ? size : nil
  }

  private mutating func startChannel(_ element: XMLElement) {
    let image = images.count - 1
    let samples = number(element, "SamplesPerPixel", least: 1) ?? 1
    if hasChannel, samples != images[image].samplesPerPixel {
      fault = fault ?? "channels of different SamplesPerPixel"
    }
    hasChannel = true
    images[image].samplesPerPixel = samples
    if !(images[image].sizes[.channel] ?? 1).isMultiple(of: samples) {
      fault =
        fault ?? "SamplesPerPixel \(samples) of \(images[image].sizes[.channel] ?? 1) channels"
    }
  }

  private mutating func startBlock(_ element: XMLElement) {
    let first: [VolumeAxis: Int] = [
      .z: number(element, "FirstZ", least: 0) ?? 0,
      .channel: number(element, "FirstC", least: 0) ?? 0,
      .time: number(element, "FirstT", least: 0) ?? 0,
    ]
    images[images.count - 1].blocks.append(
      OMEDescription.Block(
        page: number(element, "IFD", least: 0), first: first,
        planeCount: number(element, "PlaneCount", least: 0)))
  }
}
