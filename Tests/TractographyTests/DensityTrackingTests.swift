import Diffusion
import ScannerImages
import StreamlineFormats
import TestSupport
import Testing
import Tractography
import Voxels

/// Streamlines through the bundles of `tools/golden/fod.py`.
struct DensityTrackingTests {
  private static let folder = "\(volumes)/golden/mrtrix3-3.0.3/fod"

  private func densities() throws -> (Volume<Float>, TrackingGrid) {
    let image = try ScannerImage("\(Self.folder)/bundles.nii.gz")
    return (
      try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z),
      try #require(TrackingGrid(extent: image.extent, transform: image.transform))
    )
  }

  private func seeds(_ grid: TrackingGrid) throws -> VoxelRegion {
    let values = try ScannerImage("\(Self.folder)/seeds.nii.gz").volume()
    let span = values.span
    return VoxelRegion(
      Volume(box: values.box, values: span.indices.map { span[$0] > 0 ? 1 : 0 }), grid: grid)
  }

  private func lines(
    _ directions: any DirectionGetter, _ rules: TrackingRules, _ seeds: any SeedSource,
    count: Int = .max, threads: Int = 2, randomSeed: UInt64 = 1
  ) -> [[SIMD3<Float>]] {
    var found: [[SIMD3<Float>]] = []
    let run = TrackingRun(
      Tracker(directions, rules: rules), seeds: seeds, selected: count, randomSeed: randomSeed)
    _ = run(threads: threads) { (part, _) in
      for bounds in part.bounds {
        found.append(
          bounds.map {
            SIMD3(part.positions[3 * $0], part.positions[3 * $0 + 1], part.positions[3 * $0 + 2])
          })
      }
    }
    return found
  }

  private func distance(_ one: SIMD3<Float>, _ other: SIMD3<Float>) -> Float {
    ((one - other) * (one - other)).sum().squareRoot()
  }

  @Test(arguments: ["stream", "stream-strict"])
  func `peaks of densities are followed as SD_STREAM does`(_ name: String) throws {
    let reader = try TractogramFiles.open("\(Self.folder)/\(name).tck")
    var (expected, batch): ([[SIMD3<Float>]], StreamlineBatch) = ([], StreamlineBatch())
    while try reader.read(into: &batch) {
      for line in 0..<batch.count {
        let values = Array(batch.coordinates(of: line))
        expected.append(
          stride(from: 0, to: values.count, by: 3).map {
            SIMD3(values[$0], values[$0 + 1], values[$0 + 2])
          })
      }
    }
    let (densities, grid) = try densities()
    var rules = TrackingRules(for: grid)
    rules.leastLength = 6
    if name == "stream-strict" {
      rules.step = 0.7
      rules.angle = 25
    }
    let directions = DensityPeakDirections(
      densities, grid: grid, cutoff: name == "stream" ? 0.1 : 0.25, first: SIMD3(0.9, 0.4, 0.1))
    let found = lines(
      directions, rules, try #require(GridSeeds(in: try seeds(grid), perAxis: 3)))
    try #require(found.count == expected.count && !expected.isEmpty)
    for (line, other) in zip(found, expected) {
      try #require(line.count == other.count)
      let direct = zip(line, other).map { distance($0, $1) }.max() ?? .infinity
      let turned = zip(line, other.reversed()).map { distance($0, $1) }.max() ?? .infinity
      #expect(min(direct, turned) < 2e-3)
    }
  }

  @Test(arguments: ["ifod1", "ifod2"])
  func `random streamlines stay in their bundles and depend on the random seed alone`(
    _ name: String
  ) throws {
    let (densities, grid) = try densities()
    var rules = TrackingRules(for: grid)
    rules.leastLength = 6
    rules.angle = name == "ifod1" ? 15 : 45
    if name == "ifod2" { rules.step = 0.5 * grid.meanSpacing }
    let directions: any DirectionGetter =
      name == "ifod1"
      ? DensityDirections(densities, grid: grid, cutoff: 0.1, rules: rules)
      : DensityArcs(densities, grid: grid, cutoff: 0.1, rules: rules)
    let seeds = try #require(RandomSeeds(in: try seeds(grid), seed: 3))
    let found = lines(directions, rules, seeds, count: 40)
    #expect(found.count == 40)
    let others = lines(directions, rules, seeds, count: 40, threads: 1)
    #expect(found == others)
    #expect(found != lines(directions, rules, seeds, count: 40, randomSeed: 2))
    let inside = VoxelRegion(
      Volume(
        box: densities.box,
        values: (0..<densities.extent.voxelCount).map { densities.span[$0] > 0.01 ? 1 : 0 }),
      grid: grid)
    for line in found {
      let length = zip(line, line.dropFirst()).reduce(0) { $0 + distance($1.0, $1.1) }
      #expect(length >= 6 && length <= Float(rules.greatestLength) + 1e-3)
      #expect(line.count { inside.contains($0) } > line.count - 3)
      for (one, other) in zip(line, line.dropFirst()) {
        #expect(distance(one, other) <= Float(rules.step) * 1.001)
      }
    }
    // Some go straight through the crossing.
    #expect(found.contains { distance($0[0], $0[$0.count - 1]) > 25 })
  }

  @Test func `the length of streamlines is cut to the greatest`() throws {
    let (densities, grid) = try densities()
    var rules = TrackingRules(for: grid)
    rules.angle = 45
    rules.step = 0.5 * grid.meanSpacing
    rules.leastLength = 2
    rules.greatestLength = 9
    let directions = DensityArcs(densities, grid: grid, cutoff: 0.05, rules: rules)
    let found = lines(
      directions, rules, try #require(RandomSeeds(in: try seeds(grid), seed: 3)), count: 20)
    let lengths = found.map { line in
      zip(line, line.dropFirst()).reduce(0) { $0 + distance($1.0, $1.1) }
    }
    #expect(lengths.allSatisfy { $0 < 9.001 } && lengths.contains { $0 > 8.999 })
  }

  @Test func `a bootstrap spreads around the tensor's direction, the same for any threads`() throws
  {
    let folder = "\(volumes)/golden/mrtrix3-3.0.3/tracking"
    let image = try ScannerImage("\(folder)/las.nii.gz")
    let table = try GradientTable(rows: GradientFile.mrtrix("\(folder)/las.b", of: image.header))
    let grid = try #require(TrackingGrid(extent: image.extent, transform: image.transform))
    let signals = try SignalDirections(gradients: table, grid: grid, cutoff: 0.1) {
      try image.slab(volumes: 0..<image.volumes, z: $0..<$0 + 1)
    }
    let values = try ScannerImage("\(folder)/las-seeds.nii.gz").volume()
    let span = values.span
    let region = VoxelRegion(
      Volume(box: values.box, values: span.indices.map { span[$0] > 0 ? 1 : 0 }), grid: grid)
    var rules = TrackingRules(for: grid)
    rules.step = 0.5
    let seeds = try #require(GridSeeds(in: region, perAxis: 2))
    let bootstrap = BootstrapDirections(signals, gradients: table)
    let found = lines(bootstrap, rules, seeds)
    #expect(found == lines(bootstrap, rules, seeds, threads: 1))
    #expect(found != lines(bootstrap, rules, seeds, randomSeed: 9))
    let plain = lines(signals, rules, seeds)
    #expect(found != plain)
    // The longest goes nearly the same way.
    let (one, other) = try (
      #require(found.max { $0.count < $1.count }), #require(plain.max { $0.count < $1.count })
    )
    let apart = one.map { point in other.map { distance(point, $0) }.min() ?? .infinity }.max() ?? 0
    #expect(apart > 1e-4 && apart < 3)
  }

  @Test func `samples of fibres are followed`() throws {
    let extent = VoxelExtent(z: 3, y: 3, x: 20)
    let grid = try #require(
      TrackingGrid(
        extent: extent,
        transform: ScannerTransform(rows: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])))
    let box = VoxelBox(origin: .zero, extent: extent)
    var generator = SeededGenerator(seed: 5)
    func volume(_ value: (inout SeededGenerator) -> Float) -> Volume<Float> {
      Volume(
        channels: 6, box: box,
        values: (0..<6 * extent.voxelCount).map { _ in value(&generator) })
    }
    let along = SampleDirections.Fibre(
      theta: volume { .pi / 2 + .random(in: -0.05...0.05, using: &$0) },
      phi: volume { .random(in: -0.05...0.05, using: &$0) }, fraction: volume { _ in 0.6 })
    let across = SampleDirections.Fibre(
      theta: volume { _ in .pi / 2 }, phi: volume { _ in .pi / 2 }, fraction: volume { _ in 0.2 })
    let axes = (SIMD3<Double>(1, 0, 0), SIMD3<Double>(0, 1, 0), SIMD3<Double>(0, 0, 1))
    let directions = SampleDirections([along, across], axes: axes, grid: grid, cutoff: 0.1)
    var rules = TrackingRules(for: grid)
    rules.leastLength = 1
    let seeds = SphereSeeds(centre: SIMD3(9, 1, 1), radius: 0.4, seed: 2)
    let found = lines(directions, rules, seeds, count: 10)
    #expect(found == lines(directions, rules, seeds, count: 10, threads: 1))
    for line in found {
      let ends = [line[0].x, line[line.count - 1].x].sorted()
      #expect(ends[0] < 0.5 && ends[1] > 18.5)
    }
    let none = SampleDirections([along, across], axes: axes, grid: grid, cutoff: 0.7)
    var memory = TrackingMemory()
    #expect(none.direction(at: SIMD3(9, 1, 1), after: nil, using: &memory) == nil)
  }
}
