import Diffusion
import TestSupport
import Testing
import Voxels

struct DeconvolutionTests {
  private func difference(_ found: Volume<Float>, _ expected: [Float]) throws -> Float {
    let span = found.span
    try #require(span.count == expected.count)
    return span.indices.map { abs(span[$0] - expected[$0]) }.max() ?? .infinity
  }

  private func deconvolution(
    _ table: GradientTable, _ change: (inout SphericalDeconvolution.Options) -> Void = { _ in }
  ) throws -> SphericalDeconvolution {
    var options = SphericalDeconvolution.Options()
    change(&options)
    return try SphericalDeconvolution(
      table, response: numbers("single.txt")[0], options: options)
  }

  @Test func `densities of one shell are those of dwi2fod along the same directions`() throws {
    let (signals, table) = try image("single")
    let axes = try directions("directions300.txt")
    let slab = try deconvolution(table) { $0.directions = axes }(signals, mask: nil, threads: 2)
    #expect(try difference(slab.densities, values("csd.nii.gz")) < 1e-6)
    #expect(slab.failed == 0 && slab.unsettled == 0)
  }

  @Test func `every option is that of dwi2fod`() throws {
    let (signals, table) = try image("single")
    let axes = try directions("directions300.txt")
    let inside = try values("mask.nii.gz").map { $0 > 0 ? UInt8(1) : 0 }
    let slab = try deconvolution(table) {
      $0.directions = axes
      $0.degree = 6
      $0.iterations = 3
      $0.threshold = 0.05
      $0.negativity = 0.5
      $0.norm = 2
    }(signals, mask: Volume(box: signals.box, values: inside), threads: 1)
    #expect(try difference(slab.densities, values("csd-options.nii.gz")) < 1e-6)
  }

  @Test func `own directions give nearly what MRtrix's give`() throws {
    let (signals, table) = try image("single")
    let slab = try deconvolution(table)(signals, mask: nil, threads: 1)
    let expected = try values("csd-builtin.nii.gz")
    #expect(try difference(slab.densities, expected) < 0.02 * (expected.max() ?? 0))
  }

