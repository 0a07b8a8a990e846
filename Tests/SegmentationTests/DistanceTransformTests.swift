import FoundationEssentials
import Segmentation
import TestSupport
import Testing
import Voxels

/// What scipy finds in small masks; written by tools/golden/distances.py.
private struct GoldenDistances: Decodable {
  let shape: [Int]
  let spacing: [Double]
  let mask: String
  let distances: [Double]

  init(_ case: String) throws {
    let file = "\(volumesFolder)/golden/scipy-1.17.1/distances/\(`case`).json"
    self = try JSONDecoder().decode(Self.self, from: try Data(contentsOf: URL(filePath: file)))
  }
}

struct DistanceTransformTests {
  private let unit = VoxelSize(z: 1, y: 1, x: 1)

  @Test func `distances in a row are to the nearest voxel outside`() {
    let mask = Volume<UInt8>(
      box: VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 9)), values: [1, 1, 0, 1, 1, 1, 1, 0, 1])
    #expect(
      squaredDistances(in: mask, spacing: unit, reach: 9).values == [4, 1, 0, 1, 4, 4, 1, 0, 1])
    let long = VoxelSize(z: 1, y: 1, x: 2.5)
    #expect(
      squaredDistances(in: mask, spacing: long, reach: 9).values
        == [25, 6.25, 0, 6.25, 25, 25, 6.25, 0, 6.25])
  }

  @Test func `where nothing is outside every distance is the reach`() {
    let mask = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 3)), fill: 2)
    #expect(squaredDistances(in: mask, spacing: unit, reach: 5).values.allSatisfy { $0 == 25 })
    let none = Volume<UInt8>(box: VoxelBox(extent: VoxelExtent(cube: 3)))
    #expect(squaredDistances(in: none, spacing: unit, reach: 5).values.allSatisfy { $0 == 0 })
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `distances are those to the nearest of all voxels outside`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let box = VoxelBox.random(upTo: 9, using: &generator)
    let share: Double = [0.02, 0.1, 0.5].randomElement(using: &generator) ?? 0.1
    let mask = Volume<UInt8>(
      box: box,
      values: box.positions.map { _ in .random(in: 0..<1, using: &generator) < share ? 0 : 1 })
    let spacing = VoxelSize(
      z: [1, 2.4, 6].randomElement(using: &generator) ?? 1, y: 1,
      x: [1, 1.5].randomElement(using: &generator) ?? 1)
    let reach: Double = [2.0, 4.5, 40].randomElement(using: &generator) ?? 4
    for dimensions in [DistanceDimensions.volume, .sections] {
      let outside = box.positions.filter { mask[$0] == 0 }
      let expected = box.positions.map { voxel -> Double in
        var nearest = reach * reach
        for other in outside where dimensions == .volume || other.z == voxel.z {
          let step = other - voxel
          let z = Double(step.z) * spacing.z
          let y = Double(step.y) * spacing.y
          let x = Double(step.x) * spacing.x
          nearest = min(nearest, z * z + y * y + x * x)
        }
        return nearest
      }
      let found = squaredDistances(
        in: mask, spacing: spacing, reach: reach, dimensions: dimensions)
      for (distance, wanted) in zip(found.values, expected) {
        #expect(abs(Double(distance) - wanted) <= 1e-6 * wanted, "seed \(seed)")
      }
    }
  }

  @Test(arguments: ["cubes", "sections", "oblong", "plane"])
  func `scipy finds the same distances`(name: String) throws {
    let golden = try GoldenDistances(name)
    let mask = Volume<UInt8>(
      box: VoxelBox(
        extent: VoxelExtent(z: golden.shape[0], y: golden.shape[1], x: golden.shape[2])),
      values: golden.mask.utf8.map { $0 - UInt8(ascii: "0") })
    let spacing = VoxelSize(z: golden.spacing[0], y: golden.spacing[1], x: golden.spacing[2])
    let found = squaredDistances(in: mask, spacing: spacing, reach: 100).values
    #expect(found.count == golden.distances.count)
    for (square, expected) in zip(found, golden.distances) {
      #expect(abs(Double(square).squareRoot() - expected) <= 1e-6 * expected)
    }
  }
}
