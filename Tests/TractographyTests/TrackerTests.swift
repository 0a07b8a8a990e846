import Diffusion
import StreamlineFormats
import Testing
import Tractography
import Voxels

/// A grid of 2 mm voxels whose first centre is at (10, -20, 5).
private func grid(z: Int = 7, y: Int = 20, x: Int = 24) throws -> TrackingGrid {
  try #require(
    TrackingGrid(
      extent: VoxelExtent(z: z, y: y, x: x),
      transform: ScannerTransform(rows: [[2, 0, 0, 10], [0, 2, 0, -20], [0, 0, 2, 5]])))
}

/// The tensors of a direction in each voxel; none where there is none.
private func tensors(
  _ extent: VoxelExtent, _ direction: (_ x: Int, _ y: Int, _ z: Int) -> SIMD3<Double>?
) -> Volume<Float> {
  var volume = Volume<Float>(channels: 6, box: VoxelBox(origin: .zero, extent: extent))
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      for x in 0..<extent.x {
        guard let d = direction(x, y, z) else { continue }
        let v = d / (d * d).sum().squareRoot()
        let diagonal = 1.4e-3 * v * v + 3e-4
        let values = [
          diagonal.x, diagonal.y, diagonal.z, 1.4e-3 * v.x * v.y, 1.4e-3 * v.x * v.z,
          1.4e-3 * v.y * v.z,
        ]
        for channel in 0..<6 {
          var row = volume.mutableRow(channel: channel, z: z, y: y)
          row[x] = Float(values[channel])
        }
      }
    }
  }
  return volume
}

/// Peaks along x in the rows 3 to 5, and around the corner (0, 0) elsewhere.
private func peaks(_ extent: VoxelExtent) -> Volume<Float> {
  var volume = Volume<Float>(channels: 3, box: VoxelBox(origin: .zero, extent: extent))
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      for x in 0..<extent.x {
        var row = volume.mutableRow(channel: 0, z: z, y: y)
        row[x] = 0.7
      }
    }
  }
  return volume
}

private func region(_ grid: TrackingGrid, _ isInside: (Int, Int, Int) -> Bool) -> VoxelRegion {
  var mask = Volume<UInt8>(box: VoxelBox(origin: .zero, extent: grid.extent))
  for z in 0..<grid.extent.z {
    for y in 0..<grid.extent.y {
      var row = mask.mutableRow(z: z, y: y)
      for x in 0..<grid.extent.x where isInside(x, y, z) { row[x] = 1 }
    }
  }
  return VoxelRegion(mask, grid: grid)
}

private func all(
  _ run: TrackingRun, threads: Int = 1
) -> (streamlines: [[SIMD3<Float>]], tally: TrackingTally) {
  var lines: [[SIMD3<Float>]] = []
  let tally = run(threads: threads) { (part, _) in
    for points in part.bounds {
      lines.append(
        points.map {
          SIMD3(part.positions[3 * $0], part.positions[3 * $0 + 1], part.positions[3 * $0 + 2])
        })
    }
  }
  return (lines, tally)
}