  @Test func `threads change nothing`() throws {
    let (signals, table) = try image("single")
    let deconvolution = try deconvolution(table)
    let one = deconvolution(signals, mask: nil, threads: 1).densities
    let span = one.span
    #expect(
      try difference(
        deconvolution(signals, mask: nil, threads: 3).densities, span.indices.map { span[$0] }) == 0
    )
  }

  @Test func `the fibre of a simulated voxel is found again`() throws {
    let (_, table) = try image("single")
    let axis = SIMD3(0.6, -0.48, 0.64)
    let response = try numbers("single.txt")[0]
    let zonal = table.directions.map { direction in
      SphericalHarmonics.zonal(atCosine: abs((direction * axis).sum()), degree: 8)
    }
    let values = zonal.map { row in Float(zip(row, response).reduce(0) { $0 + $1.0 * $1.1 }) }
    let box = VoxelBox(origin: .zero, extent: VoxelExtent(z: 1, y: 1, x: 1))
    let signals = Volume(channels: table.count, box: box, values: values)
    let density = try deconvolution(table)(signals, mask: nil, threads: 1).densities
    let peaks = PeakMap(degree: 8, count: 1)(density, mask: nil, threads: 1)
    let span = peaks.span
    let peak = SIMD3(Double(span[0]), Double(span[1]), Double(span[2]))
    #expect(abs((peak * axis).sum()) / (peak * peak).sum().squareRoot() > 0.999)
  }

  @Test func `voxels without finite signals are zero`() throws {
    let (signals, table) = try image("single")
    var broken = signals
    var target = broken.mutableSpan
    target[5 * signals.extent.voxelCount] = .nan
    let slab = try deconvolution(table)(broken, mask: nil, threads: 1)
    #expect(slab.failed == 1)
    let span = slab.densities.span
    #expect((0..<45).allSatisfy { span[$0 * signals.extent.voxelCount] == 0 })
  }

  @Test func `densities of three tissues are those of dwi2fod along the same directions`() throws {
    let (signals, table) = try image("multi")
    var options = MultiTissueDeconvolution.Options()
    options.directions = try directions("directions300.txt")
    let deconvolution = try MultiTissueDeconvolution(
      table, responses: [numbers("wm.txt"), numbers("gm.txt"), numbers("csf.txt")],
      options: options)
    #expect(deconvolution.degrees == [6, 0, 0])
    let slab = deconvolution(signals, mask: nil, threads: 2)
    let expected = try ["wm", "gm", "csf"].flatMap { try values("\($0).nii.gz") }
    #expect(try difference(slab.densities, expected) < 1e-6)
    #expect(slab.unsettled == 0)
    options.degrees = [4, 0]
    let two = try MultiTissueDeconvolution(
      table, responses: [numbers("wm.txt"), numbers("csf.txt")], options: options)
    let pair = try ["wm4", "csf4"].flatMap { try values("\($0).nii.gz") }
    #expect(try difference(two(signals, mask: nil, threads: 1).densities, pair) < 1e-6)
  }

  @Test func `a response of given voxels is that of amp2response`() throws {
    let (signals, table) = try image("single")
    let inside = Volume(
      box: signals.box, values: try values("mask.nii.gz").map { $0 > 0 ? UInt8(1) : 0 })
    var estimate = try ResponseEstimate(table, shells: table.clusteredShells())
    signals.addSingleFibres(to: &estimate, mask: inside, fibres: try volume("fibres.nii.gz"))
    for (row, expected) in zip(try estimate.response(), try numbers("manual.txt")) {
      try #require(row.count == expected.count)
      for (value, other) in zip(row, expected) { #expect(abs(value - other) < 1e-3) }
    }
  }

  @Test func `the search finds the voxels with one fibre`() throws {
    let (_, table) = try image("single")
    var generator = SeededGenerator(seed: 4)
    let box = VoxelBox(origin: .zero, extent: VoxelExtent(z: 1, y: 1, x: 8))
    var signals = Volume<Float>(channels: table.count, box: box)
    var target = signals.mutableSpan
    for voxel in 0..<8 {
      let fibres = (0..<(voxel < 4 ? 1 : 2)).map { _ in
        var axis = SIMD3<Double>.random(in: -1...1, using: &generator)
        axis /= (axis * axis).sum().squareRoot()
        return axis
      }
      for (volume, direction) in table.directions.enumerated() {
        let sum = fibres.reduce(0.0) { sum, axis in
          let cosine = (direction * axis).sum()
          return sum + decay(table.bValues[volume] * (2e-4 + 1.5e-3 * cosine * cosine))
        }
        target[volume * 8 + voxel] = Float(1000 * sum / Double(fibres.count))
      }
    }
    var search = SingleFibreSearch()
    search.number = 4
    let result = try search(
      signals, gradients: table, mask: Volume(box: box, fill: 1), threads: 2)
    let voxels = result.voxels.span
    #expect(voxels.indices.map { voxels[$0] } == [1, 1, 1, 1, 0, 0, 0, 0])
    #expect(result.hasSettled)
    #expect(result.response.count == 6 && result.response[0] > 0 && result.response[1] < 0)
  }

  @Test func `what cannot be deconvolved is refused`() throws {
    let (_, table) = try image("single")
    let (_, shells) = try image("multi")
    func refuses(
      _ message: String, _ body: () throws -> Void, _ place: SourceLocation = #_sourceLocation
    ) {
      do {
        try body()
        Issue.record("nothing was refused", sourceLocation: place)
      } catch {
        #expect("\(error)".contains(message), sourceLocation: place)
      }
    }
    refuses("does not depend on the direction") {
      _ = try SphericalDeconvolution(table, response: [600])
    }
    refuses("not sound") { _ = try SphericalDeconvolution(table, response: [-600, 1]) }
    refuses("degree of the densities") {
      _ = try deconvolution(table) { $0.degree = 5 }
    }
    let few = try GradientTable(
      rows: (0..<16).map { SIMD4($0 < 4 ? 1 : 0, $0 < 4 ? 0 : 1, 0, $0 < 4 ? 3000 : 0) })
    refuses("too few directions") { _ = try SphericalDeconvolution(few, response: [600, -200]) }
    let none = try GradientTable(rows: [SIMD4(1, 0, 0, 0), SIMD4(0, 1, 0, 0)])
    refuses("diffusion-weighted") { _ = try SphericalDeconvolution(none, response: [600, -200]) }
    refuses("one row for each shell") {
      _ = try MultiTissueDeconvolution(shells, responses: [numbers("wm.txt"), [[1], [2]]])
    }
    refuses("one degree for each tissue") {
      var options = MultiTissueDeconvolution.Options()
      options.degrees = [8]
      _ = try MultiTissueDeconvolution(
        shells, responses: [numbers("wm.txt"), numbers("gm.txt")], options: options)
    }
    let scattered = try GradientTable(rows: (0..<9).map { SIMD4(1, 0, 0, Double($0) * 500) })
    withKnownIssue("single volumes with b-values of their own count as shells") {
      refuses("do not form shells") { _ = try scattered.clusteredShells() }
    }
  }
}
