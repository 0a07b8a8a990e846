import CommandLineInterface
import Connectomes
import Drawing
import StreamlineFormats
import VolumeStore
import Voxels

/// A plane across a subject.
enum SlicePlane: CaseIterable {
  case sagittal, coronal, axial

  /// The scanner axes that run to the right, upwards, and through the plane.
  var axes: (right: Int, up: Int, through: Int) {
    switch self {
    case .sagittal: (1, 2, 0)
    case .coronal: (0, 2, 1)
    case .axial: (0, 1, 2)
    }
  }

  /// What lies at the left and at the right.
  var sides: (left: String, right: String) {
    self == .sagittal ? ("P", "A") : ("L", "R")
  }
}

/// Grey slices of an image along the scanner's axes.
struct BackgroundSlices {
  private let image: ScalarImage
  private let low: SIMD3<Double>
  private let high: SIMD3<Double>
  private let step: Double
  private let brightest: Float

  /// The most pixels along a side.
  private static let mostPixels = 600.0

  init(_ volume: Volume<Float>, grid: VoxelGrid) {
    image = ScalarImage(volume, grid: grid)
    var (low, high) = (SIMD3<Double>(repeating: .infinity), SIMD3<Double>(repeating: -.infinity))
    let last = SIMD3<Double>(grid.extent &- 1)
    for corner in 0..<8 {
      let sides = SIMD3<Double>(
        corner & 1 == 0 ? 0 : last.x, corner & 2 == 0 ? 0 : last.y, corner & 4 == 0 ? 0 : last.z)
      let place = grid.transform.apply(sides)
      low = pointwiseMin(low, place)
      high = pointwiseMax(high, place)
    }
    let half = 0.5 * grid.spacing.max()
    self.low = low - half
    self.high = high + half
    step = max(0.5 * grid.spacing.min(), (high - low).max() / Self.mostPixels)
    // One voxel in a hundred may be too bright.
    let values = volume.span
    var finite = values.indices.compactMap {
      values[$0] > 0 && values[$0].isFinite ? values[$0] : nil
    }
    finite.sort()
    brightest = finite.isEmpty ? 1 : finite[min(finite.count - 1, finite.count * 99 / 100)]
  }

  /// A slice through a point, and the streamlines over it.
  func panel(
    _ plane: SlicePlane, at centre: SIMD3<Double>,
    lines: [(points: [SIMD3<Double>], colour: SIMD3<Double>)]
  ) -> StreamlinePicture.Panel {
    let (right, up, through) = plane.axes
    let size = SIMD2(high[right] - low[right], high[up] - low[up])
    let columns = max(1, Int((size.x / step).rounded(.up)))
    let rows = max(1, Int((size.y / step).rounded(.up)))
    var grey: [UInt8] = []
    grey.reserveCapacity(columns * rows)
    var point = centre
    for row in 0..<rows {
      point[up] = high[up] - (Double(row) + 0.5) * size.y / Double(rows)
      for column in 0..<columns {
        point[right] = low[right] + (Double(column) + 0.5) * size.x / Double(columns)
        let value = image.value(at: point) ?? 0
        let share = value.isFinite ? min(max(value / brightest, 0), 1) : 0
        grey.append(UInt8(share * 255))
      }
    }
    let axis = ["x", "y", "z"][through]
    let place = (centre[through] * 10).rounded() / 10
    return StreamlinePicture.Panel(
      title: "\(axis) = \(DecimalText.text(place)) mm", sides: plane.sides, grey: grey,
      columns: columns, size: size,
      lines: lines.map { line in
        StreamlinePicture.Line(
          points: line.points.map { SIMD2($0[right] - low[right], high[up] - $0[up]) },
          colour: line.colour)
      })
  }
}

/// Some of the streamlines of a file, at equal distances.
struct StreamlineSample {
  private var lines: [[SIMD3<Double>]] = []
  /// The mean of their points; not a number where there are none.
  private(set) var middle = SIMD3<Double>(repeating: .nan)

  /// Reads a file; twice where it does not say how many streamlines it has.
  init(_ path: String, number: Int, _ context: CommandContext) throws {
    var count = try TractogramFiles.open(path).header.streamlineCount ?? 0
    var batch = StreamlineBatch()
    if count == 0 {
      let reader = try TractogramFiles.open(path)
      while try reader.read(into: &batch) { count += batch.count }
    }
    let reader = try TractogramFiles.open(path)
    let share = Double(min(number, count)) / Double(max(count, 1))
    var (sum, points) = (SIMD3<Double>(), 0)
    while try reader.read(into: &batch) {
      try context.checkCancellation()
      for index in 0..<batch.count {
        let place = batch.firstIndex + index
        guard Int(Double(place + 1) * share) > Int(Double(place) * share) else { continue }
        let line = batch.bounds[index].map { point in
          SIMD3(
            Double(batch.positions[3 * point]), Double(batch.positions[3 * point + 1]),
            Double(batch.positions[3 * point + 2]))
        }
        sum += line.reduce(SIMD3<Double>(), +)
        points += line.count
        lines.append(line)
      }
    }
    if points > 0 { middle = sum / Double(points) }
    for finding in reader.findings { context.warn("\(path): \(finding)") }
  }

  /// The parts of streamlines within a slab, divided where their colour changes.
  func parts(
    near plane: SlicePlane, _ centre: SIMD3<Double>, _ thickness: Double
  ) -> [(points: [SIMD3<Double>], colour: SIMD3<Double>)] {
    let through = plane.axes.through
    var parts: [(points: [SIMD3<Double>], colour: SIMD3<Double>)] = []
    for line in lines {
      var last: SIMD3<Double>?
      for (start, end) in zip(line, line.dropFirst()) {
        let isNear =
          abs(start[through] - centre[through]) <= thickness / 2
          && abs(end[through] - centre[through]) <= thickness / 2
        guard isNear, let colour = Self.colour(end - start) else {
          last = nil
          continue
        }
        if colour == last {
          parts[parts.count - 1].points.append(end)
        } else {
          parts.append(([start, end], colour))
          last = colour
        }
      }
    }
    return parts
  }

  /// How much of a step runs along each axis of the scanner, in eighths.
  private static func colour(_ step: SIMD3<Double>) -> SIMD3<Double>? {
    let length = (step * step).sum().squareRoot()
    guard length > 0, length.isFinite else { return nil }
    return (SIMD3(abs(step.x), abs(step.y), abs(step.z)) / length * 8).rounded(.up) / 8
  }
}
