import Diffusion
import LinearAlgebra
import TestSupport
import Testing
import Voxels

struct SphericalHarmonicsTests {
  @Test func `the basis is scipy's with MRtrix's order and signs`() throws {
    for row in try numbers("basis.txt") {
      let direction = SIMD3(row[0], row[1], row[2])
      let basis = SphericalHarmonics.basis(along: [direction], degree: 8)
      try #require(basis.columns == row.count - 3)
      for column in 0..<basis.columns { #expect(abs(basis[0, column] - row[column + 3]) < 1e-12) }
    }
  }

  @Test func `numbers of coefficients and degrees belong together`() {
    #expect([0, 2, 4, 6, 8].map(SphericalHarmonics.count) == [1, 6, 15, 28, 45])
    #expect(SphericalHarmonics.degree(count: 45) == 8)
    #expect(SphericalHarmonics.degree(count: 44) == nil)
    #expect(SphericalHarmonics.degree(determinedBy: 60) == 8)
    #expect(SphericalHarmonics.degree(determinedBy: 5) == 0)
    #expect(SphericalHarmonics.index(degree: 2, order: -2) == 1)
  }

  @Test func `fits are those of amp2sh and amplitudes those of sh2amp`() throws {
    let (signals, table) = try image("single")
    let volumes = table.bValues.indices.filter { table.bValues[$0] > 10 }
    let fit = try SphericalHarmonics.fit(
      along: volumes.map { table.directions[$0] }, degree: 6)
    let expected = try values("amp2sh.nii.gz")
    let count = signals.extent.voxelCount
    let source = signals.span
    for voxel in 0..<count {
      let right = Matrix(
        rows: volumes.count, columns: 1,
        values: volumes.map { Double(source[$0 * count + voxel]) })
      let found = fit * right
      for place in 0..<28 {
        #expect(abs(found[place, 0] - Double(expected[place * count + voxel])) < 1e-3)
      }
    }
    let (densities, amplitudes) = (try values("csd.nii.gz"), try values("sh2amp.nii.gz"))
    let basis = SphericalHarmonics.basis(along: try directions("directions60.txt"), degree: 8)
    for voxel in 0..<count {
      for row in 0..<basis.rows {
        let sum = (0..<45).reduce(0) {
          $0 + basis[row, $1] * Double(densities[$1 * count + voxel])
        }
        #expect(abs(sum - Double(amplitudes[row * count + voxel])) < 1e-5)
      }
    }
  }

  @Test func `convolution with a delta function changes nothing`() {
    let delta = SphericalHarmonics.zonal(atCosine: 1, degree: 8)
    for factor in SphericalHarmonics.convolutionFactors(delta) { #expect(abs(factor - 1) < 1e-12) }
  }

  @Test func `directions in a plane determine no degree of two`() {
    let ring = (0..<20).map { place in
      let t = Double(place) / 20
      let vector = SIMD3(1 - 2 * t, t, 0)
      return vector / (vector * vector).sum().squareRoot()
    }
    #expect(throws: DiffusionError.self) {
      try SphericalHarmonics.fit(along: ring, degree: 2)
    }
  }

  @Test func `peaks are those of sh2peaks from the same directions`() throws {
    let densities = try volume("csd.nii.gz")
    let map = PeakMap(degree: 8, starts: try directions("directions60.txt"))
    let found = map(densities, mask: nil, threads: 2)
    let (span, expected) = (found.span, try values("peaks.nii.gz"))
    try #require(span.count == expected.count)
    for place in expected.indices {
      #expect(span[place].isNaN == expected[place].isNaN)
      #expect(expected[place].isNaN || abs(span[place] - expected[place]) < 2e-5)
    }
  }

  @Test func `own directions find the peaks that MRtrix's find`() throws {
    let densities = try volume("csd.nii.gz")
    let found = PeakMap(degree: 8, count: 2, threshold: 0.1)(densities, mask: nil, threads: 1)
    let (span, expected) = (found.span, try values("peaks-builtin.nii.gz"))
    let count = densities.extent.voxelCount
    for voxel in 0..<count {
      for peak in 0..<2 {
        let places = (0..<3).map { (3 * peak + $0) * count + voxel }
        let direct = places.map { abs(span[$0] - expected[$0]) }.max() ?? 0
        let turned = places.map { abs(span[$0] + expected[$0]) }.max() ?? 0
        let isNone = expected[places[0]].isNaN
        #expect(span[places[0]].isNaN == isNone)
        #expect(isNone || min(direct, turned) < 2e-3)
      }
    }
  }
}
