public import TerminalScreen
public import VolumeStore
import Voxels

/// Paints the three planes through a voxel, with the segments of a task in colours.
public struct SlicePainter {
  /// The colours of the task's first and second segment: orange and blue, which people with any
  /// colour vision tell apart.
  ///
  /// Source: Okabe & Ito 2008, "Color Universal Design".
  public static let colours: (first: RGB, second: RGB) = (RGB(230, 159, 0), RGB(86, 180, 233))

  /// Red, green and blue, each in 0…255.
  public struct RGB: Hashable, Sendable {
    /// The parts.
    public var red: UInt8, green: UInt8, blue: UInt8

    /// Creates a colour.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  private static let contactColour = RGB(255, 255, 160)
  private static let outside = RGB(16, 16, 28)
  private static let mark = RGB(90, 220, 90)

  private let volume: any ReviewVolume
  private let segments: (first: UInt64, second: UInt64)

  /// Creates a painter.
  ///
  /// - Parameters:
  ///   - volume: what is painted.
  ///   - segments: the segments in colours; a second of 0 is none.
  public init(_ volume: any ReviewVolume, segments: (first: UInt64, second: UInt64)) {
    self.volume = volume
    self.segments = segments
  }

  /// What a voxel belongs to.
  private enum Part: Hashable {
    case outside, other(UInt64), first, second
  }

  /// Paints a plane.
  ///
  /// - Parameters:
  ///   - plane: which of the three.
  ///   - view: where, and how.
  ///   - width: the pixels across, at least 1.
  ///   - height: the pixels down, at least 1.
  /// - Returns: the picture, with the focus in its middle.
  /// - Throws: ``VolumeError`` where the volumes cannot be read.
  public func picture(
    _ plane: ReviewPlane, _ view: ReviewView, width: Int, height: Int
  ) throws(VolumeError) -> ScreenPicture {
    let box = volume.box
    let size = volume.voxelSize
    let length = view.pixelLength(size)
    let sides = plane.components(z: size.z, y: size.y, x: size.x)
    let focus = plane.components(z: view.focus.z, y: view.focus.y, x: view.focus.x)
    let origin = plane.components(z: box.origin.z, y: box.origin.y, x: box.origin.x)
    let extent = plane.components(z: box.extent.z, y: box.extent.y, x: box.extent.x)
    let across = Sampling(
      focus.right, pixels: width, step: length / sides.right,
      within: origin.right..<origin.right + extent.right)
    let down = Sampling(
      focus.down, pixels: height, step: length / sides.down,
      within: origin.down..<origin.down + extent.down)
    var bytes = [UInt8](repeating: 0, count: 3 * width * height)
    func put(_ colour: RGB, _ pixel: Int) {
      bytes[3 * pixel] = colour.red
      bytes[3 * pixel + 1] = colour.green
      bytes[3 * pixel + 2] = colour.blue
    }
    guard let covered = part(plane, across, down, through: focus.through) else {
      for pixel in 0..<width * height { put(Self.outside, pixel) }
      return ScreenPicture(width: width, height: height, bytes: bytes)
    }
    let grey = Self.plane(plane, try volume.image(covered))
    let parts = self.parts(
      Self.plane(plane, try volume.supervoxels(covered)), across, down, view.showsNeighbours)
    let stride = across.covered.count
    for row in 0..<height {
      let rows = down.voxels(row)
      for column in 0..<width {
        let pixel = row * width + column
        guard parts[pixel] != .outside else {
          put(Self.outside, pixel)
          continue
        }
        let columns = across.voxels(column)
        var sum = 0
        var count = 0
        for line in rows {
          for place in columns {
            sum += Int(grey[line * stride + place])
            count += 1
          }
        }
        let value = UInt8(sum / max(count, 1))
        put(
          colour(parts, pixel, row: row, column: column, width: width, height: height, value, view),
          pixel)
      }
    }
    paintMarks(width: width, height: height, isActive: plane == view.plane, put)
    return ScreenPicture(width: width, height: height, bytes: bytes)
  }

  /// The voxels that are seen, one thick; nil where none is.
  private func part(
    _ plane: ReviewPlane, _ across: Sampling, _ down: Sampling, through: Int
  ) -> VoxelBox? {
    guard !across.covered.isEmpty, !down.covered.isEmpty else { return nil }
    let low = plane.step(
      right: across.covered.lowerBound, down: down.covered.lowerBound, through: through)
    let extent = plane.step(right: across.covered.count, down: down.covered.count, through: 1)
    let part = VoxelBox(origin: VoxelPosition(z: low.z, y: low.y, x: low.x), extent: extent)
    return volume.box.contains(part) ? part : nil
  }

  /// The values of a volume one thick, row by row of the plane.
  private static func plane<Scalar: VoxelScalar>(
    _ plane: ReviewPlane, _ volume: Volume<Scalar>
  ) -> [Scalar] {
    let (values, extent) = (volume.span, volume.extent)
    guard plane == .yz else { return values.indices.map { values[$0] } }
    // z runs to the right, y down.
    var turned: [Scalar] = []
    turned.reserveCapacity(values.count)
    for y in 0..<extent.y { for z in 0..<extent.z { turned.append(values[z * extent.y + y]) } }
    return turned
  }

