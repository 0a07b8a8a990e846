import Diffusion
import LinearAlgebra
import ScannerImages
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Fits of the image of `tools/golden/tensors.py` by MRtrix 3.0.3 and DIPY 1.12.1.
struct TensorFitTests {
  private static let folder = "\(volumes)/golden/tensors"

  private static func volume(_ name: String) throws -> Volume<Float> {
    let image = try ScannerImage("\(folder)/\(name).nii.gz")
    return try image.slab(volumes: 0..<image.volumes, z: 0..<image.extent.z)
  }

  private static func gradients(_ vectors: String = "dwi.bvec") throws -> GradientTable {
    let image = try ScannerImage("\(folder)/dwi.nii.gz")
    return try GradientTable(
      rows: GradientFile.fsl(
        vectors: "\(folder)/\(vectors)", values: "\(folder)/dwi.bval", of: image.header))
  }

  private static func fit(
    _ method: TensorFit.Method, threads: Int = 2, mask: Volume<UInt8>? = nil
  ) throws -> TensorFit.Result {
    try TensorFit(gradients(), method: method)(
      volume("dwi"), mask: mask, predicting: true, threads: threads)
  }

  private static func array(_ volume: Volume<Float>) -> [Float] {
    let values = volume.span
    return values.indices.map { values[$0] }
  }

  /// The largest difference, relative to the largest value of the same voxel, and in how many voxels
  /// it is above a bound; the first voxel has no signal and is left out.
  private static func differences(
    _ one: Volume<Float>, _ other: Volume<Float>, above bound: Double = 0
  ) -> (largest: Double, count: Int) {
    let (a, b) = (array(one), array(other))
    let count = one.extent.voxelCount
    var (largest, above) = (0.0, 0)
    for voxel in 1..<count {
      var (difference, size) = (0.0, Double.leastNormalMagnitude)
      for channel in 0..<one.channels {
        let place = channel * count + voxel
        difference = max(difference, Double(abs(a[place] - b[place])))
        if (a[place] - b[place]).isNaN { difference = .infinity }
        size = max(size, Double(abs(b[place])))
      }
      largest = max(largest, difference / size)
      if difference / size > bound { above += 1 }
    }
    return (largest, above)
  }

