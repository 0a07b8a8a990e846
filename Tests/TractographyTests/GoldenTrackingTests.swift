import Diffusion
import LinearAlgebra
import ScannerImages
import StreamlineFormats
import TestSupport
import Testing
import Tractography
import Voxels

/// Streamlines of tckgen 3.0.3 (`tools/golden/tckgen.py`).
struct GoldenTrackingTests {
  private static let folder = "\(volumes)/golden/mrtrix3-3.0.3/tracking"

  private func streamlines(_ name: String) throws -> [[Float]] {
    let reader = try TractogramFiles.open("\(Self.folder)/\(name).tck")
    var (lines, batch): ([[Float]], StreamlineBatch) = ([], StreamlineBatch())
    while try reader.read(into: &batch) {
      lines += (0..<batch.count).map { Array(batch.coordinates(of: $0)) }
    }
    return lines
  }

  private func region(_ name: String, _ grid: TrackingGrid) throws -> VoxelRegion {
    let values = try ScannerImage("\(Self.folder)/\(name).nii.gz").volume()
    let span = values.span
    return VoxelRegion(
      Volume(box: values.box, values: span.indices.map { span[$0] > 0 ? 1 : 0 }), grid: grid)
  }

  private func signals(_ name: String, cutoff: Float) throws -> SignalDirections {
    let image = try ScannerImage("\(Self.folder)/\(name).nii.gz")
    let rows = try GradientFile.mrtrix("\(Self.folder)/\(name).b", of: image.header)
    let grid = try #require(TrackingGrid(extent: image.extent, transform: image.transform))
    return try SignalDirections(gradients: GradientTable(rows: rows), grid: grid, cutoff: cutoff) {
      try image.slab(volumes: 0..<image.volumes, z: $0..<$0 + 1)
    }
  }

  /// The largest distance along an axis, whichever end comes first.
  private func check(
    _ tracker: Tracker, _ seeds: any SeedSource, _ name: String, tolerance: Float = 1e-3
  ) throws {
    let expected = try streamlines(name)
    var found: [[Float]] = []
    _ = TrackingRun(tracker, seeds: seeds)(threads: 2) { (part, _) in
      found += part.bounds.map {
        Array(part.positions[3 * $0.lowerBound..<3 * $0.upperBound])
      }
    }
    try #require(found.count == expected.count && !expected.isEmpty)
    for (line, other) in zip(found, expected) {
      try #require(line.count == other.count)
      let points = line.count / 3
      let turned = (0..<points).reversed().flatMap { other[3 * $0..<3 * $0 + 3] }
      let distances = [other, turned].map { zip(line, $0).map { abs($0 - $1) }.max() ?? .infinity }
      #expect((distances.min() ?? .infinity) < tolerance)
    }
  }

  @Test(arguments: ["las", "turned"])
  func `tensors of interpolated signals are followed as Tensor_Det does`(_ name: String) throws {
    let directions = try signals(name, cutoff: 0.1)
    let seeds = try #require(
      GridSeeds(in: try region("\(name)-seeds", directions.grid), perAxis: 2))
    var rules = TrackingRules(for: directions.grid)
    rules.step = 0.5
    try check(Tracker(directions, rules: rules), seeds, "\(name)-tensor")
    let strict = try signals(name, cutoff: 0.3)
    rules.step = 0.8
    rules.angle = 20
    rules.leastLength = 12
    let mask = MaskCriterion(.voxels(try region("\(name)-mask", directions.grid)))
    try check(Tracker(strict, criteria: [mask], rules: rules), seeds, "\(name)-bounded")
  }

  @Test(arguments: ["las", "turned"])
  func `interpolated tensors lead nearly the same way`(_ name: String) throws {
    let image = try ScannerImage("\(Self.folder)/\(name).nii.gz")
    let rows = try GradientFile.mrtrix("\(Self.folder)/\(name).b", of: image.header)
    let fit = try TensorFit(
      GradientTable(rows: rows), method: .linear(start: .signals, iterations: 2))
    let grid = try #require(TrackingGrid(extent: image.extent, transform: image.transform))
    let tensors = fit(
      try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z), mask: nil, threads: 2)
    var rules = TrackingRules(for: grid)
    rules.step = 0.5
    let seeds = try #require(GridSeeds(in: try region("\(name)-seeds", grid), perAxis: 2))
    try check(
      Tracker(TensorDirections(tensors.tensor, grid: grid, cutoff: 0.1), rules: rules), seeds,
      "\(name)-tensor", tolerance: 0.2)
  }

  @Test(arguments: ["las", "turned"])
  func `peaks are followed as FACT does`(_ name: String) throws {
    let image = try ScannerImage("\(Self.folder)/\(name)-peaks.nii.gz")
    let grid = try #require(TrackingGrid(extent: image.extent, transform: image.transform))
    let peaks = try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
    let directions = PeakDirections(peaks, grid: grid, cutoff: 0.1, angle: 60)
    let seeds = try #require(GridSeeds(in: try region("\(name)-seeds", grid), perAxis: 2))
    var rules = TrackingRules(for: grid)
    rules.step = 0.5
    try check(Tracker(directions, rules: rules), seeds, "\(name)-fact")
  }
}
