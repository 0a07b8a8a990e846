import FloodFilling
import Foundation
import TestSupport
import Testing
import Voxels

/// What SciPy, scikit-image and NumPy find: see `tools/golden/seeds.py`.
private let folder = "\(volumes)/golden/scipy-1.17.1/seeds"
private let extent = VoxelExtent(z: 34, y: 40, x: 46)

private func bytes(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
}

private func goldenImage() throws -> Volume<Float> {
  Volume(
    box: VoxelBox(origin: VoxelPosition(z: 100, y: 200, x: 300), extent: extent),
    values: try bytes("image.u8").map { (Float($0) - 128) / 33 })
}

@Suite struct SeedTests {
  @Test func `peaks are those of the reference, one by one`() throws {
    let numbers = try bytes("seeds.i32")
    let values = stride(from: 0, to: numbers.count, by: 4).map { Int(numbers[$0]) }
    let expected = stride(from: 0, to: values.count, by: 3).map {
      VoxelPosition(z: 100 + values[$0], y: 200 + values[$0 + 1], x: 300 + values[$0 + 2])
    }
    let seeds = PeakSeeds().seeds(in: try goldenImage(), margin: VoxelExtent(cube: 4))
    #expect(expected.count > 20 && seeds == expected)
  }

  @Test func `edges are those of the reference`() throws {
    let edges = PeakSeeds().edges(of: try goldenImage())
    let (found, expected) = (edges.span, try bytes("edges.u8"))
    #expect(found.count == expected.count)
    for index in found.indices where found[index] != expected[index] {
      Issue.record("another edge at \(index)")
    }
  }

  @Test func `an image without edges, or too small for the margin, has few seeds or none`() {
    let flat = Volume<Float>(box: VoxelBox(extent: VoxelExtent(cube: 12)))
    #expect(PeakSeeds().seeds(in: flat, margin: .zero).count <= 8)
    #expect(PeakSeeds().seeds(in: flat, margin: VoxelExtent(cube: 6)).isEmpty)
  }

  @Test func `grids and lists keep within the margin`() {
    let image = Volume<Float>(
      box: VoxelBox(
        origin: VoxelPosition(z: 10, y: 0, x: 0), extent: VoxelExtent(z: 5, y: 7, x: 9)))
    let margin = VoxelExtent(z: 1, y: 2, x: 3)
    let grid = GridSeeds(step: VoxelExtent(z: 2, y: 2, x: 2)).seeds(in: image, margin: margin)
    #expect(
      grid
        == [11, 13].flatMap { z in
          [2, 4].flatMap { y in [3, 5].map { VoxelPosition(z: z, y: y, x: $0) } }
        })
    let list = [
      VoxelPosition(z: 13, y: 2, x: 3), VoxelPosition(z: 14, y: 2, x: 3),
      VoxelPosition(z: 11, y: 4, x: 5),
    ]
    #expect(ListedSeeds(list).seeds(in: image, margin: margin) == [list[0], list[2]])
  }
}