  private func parts(
    _ supervoxels: [UInt64], _ across: Sampling, _ down: Sampling, _ tellsOthers: Bool
  ) -> [Part] {
    var parts = [Part](repeating: .outside, count: across.count * down.count)
    var known: [UInt64: Part] = [:]
    var last: (supervoxel: UInt64, part: Part) = (0, .other(0))
    let stride = across.covered.count
    for row in 0..<down.count {
      guard let line = down.middle(row) else { continue }
      for column in 0..<across.count {
        guard let place = across.middle(column) else { continue }
        let supervoxel = supervoxels[line * stride + place]
        if supervoxel != last.supervoxel {
          let part = known[supervoxel] ?? self.part(of: supervoxel, tellsOthers)
          known[supervoxel] = part
          last = (supervoxel, part)
        }
        parts[row * across.count + column] = last.part
      }
    }
    return parts
  }

  private func part(of supervoxel: UInt64, _ tellsOthers: Bool) -> Part {
    guard supervoxel != 0 else { return .other(0) }
    let segment = volume.segment(of: supervoxel)
    if segment == segments.first { return .first }
    if segment == segments.second, segment != 0 { return .second }
    return .other(tellsOthers ? segment : 0)
  }

  private func colour(
    _ parts: [Part], _ pixel: Int, row: Int, column: Int, width: Int, height: Int, _ value: UInt8,
    _ view: ReviewView
  ) -> RGB {
    let grey = RGB(value, value, value)
    guard view.overlay != .none else { return grey }
    let part = parts[pixel]
    func neighbours(reach: Int, _ holds: (Part) -> Bool) -> Bool {
      for step in 1...reach {
        if column + step < width, holds(parts[pixel + step]) { return true }
        if column >= step, holds(parts[pixel - step]) { return true }
        if row + step < height, holds(parts[pixel + step * width]) { return true }
        if row >= step, holds(parts[pixel - step * width]) { return true }
      }
      return false
    }
    let tint: RGB
    switch part {
    case .outside: return Self.outside
    case .other(0): return grey
    case .other(let segment):
      guard view.overlay == .colours else { return grey }
      return Self.blend(grey, Self.hashed(segment), share: 50)
    case .first:
      if neighbours(reach: 2, { $0 == .second }) { return Self.contactColour }
      tint = Self.colours.first
    case .second:
      if neighbours(reach: 2, { $0 == .first }) { return Self.contactColour }
      tint = Self.colours.second
    }
    if view.overlay == .colours { return Self.blend(grey, tint, share: 100) }
    return neighbours(reach: 1) { $0 != part } ? tint : grey
  }

  /// A mixture of which `share` parts of 256 are the second colour.
  private static func blend(_ first: RGB, _ second: RGB, share: Int) -> RGB {
    func mixed(_ first: UInt8, _ second: UInt8) -> UInt8 {
      UInt8((Int(first) * (256 - share) + Int(second) * share) / 256)
    }
    return RGB(
      mixed(first.red, second.red), mixed(first.green, second.green),
      mixed(first.blue, second.blue))
  }

  /// A colour that is always the same for a segment.
  private static func hashed(_ segment: UInt64) -> RGB {
    let mixed = (segment ^ segment >> 33) &* 0xFF51_AFD7_ED55_8CCD
    return RGB(
      UInt8(truncatingIfNeeded: mixed >> 40), UInt8(truncatingIfNeeded: mixed >> 48),
      UInt8(truncatingIfNeeded: mixed >> 56))
  }

  /// Short lines at the edges that point to the focus.
  private func paintMarks(
    width: Int, height: Int, isActive: Bool, _ put: (RGB, Int) -> Void
  ) {
    let colour = isActive ? Self.mark : RGB(120, 120, 120)
    for step in 0..<max(2, min(width, height) / 12) {
      guard step < height, step < width else { return }
      put(colour, step * width + width / 2)
      put(colour, (height - 1 - step) * width + width / 2)
      put(colour, height / 2 * width + step)
      put(colour, height / 2 * width + width - 1 - step)
    }
  }
}

/// Which voxels along an axis the pixels along it show.
private struct Sampling {
  let count: Int
  /// The voxels that any pixel shows.
  let covered: Range<Int>
  private let starts: [Int]

  /// - Parameters:
  ///   - focus: the voxel in the middle.
  ///   - pixels: how many pixels there are.
  ///   - step: the voxels in a pixel.
  ///   - range: the voxels that there are.
  init(_ focus: Int, pixels: Int, step: Double, within range: Range<Int>) {
    count = pixels
    starts = (0...pixels).map { pixel in
      let place = Double(focus) + 0.5 + (Double(pixel) - Double(pixels) / 2) * step
      return Int(place.rounded(.down))
    }
    let low = max(range.lowerBound, starts[0])
    let high = min(range.upperBound, max(starts[pixels], starts[pixels - 1] + 1))
    covered = low < high ? low..<high : 0..<0
  }

  /// The voxel in the middle of a pixel, counted from the first covered; nil outside.
  func middle(_ pixel: Int) -> Int? {
    let voxel = (starts[pixel] + max(starts[pixel + 1] - 1, starts[pixel])) / 2
    return covered.contains(voxel) ? voxel - covered.lowerBound : nil
  }

  /// Voxels of a pixel, at most four of them evenly apart, counted from the first covered.
  func voxels(_ pixel: Int) -> StrideTo<Int> {
    let low = max(covered.lowerBound, starts[pixel])
    let high = min(covered.upperBound, max(starts[pixel] + 1, starts[pixel + 1]))
    return stride(
      from: low - covered.lowerBound, to: high - covered.lowerBound,
      by: max(1, (high - low + 3) / 4))
  }
}
