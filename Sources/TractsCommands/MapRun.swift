import CommandLineInterface
import Connectomes
import ScannerImages
import StreamlineFormats
import Synchronization
import Tractography
import VolumeStore
import Voxels

/// A run of `tracts map`.
struct MapRun {
  private let command: MapCommand
  private let context: CommandContext

  init(_ command: MapCommand, _ context: CommandContext) {
    self.command = command
    self.context = context
  }

  /// What some streamlines pass.
  private struct Mapped: Sendable {
    var visits: [StreamlineMapper.Visit] = []
    /// By streamline: its visits, and what it counts.
    var lines: [(visits: Range<Int>, factor: Double, weight: Double)] = []
  }

  /// The image that grows.
  private struct Target: Sendable {
    /// Counts, or else values.
    var counts: StreamlineCounts?
    var values: DensityMap?
  }

  func run() throws {
    let reader = try TractogramFiles.open(command.source)
    for note in reader.header.notes { context.note("\(command.source): \(note)") }
    let space = try space()
    let grid = try grid(of: space)
    let mapper = StreamlineMapper(
      grid: grid, extent: extent(reader, grid), isDirectional: command.isColoured)
    let contrast = try LineContrast(command)
    let files = try [command.weights, command.values].compactMap { path in
      try path.map { try NumberFile(path: $0) }
    }
    let target = Mutex(startingTarget(grid))
    let pass = StreamlinePass<Mapped>(
      reader: reader, numberFiles: files, threads: command.resources.threads, name: "map")
    let hasWeights = command.weights != nil
    try pass.run(context) { load, range in
      let positions = load.batch.positions.span
      var (mapped, trace) = (Mapped(), StreamlineTrace())
      for index in range {
        let points = load.batch.bounds[index]
        let own = load.numbers.last.map { $0[index] }
        let factor = points.isEmpty ? 0 : contrast.factor(positions, points, own: own)
        let start = mapped.visits.count
        if factor != 0 || command.mapsZero {
          mapper.map(positions, points, into: &trace)
          mapped.visits += trace.visits
        }
        let weight = hasWeights ? Double(Float(load.numbers[0][index])) : 1
        mapped.lines.append((start..<mapped.visits.count, factor, weight))
      }
      return mapped
    } take: { _, results throws(VolumeError) in
      target.withLock { target in Self.add(results, to: &target) }
      return true
    }
    for finding in reader.findings { context.warn("\(command.source): \(finding)") }
    try write(target.withLock { $0 }, space)
  }

  // MARK: What is mapped

  private func space() throws -> MappedSpace {
    if let template = command.template {
      let image = try ScannerImage(template)
      let space = MappedSpace(
        extent: image.extent, transform: image.transform,
        spacing: try image.grid().spacingOfStoredAxes)
      guard let edges = command.voxelSize?.edges else { return space }
      // Divided along the scanner's axes.
      let grid = try image.grid()
      let size = grid.extent
      let ordered = MappedSpace(
        extent: VoxelExtent(z: size.z, y: size.y, x: size.x), transform: grid.transform,
        spacing: grid.spacing)
      return try checked(ordered.divided(intoVoxelsOf: edges))
    }
    guard let edges = command.voxelSize?.edges else {
      preconditionFailure("a template or a voxel size is given")
    }
    var (low, high) = (SIMD3<Float>(repeating: .infinity), SIMD3<Float>(repeating: -.infinity))
    let reader = try TractogramFiles.open(command.source)
    var (batch, count) = (StreamlineBatch(), 0)
    while count < Self.mostForBounds, try reader.read(into: &batch) {
      try context.checkCancellation()
      for points in batch.bounds.prefix(Self.mostForBounds - count) {
        for index in points {
          for axis in 0..<3 {
            low[axis] = min(low[axis], batch.positions[3 * index + axis])
            high[axis] = max(high[axis], batch.positions[3 * index + axis])
          }
        }
      }
      count += batch.count
    }
    guard low.x <= high.x else {
      throw VolumeError(
        .dataTypeMismatch, path: command.source, "there are no points to make an image around",
        remedy: "give the image's voxels with --template")
    }
    return try checked(MappedSpace.around(low, high, voxelsOf: edges))
  }

  /// The streamlines whose bounds decide how large an image is.
  private static let mostForBounds = 1_000_000

  private func checked(_ space: MappedSpace?) throws -> MappedSpace {
    guard let space else {
      throw VolumeError(
        .limitExceeded, path: command.output, "there would be too many voxels",
        expected: "fewer than 2³¹", remedy: "choose larger ones with --voxel-size")
    }
    return space
  }

