import Synchronization
import VolumeStore
import Voxels

/// One PNG picture of evenly chosen sections in rows and columns, a pixel between them.
///
/// Grey values are as they are; labels have colours that depend on nothing but the label, 0 is
/// black. Where sections are large, only every second, third … pixel of both directions is shown.
final class PNGMontage: VolumeSink {
  private let path: String
  private let metadata: VolumeMetadata
  private let isLabels: Bool
  private let plan: MontagePlan
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var partial: PendingFile
    var pixels: [UInt8]
    var writtenSections = 0
    var isFinished = false
  }

  /// The bytes of a pixel of the picture.
  private let pixelByteCount: Int

  init(_ request: ExportRequest) throws(VolumeError) {
    precondition(request.metadata.isCountable, "a picture needs at least one voxel")
    (path, metadata, isLabels) = (request.path, request.metadata, request.isLabels)
    let type = metadata.dataType
    guard isLabels && type.isInteger || type == .uint8 || type == .uint16 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "a picture holds no such values", found: type.rawValue,
        expected: "uint8, uint16 or labels",
        remedy: "convert the values to uint8 first, or write TIFF")
    }
    guard metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: path, "a picture holds one channel",
        found: "\(metadata.channels) channels", remedy: "choose one channel, or write TIFF")
    }
    pixelByteCount = isLabels ? 3 : type.byteCount
    plan = MontagePlan(metadata.extent)
    let partial = try PendingFile(path: path, replacing: request.isReplacing)
    // Between the sections all is white.
    let pixels = [UInt8](repeating: .max, count: plan.height * plan.width * pixelByteCount)
    state = Mutex(State(partial: partial, pixels: pixels))
  }

  var unit: VoxelExtent { metadata.wholeSections }

  func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError) {
    let volume = copy volume
    try metadata.checkSections(volume, path: path)
    try state.withLock { state throws(VolumeError) in
      try metadata.checkNext(volume.box, after: state.writtenSections, path: path)
      for (place, z) in plan.sections.enumerated() where volume.box.zRange.contains(z) {
        draw(volume, z: z - volume.box.origin.z, place: place, into: &state.pixels)
      }
      state.writtenSections += volume.box.extent.z
    }
  }

  private func draw<Scalar: VoxelScalar>(
    _ volume: Volume<Scalar>, z: Int, place: Int, into pixels: inout [UInt8]
  ) {
    let (top, left) = plan.origin(place)
    for y in 0..<plan.tileHeight {
      let row = volume.row(z: z, y: y * plan.step)
      var index = ((top + y) * plan.width + left) * pixelByteCount
      for x in 0..<plan.tileWidth {
        let value = row[x * plan.step].nearest(UInt64.self)
        if isLabels {
          let colour = labelColour(value)
          (pixels[index], pixels[index + 1], pixels[index + 2]) = colour
        } else {
          pixels[index] = UInt8(truncatingIfNeeded: value)
          if pixelByteCount == 2 { pixels[index + 1] = UInt8(truncatingIfNeeded: value >> 8) }
        }
        index += pixelByteCount
      }
    }
  }

  func finish() throws(VolumeError) {
    try state.withLock { state throws(VolumeError) in
      precondition(!state.isFinished, "the file is finished already")
      try metadata.checkWhole(state.writtenSections, path: path)
      let bytes = try PNGImage.encode(
        state.pixels.rawSpan, width: plan.width, height: plan.height,
        bitDepth: pixelByteCount == 2 ? 16 : 8, isColour: isLabels, path: path)
      var file = try OutputFile(state.partial.partialPath, for: path)
      try file.append(bytes)
      try state.partial.commit()
      state.isFinished = true
    }
  }
}

/// Which sections a picture shows, and where.
struct MontagePlan: Hashable, Sendable {
  /// The sections shown.
  let sections: [Int]
  /// Every how manyth pixel is shown.
  let step: Int
  private let columns: Int
  let tileHeight: Int
  let tileWidth: Int

  /// The most sections shown, and the most pixels of a picture.
  private static let mostSections = 25
  private static let mostPixels = 1 << 25

  init(_ extent: VoxelExtent) {
    let count = min(extent.z, MontagePlan.mostSections)
    // Evenly from the first to the last.
    sections = (0..<count).map { count == 1 ? 0 : $0 * (extent.z - 1) / (count - 1) }
    let ideal = (Double(count) * Double(extent.y) / Double(extent.x)).squareRoot()
    columns = max(1, min(count, Int(ideal.rounded())))
    let rows = (count + columns - 1) / columns
    var step = 1
    while ((extent.y + step - 1) / step + 1) * rows
      * (((extent.x + step - 1) / step + 1) * columns) > MontagePlan.mostPixels
    {
      step += 1
    }
    self.step = step
    tileHeight = (extent.y + step - 1) / step
    tileWidth = (extent.x + step - 1) / step
  }

  private var rows: Int { (sections.count + columns - 1) / columns }
  /// The picture's size.
  var height: Int { rows * (tileHeight + 1) - 1 }
  var width: Int { columns * (tileWidth + 1) - 1 }

  /// The first row and column of the section at a place.
  func origin(_ place: Int) -> (top: Int, left: Int) {
    (place / columns * (tileHeight + 1), place % columns * (tileWidth + 1))
  }
}

/// A label's colour, the same in every picture; 0 is black, and no other label nearly so.
func labelColour(_ label: UInt64) -> (red: UInt8, green: UInt8, blue: UInt8) {
  guard label != 0 else { return (0, 0, 0) }
  // The last mixing step of SplitMix64 spreads neighbouring numbers over all colours.
  var word = label &* 0x9E37_79B9_7F4A_7C15
  word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
  word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
  word ^= word >> 31
  // One of the three colours is full, one is weak, one is anywhere between.
  let level = UInt8(truncatingIfNeeded: 40 + (word >> 8) % 216)
  let weak = UInt8(truncatingIfNeeded: (word >> 32) % 90)
  return switch word % 6 {
  case 0: (255, level, weak)
  case 1: (level, 255, weak)
  case 2: (weak, 255, level)
  case 3: (weak, level, 255)
  case 4: (level, weak, 255)
  default: (255, weak, level)
  }
}

extension VoxelBox {
  /// The sections that the box covers.
  fileprivate var zRange: Range<Int> { origin.z..<end.z }
}