  @Test(arguments: [
    ("ols", TensorFit.Method.linear(start: .equal, iterations: 0)),
    ("wls", .linear(start: .signals, iterations: 0)),
    ("iwls", .linear(start: .signals, iterations: 2)),
  ])
  func `linear fits are MRtrix's`(name: String, method: TensorFit.Method) throws {
    let result = try Self.fit(method)
    #expect(result.failed == 1)
    // To the last bit on the machine that made them; one unit in the last place elsewhere.
    #expect(Self.differences(result.tensor, try Self.volume("mrtrix-\(name)")).largest < 2e-7)
    #expect(
      Self.differences(result.baseline, try Self.volume("mrtrix-\(name)-s0")).largest < 2e-7)
    let predicted = try #require(result.predicted)
    #expect(
      Self.differences(predicted, try Self.volume("mrtrix-\(name)-predicted")).largest < 2e-7)
  }

  @Test(arguments: [
    (TensorMap.fa, "fa"), (.md, "md"), (.ad, "ad"), (.rd, "rd"), (.cl, "cl"), (.cp, "cp"),
    (.cs, "cs"),
  ])
  func `maps are MRtrix's`(map: TensorMap, name: String) throws {
    let tensors = try Self.volume("mrtrix-iwls")
    let maps = TensorMap.volumes([map], of: tensors, threads: 2)
    #expect(Self.differences(maps[0], try Self.volume("mrtrix-\(name)")).largest < 1e-5)
  }

  @Test func `eigenvectors are MRtrix's up to their sign`() throws {
    let tensors = try Self.volume("mrtrix-iwls")
    let maps = TensorMap.volumes([.v1, .v2, .v3, .eigenvalues], of: tensors, threads: 1)
    let count = tensors.extent.voxelCount
    for number in 0..<3 {
      let other = try Self.volume("mrtrix-v\(number + 1)")
      let values = try Self.volume("mrtrix-l\(number + 1)")
      let (a, b) = (Self.array(maps[number]), Self.array(other))
      let (found, expected) = (Self.array(maps[3]), Self.array(values))
      for voxel in 1..<count {
        let cosine = (0..<3).reduce(0.0) {
          $0 + Double(a[$1 * count + voxel]) * Double(b[$1 * count + voxel])
        }
        #expect(abs(abs(cosine) - 1) < 1e-5)
        let eigenvalue = found[number * count + voxel]
        #expect(abs(eigenvalue - expected[voxel]) <= 1e-6 * abs(found[voxel]))
      }
    }
  }

  @Test func `modes of anisotropy are DIPY's`() throws {
    let fit = try Self.fit(.linear(start: .equal, iterations: 1))
    let mode = TensorMap.volumes([.mode], of: fit.tensor, threads: 1)[0]
    // DIPY clips negative eigenvalues, and takes negative signals for another value.
    #expect(Self.differences(mode, try Self.volume("dipy-mode"), above: 1e-5).count <= 8)
  }

  private static func dipy(_ name: String) throws -> Volume<Float> {
    let stored = try volume("dipy-\(name)")
    let (count, values) = (stored.extent.voxelCount, array(stored))
    var sorted = values
    for voxel in 0..<count {
      let six = (0..<6).map { Double(values[$0 * count + voxel]) }
      let tensor = TensorOrder.mrtrix.values(TensorOrder.dipy.tensor(six))
      for channel in 0..<6 { sorted[channel * count + voxel] = Float(tensor[channel]) }
    }
    return Volume(channels: 6, box: stored.box, values: sorted)
  }

  /// DIPY has other rules in a few voxels: it clips negative eigenvalues, takes another value for a
  /// negative signal, and stops nonlinear fits earlier.
  @Test(arguments: [
    ("ols", TensorFit.Method.linear(start: .equal, iterations: 0), 1e-6, 3),
    ("wls", .linear(start: .equal, iterations: 1), 1e-6, 1),
    ("nlls", .nonlinear, 1e-6, 12), ("nlls", .nonlinear, 1e-4, 3),
  ])
  func `fits are DIPY's where the rules agree`(
    name: String, method: TensorFit.Method, bound: Double, exceptions: Int
  ) throws {
    let result = try Self.fit(method)
    let found = Self.differences(result.tensor, try Self.dipy(name), above: bound)
    #expect(found.count <= exceptions)
  }

  @Test func `a robust fit sees through outliers`() throws {
    // Voxel (2, 0, 0) has two signals that are far off.
    let signals = try Self.volume("dwi")
    let table = try Self.gradients()
    let without = try TensorFit(table, method: .nonlinear)(signals, mask: nil, threads: 1)
    let robust = try TensorFit(table, method: .robust(noise: 15))(signals, mask: nil, threads: 1)
    let dipy = try Self.dipy("restore")
    let count = signals.extent.voxelCount
    let expected = Self.array(dipy)
    func difference(_ one: Volume<Float>) -> Double {
      let found = Self.array(one)
      return (0..<6).map { Double(abs(found[$0 * count + 2] - expected[$0 * count + 2])) }.max()
        ?? 0
    }
    #expect(difference(robust.tensor) < 1e-6)
    #expect(difference(without.tensor) > 1e-5)
    // Where nothing lies far off, both are the same.
    let (one, other) = (Self.array(robust.tensor), Self.array(without.tensor))
    let clean = (0..<count).count { voxel in
      (0..<6).allSatisfy { one[$0 * count + voxel] == other[$0 * count + voxel] }
    }
    #expect(clean > count / 2)
  }

  @Test(arguments: [
    TensorFit.Method.linear(start: .signals, iterations: 2), .nonlinear, .robust(noise: nil),
  ])
  func `results depend neither on threads nor on slabs`(method: TensorFit.Method) throws {
    let whole = try Self.fit(method, threads: 1)
    let many = try Self.fit(method, threads: 5)
    #expect(whole.tensor == many.tensor)
    #expect(whole.baseline == many.baseline)
    let image = try ScannerImage("\(Self.folder)/dwi.nii.gz")
    let fit = try TensorFit(Self.gradients(), method: method)
    for z in 0..<image.extent.z {
      let part = try fit(
        image.slab(volumes: 0..<image.volumes, z: z..<z + 1), mask: nil, threads: 2)
      for channel in 0..<6 {
        for y in 0..<image.extent.y {
          for x in 0..<image.extent.x {
            let place = VoxelPosition(z: z, y: y, x: x)
            #expect(part.tensor[place, channel: channel] == whole.tensor[place, channel: channel])
          }
        }
      }
    }
  }

  @Test func `voxels outside the mask stay zero`() throws {
    let box = try Self.volume("dwi").box
    var mask = Volume<UInt8>(box: box)
    mask[VoxelPosition(z: 1, y: 2, x: 3)] = 1
    let result = try Self.fit(.linear(start: .signals, iterations: 2), mask: mask)
    #expect(Self.array(result.baseline).count { $0 != 0 } == 1)
    #expect(result.failed == 0)
    let whole = try Self.fit(.linear(start: .signals, iterations: 2))
    let place = VoxelPosition(z: 1, y: 2, x: 3)
    for channel in 0..<6 {
      let (one, other) = (
        result.tensor[place, channel: channel], whole.tensor[place, channel: channel]
      )
      #expect(abs(one - other) <= 1e-9)
    }
  }

  @Test func `a signal that is no number makes no fit`() throws {
    var signals = try Self.volume("dwi")
    signals[VoxelPosition(z: 2, y: 2, x: 2), channel: 4] = .nan
    signals[VoxelPosition(z: 2, y: 2, x: 3), channel: 4] = .infinity
    let result = try TensorFit(
      Self.gradients(), method: .linear(start: .signals, iterations: 2))(
        signals, mask: nil, threads: 1)
    #expect(result.failed == 3)
    #expect(result.tensor[VoxelPosition(z: 2, y: 2, x: 2)] == 0)
    #expect(Self.array(result.tensor).allSatisfy { $0.isFinite })
  }

  @Test func `clipping raises negative eigenvalues only`() throws {
    var tensors = Volume<Float>(channels: 6, box: VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 3)))
    for (channel, value) in [0.001, 0.0005, -0.0002, 0, 0, 0].enumerated() {
      tensors[.zero, channel: channel] = Float(value)
      tensors[VoxelPosition(z: 0, y: 0, x: 1), channel: channel] = Float(abs(value))
    }
    let whole = tensors
    #expect(tensors.clipTensors(to: 1e-9) == 1)
    #expect(abs(tensors[.zero, channel: 2] - 1e-9) < 1e-14)
    for channel in 0..<6 {
      for x in 1..<3 {
        let place = VoxelPosition(z: 0, y: 0, x: x)
        #expect(tensors[place, channel: channel] == whole[place, channel: channel])
      }
    }
  }

  @Test(arguments: TensorOrder.allCases)
  func `orders of tensors go there and back`(order: TensorOrder) {
    let tensor = DiffusionTensor(diagonal: SIMD3(1, 2, 3), offDiagonal: SIMD3(4, 5, 6))
    let values = order.values(tensor)
    #expect(order.tensor(values) == tensor)
    let expected: [Double] =
      switch order {
      case .mrtrix: [1, 2, 3, 4, 5, 6]
      case .fsl: [1, 4, 5, 2, 6, 3]
      case .dipy: [1, 4, 2, 5, 6, 3]
      }
    #expect(values == expected)
  }

  @Test func `a table without enough directions is refused`() throws {
    let rows = [SIMD4(0.0, 0, 0, 0)] + (0..<8).map { _ in SIMD4(1.0, 0, 0, 1000) }
    let table = try GradientTable(rows: rows)
    #expect(throws: DiffusionError.self) {
      try TensorFit(table, method: .linear(start: .equal, iterations: 0))
    }
  }

  @Test func `lengths of directions carry b-values where they differ from 1`() throws {
    let table = try GradientTable(rows: [SIMD4(2, 0, 0, 100), SIMD4(0, 1, 0, 100)])
    #expect(table.isScaled)
    #expect(table.bValues == [400, 100])
    #expect(table.directions[0] == SIMD3(1, 0, 0))
    let near = try GradientTable(rows: [SIMD4(1.001, 0, 0, 100)])
    #expect(!near.isScaled)
    #expect(near.bValues == [100])
  }

  @Test func `directions in columns and with NaN are the same`() throws {
    let (one, other) = (try Self.gradients(), try Self.gradients("columns.bvec"))
    #expect(one.bValues == other.bValues)
    #expect(one.directions == other.directions)
  }

  @Test func `directions are in scanner axes as MRtrix has them`() throws {
    let image = try ScannerImage("\(Self.folder)/dwi.nii.gz")
    let rows = try GradientFile.mrtrix("\(Self.folder)/dwi.b", of: image.header)
    let table = try GradientTable(rows: rows)
    for (one, other) in zip(table.directions, try Self.gradients().directions) {
      let difference = one - other
      #expect((difference * difference).sum() < 1e-18)
    }
  }
}