  private func grid(of space: MappedSpace) throws -> MappingGrid {
    let size = space.extent
    guard
      let count = checkedProduct([size.x, size.y, size.z]), count < Int(Int32.max),
      let grid = VoxelGrid(extent: size, transform: space.transform, spacing: space.spacing)
    else {
      throw VolumeError(
        .limitExceeded, path: command.template ?? command.output,
        "the image's transform has no inverse, or it has too many voxels")
    }
    return MappingGrid(grid)
  }

  private func extent(
    _ reader: any StreamlineReader, _ grid: MappingGrid
  ) -> StreamlineMapper.Extent {
    if command.mapsEndsOnly { return .ends }
    let factor =
      command.upsampling
      ?? StreamlineMapper.upsampling(
        step: reader.header.stepSize, grid: grid, forLengths: command.isPrecise)
    if command.upsampling == nil, reader.header.stepSize == nil {
      context.note("\(command.source): no step is stated: only the voxels of its points count")
    }
    return command.isPrecise ? .lengths(upsampling: factor) : .points(upsampling: factor)
  }

  private func startingTarget(_ grid: MappingGrid) -> Target {
    let isCounting =
      (command.contrast == .tdi || command.contrast == .scalarMapCount) && !command.isPrecise
      && command.weights == nil && !command.isColoured && command.statistic == .sum
    guard !isCounting else { return Target(counts: StreamlineCounts(grid: grid)) }
    return Target(
      values: DensityMap(
        grid: grid, statistic: command.statistic, isDirectional: command.isColoured))
  }

  private static func add(_ results: [Mapped], to target: inout Target) {
    for mapped in results {
      for line in mapped.lines {
        let visits = mapped.visits[line.visits]
        if target.counts != nil {
          if line.factor != 0 { target.counts?.add(visits) }
        } else {
          target.values?.add(visits, factor: line.factor, weight: line.weight)
        }
      }
    }
  }

  private func write(_ target: Target, _ space: MappedSpace) throws {
    if let counts = target.counts {
      try ScannerImage.write(
        counts.volume(extent: space.extent), to: command.output, transform: space.transform,
        replacing: command.replacing)
    }
    if var map = target.values {
      map.finish()
      try ScannerImage.write(
        map.volume(extent: space.extent), to: command.output, transform: space.transform,
        replacing: command.replacing)
    }
  }
}

/// What a streamline counts.
private struct LineContrast: Sendable {
  private let contrast: MapCommand.Contrast
  private let along: AlongStatistic
  private let image: ScalarImage?

  init(_ command: MapCommand) throws {
    contrast = command.contrast
    along = command.alongStatistic
    guard let path = command.image else {
      image = nil
      return
    }
    guard case .image(let scalar) = try StreamlineValues.open(path) else {
      throw VolumeError(
        .unsupportedFeature, path: path, "this is no image", expected: "NIfTI, MIF or MGH")
    }
    image = scalar
  }

  /// The factor; 0 where it would be no finite number.
  func factor(_ positions: borrowing Span<Float>, _ points: Range<Int>, own: Double?) -> Double {
    let factor: Double
    switch contrast {
    case .tdi: return 1
    case .length: factor = Double(streamlineLength(positions, points))
    case .invlength: factor = 1 / Double(streamlineLength(positions, points))
    case .vectorFile: factor = own.map { Double(Float($0)) } ?? 0
    case .scalarMap: factor = value(positions, points)
    case .scalarMapCount: factor = value(positions, points) != 0 ? 1 : 0
    }
    return factor.isFinite ? factor : 0
  }

  private func value(_ positions: borrowing Span<Float>, _ points: Range<Int>) -> Double {
    guard let image else { return 0 }
    let places =
      along.isOfEnds ? [points.lowerBound, points.upperBound - 1] : Array(points)
    let values = places.map { index in
      image.value(
        at: SIMD3(
          Double(positions[3 * index]), Double(positions[3 * index + 1]),
          Double(positions[3 * index + 2]))
      ).map { Double($0) } ?? .nan
    }
    return along.value(of: values)
  }
}

extension AlongStatistic {
  /// What is made of values along a streamline; those that are no number are left out.
  fileprivate func value(of values: [Double]) -> Double {
    let finite = values.filter { $0.isFinite }
    func mean(_ values: [Double]) -> Double {
      values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
    let (first, last) = (values[0], values[values.count - 1])
    switch self {
    case .sum: return finite.reduce(0, +)
    case .min: return finite.min() ?? 0
    case .max: return finite.max() ?? 0
    case .mean: return mean(finite)
    case .median: return finite.isEmpty ? 0 : finite.sorted()[finite.count / 2]
    case .nonzeroMean: return mean(finite.filter { $0 != 0 })
    case .endsMin: return abs(first) < abs(last) ? first : last
    case .endsMean: return 0.5 * (first + last)
    case .endsMax: return abs(first) > abs(last) ? first : last
    case .endsProduct: return first * last > 0 ? first * last : 0
    }
  }
}