struct TrackerTests {
  @Test func `a straight bundle is followed from one face of the image to the other`() throws {
    let grid = try grid()
    let directions = TensorDirections(
      tensors(grid.extent) { _, y, z in
        (3...5).contains(y) && (2...4).contains(z) ? [1, 0, 0] : nil
      },
      grid: grid, cutoff: 0.1)
    let seeds = try #require(
      GridSeeds(in: region(grid) { $0 == 12 && $1 == 4 && $2 == 3 }, perAxis: 2))
    let (lines, tally) = all(
      TrackingRun(Tracker(directions, rules: TrackingRules(for: grid)), seeds: seeds))
    #expect(lines.count == 8 && tally.selected == 8 && tally.seeds == 8)
    for line in lines {
      let ends = [line[0].x, line[line.count - 1].x].sorted()
      // The image reaches from 9 to 57 mm; one step of 0.2 mm leads out of it.
      #expect(ends[0] > 8.7 && ends[0] <= 9.01 && ends[1] >= 56.99 && ends[1] < 57.3)
      #expect(line.allSatisfy { abs($0.y - line[0].y) < 1e-4 && abs($0.z - line[0].z) < 1e-4 })
    }
  }

  @Test func `a bundle around a corner is followed along its circle`() throws {
    let grid = try grid()
    let directions = TensorDirections(
      tensors(grid.extent) { x, y, _ in
        let radius = (Double(x * x + y * y)).squareRoot()
        return abs(radius - 12) < 3.5 ? [-Double(y), Double(x) + 1e-9, 0] : nil
      }, grid: grid, cutoff: 0.1)
    let corner = SIMD3<Float>(10, -20, 11)
    let seeds = SphereSeeds(centre: corner + [17, 17, 0], radius: 1, seed: 3)
    let (lines, _) = all(
      TrackingRun(Tracker(directions, rules: TrackingRules(for: grid)), seeds: seeds, seedCount: 20)
    )
    #expect(lines.count == 20)
    for line in lines {
      let radii = line.map { (($0 - corner) * ($0 - corner) * [1, 1, 0]).sum().squareRoot() }
      // A voxel of 2 mm.
      #expect(radii.allSatisfy { abs($0 - radii[0]) < 2 })
      let ends = [line[0] - corner, line[line.count - 1] - corner].sorted { $0.x < $1.x }
      #expect(abs(ends[0].x) < 2 && abs(ends[1].y) < 2)
    }
  }

  @Test func `seed number N does not depend on threads, or on how many are asked for`() throws {
    let grid = try grid()
    let directions = TensorDirections(
      tensors(grid.extent) { x, y, _ in [1, 0.3 * Double(y % 3), 0.1 * Double(x % 2)] },
      grid: grid, cutoff: 0.1)
    let seeds = try #require(RandomSeeds(in: region(grid) { _, _, _ in true }, seed: 7))
    let tracker = Tracker(directions, rules: TrackingRules(for: grid))
    let one = all(TrackingRun(tracker, seeds: seeds, selected: 700), threads: 1)
    let three = all(TrackingRun(tracker, seeds: seeds, selected: 700), threads: 3)
    #expect(one.streamlines.count == 700)
    #expect(one.streamlines == three.streamlines && one.tally == three.tally)
    let fewer = all(TrackingRun(tracker, seeds: seeds, seedCount: 100), threads: 2)
    #expect(fewer.tally.seeds == 100)
    #expect(fewer.streamlines == Array(one.streamlines.prefix(fewer.streamlines.count)))
    let other = try #require(RandomSeeds(in: region(grid) { _, _, _ in true }, seed: 8))
    #expect(other.seed(0) != seeds.seed(0) && seeds.seed(0) != seeds.seed(1))
  }

  @Test func `regions include, exclude, stop and bound`() throws {
    let grid = try grid()
    let directions = PeakDirections(peaks(grid.extent), grid: grid, cutoff: 0.1, angle: 60)
    // Two rows of seeds, at y = -20 and -10 mm.
    let seeds = try #require(
      GridSeeds(in: region(grid) { $0 == 10 && ($1 == 0 || $1 == 5) && $2 == 3 }, perAxis: 1))
    let rules = TrackingRules(for: grid)
    func run(_ criteria: [any StoppingCriterion], _ included: [Region] = []) -> (
      [[SIMD3<Float>]], TrackingTally
    ) {
      all(
        TrackingRun(
          Tracker(directions, criteria: criteria, included: included, rules: rules), seeds: seeds))
    }
    let sphere = Region.sphere(centre: [40, -10, 11], radius: 3)
    #expect(run([]).0.count == 2)
    let (included, missed) = run([], [sphere])
    #expect(included.count == 1 && included[0][0].y == -10 && missed.counts[.missed] == 1)
    #expect(run([], [sphere, .sphere(centre: [40, -20, 11], radius: 3)]).0.isEmpty)
    let (kept, excluded) = run([ExclusionCriterion(sphere)])
    #expect(kept.count == 1 && kept[0][0].y == -20 && excluded.counts[.excluded] == 1)
    let (stopped, _) = run([TargetCriterion(sphere)])
    #expect(stopped.count == 2)
    let end =
      stopped.flatMap { [$0[0], $0[$0.count - 1]] }.filter { $0.y == -10 }.map(\.x).max() ?? 0
    #expect(end >= 37 && end < 37.21)
    let (bounded, _) = run([
      MaskCriterion(.voxels(region(grid) { x, _, _ in (4...14).contains(x) }))
    ])
    for line in bounded {
      #expect(line.allSatisfy { $0.x > 17 && $0.x < 39 })
      #expect(line.count > 105)
    }
    #expect(
      run([MaskCriterion(.voxels(region(grid) { x, _, _ in x == 0 }))]).1.counts[.invalidSeed] == 2)
  }

  @Test func `lengths bound streamlines`() throws {
    let grid = try grid()
    let directions = PeakDirections(peaks(grid.extent), grid: grid, cutoff: 0.1, angle: 60)
    let seeds = try #require(
      GridSeeds(in: region(grid) { $0 == 10 && $1 == 4 && $2 == 3 }, perAxis: 1))
    var rules = TrackingRules(for: grid)
    rules.greatestLength = 20
    let line = try #require(
      all(TrackingRun(Tracker(directions, rules: rules), seeds: seeds)).streamlines.first)
    // Each end takes at least one step.
    #expect(line.count == 104)
    rules.greatestLength = 100
    rules.leastLength = 60
    let (none, tally) = all(TrackingRun(Tracker(directions, rules: rules), seeds: seeds))
    #expect(none.isEmpty && tally.counts[.tooShort] == 1)
  }

  @Test func `peaks below the cutoff, seeds outside and empty regions come to nothing`() throws {
    let grid = try grid()
    let strict = PeakDirections(peaks(grid.extent), grid: grid, cutoff: 0.8, angle: 60)
    var memory = TrackingMemory()
    #expect(strict.direction(at: [20, -10, 11], after: nil, using: &memory) == nil)
    let directions = PeakDirections(peaks(grid.extent), grid: grid, cutoff: 0.1, angle: 60)
    #expect(directions.direction(at: [20, -10, 11], after: nil, using: &memory) == [1, 0, 0])
    #expect(
      directions.direction(at: [20, -10, 11], after: [-1, 0, 0], using: &memory) == [-1, 0, 0])
    #expect(directions.direction(at: [20, -10, 11], after: [0, 1, 0], using: &memory) == nil)
    for outside in [[8.9, -10, 11], [57.1, -10, 11], [.nan, 0, 0], [1e30, 0, 0]] as [SIMD3<Float>] {
      #expect(directions.direction(at: outside, after: nil, using: &memory) == nil)
    }
    #expect(RandomSeeds(in: region(grid) { _, _, _ in false }, seed: 1) == nil)
    #expect(GridSeeds(in: region(grid) { _, _, _ in false }, perAxis: 1) == nil)
  }

  @Test func `of several peaks the nearest in angle is followed, the largest at a seed`() throws {
    let grid = try grid(z: 1, y: 1, x: 1)
    let values: [Float] = [0.5, 0, 0, 0, 0.9, 0, .nan, .nan, .nan]
    let directions = PeakDirections(
      Volume(channels: 9, box: VoxelBox(origin: .zero, extent: grid.extent), values: values),
      grid: grid, cutoff: 0.1, angle: 60)
    var memory = TrackingMemory()
    #expect(directions.direction(at: [10, -20, 5], after: nil, using: &memory) == [0, 1, 0])
    #expect(
      directions.direction(at: [10, -20, 5], after: [-0.8, 0.6, 0], using: &memory) == [-1, 0, 0])
  }
}
