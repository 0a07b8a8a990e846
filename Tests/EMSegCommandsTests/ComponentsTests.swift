import ZarrStore
import Labels
import TestSupport
import Testing
import VolumeStore
import Voxels

@Suite struct ComponentsTests {
  private static let box = VoxelBox(extent: VoxelExtent(z: 33, y: 37, x: 41))

  /// Few values, so that there are large components and small ones.
  private static func volume(seed: UInt64) -> Volume<UInt8> {
    var generator = SeededGenerator(seed: seed)
    return Volume(
      box: box,
      values: (0..<box.extent.voxelCount).map { _ in
        let draw = UInt8.random(in: 0...9, using: &generator)
        return draw < 5 ? 0 : draw < 8 ? 100 : 200
      })
  }

  /// Components numbered in raster order by a search from voxel to voxel.
  private static func searched(
    _ volume: Volume<UInt8>, connectivity: Int, threshold: UInt8?
  ) -> [UInt64] {
    let extent = volume.box.extent
    let kinds = values(volume).map { value -> UInt8 in
      guard let threshold else { return value }
      return value >= threshold ? 1 : 0
    }
    let most = [6: 1, 18: 2, 26: 3][connectivity] ?? 0
    let steps = (0..<27).map { ($0 / 9 - 1, $0 / 3 % 3 - 1, $0 % 3 - 1) }.filter {
      let length = abs($0.0) + abs($0.1) + abs($0.2)
      return length > 0 && length <= most
    }
    var labels = [UInt64](repeating: 0, count: kinds.count)
    var count: UInt64 = 0
    for start in kinds.indices where kinds[start] != 0 && labels[start] == 0 {
      count += 1
      labels[start] = count
      var stack = [start]
      while let here = stack.popLast() {
        let (z, y, x) = (
          here / (extent.y * extent.x), here / extent.x % extent.y, here % extent.x
        )
        for step in steps {
          let (z, y, x) = (z + step.0, y + step.1, x + step.2)
          guard z >= 0, z < extent.z, y >= 0, y < extent.y, x >= 0, x < extent.x else { continue }
          let next = (z * extent.y + y) * extent.x + x
          guard kinds[next] == kinds[start], labels[next] == 0 else { continue }
          labels[next] = count
          stack.append(next)
        }
      }
    }
    return labels
  }

  /// The labels of the components a size filter keeps, numbered anew.
  private static func filtered(
    _ labels: [UInt64], minimum: Int, largest: Int?
  ) -> [UInt64] {
    var sizes: [UInt64: Int] = [:]
    for label in labels where label != 0 { sizes[label, default: 0] += 1 }
    var kept = sizes.filter { $0.value >= minimum }.map { (label: $0.key, size: $0.value) }
    // Of equal sizes the one that comes first wins.
    kept.sort { ($1.size, $0.label) < ($0.size, $1.label) }
    if let largest { kept = Array(kept.prefix(largest)) }
    let numbers = Dictionary(
      uniqueKeysWithValues: kept.map { $0.label }.sorted().enumerated()
        .map { ($1, UInt64($0 + 1)) })
    return labels.map { numbers[$0] ?? 0 }
  }

  @Test(arguments: [6, 18, 26], [nil, "17,23,31", "8,8,8", "33,1,41", "16,40,7"])
  func `any block shape gives the components of a plain search, ids included`(
    connectivity: Int, block: String?
  ) throws {
    let folder = TemporaryFolder()
    let seed = UInt64(connectivity)
    let volume = Self.volume(seed: seed)
    try store(volume, at: folder("in.zarr"))
    let blocks = block.map { ["--block", $0] } ?? []
    let line = ["components", folder("in.zarr"), "--connectivity", "\(connectivity)"] + blocks

    let plain = emseg(line + ["--output", folder("plain.zarr")])
    try #require(plain.status == 0, "\(plain.diagnostics)")
    let expected = Self.searched(volume, connectivity: connectivity, threshold: nil)
    #expect(try labels(at: folder("plain.zarr")) == expected, "seed \(seed)")
    #expect(plain["components"] == "\(expected.max() ?? 0)")

    let mask = emseg(line + ["--threshold", "99.5", "--output", folder("mask.zarr")])
    #expect(mask.status == 0, "\(mask.diagnostics)")
    let foreground = Self.searched(volume, connectivity: connectivity, threshold: 100)
    #expect(try labels(at: folder("mask.zarr")) == foreground, "seed \(seed)")

    let large = emseg(
      line + ["--minimum-voxels", "3", "--keep-largest", "5", "--output", folder("large.zarr")])
    #expect(large.status == 0, "\(large.diagnostics)")
    let kept = Self.filtered(expected, minimum: 3, largest: 5)
    #expect(try labels(at: folder("large.zarr")) == kept, "seed \(seed)")
    #expect(large["components"] == "\(kept.max() ?? 0)")
  }

  @Test func `an HDF5 file is labelled as the Zarr it was exported from`() throws {
    let folder = TemporaryFolder()
    try store(Self.volume(seed: 5), at: folder("in.zarr"))
    try #require(
      emseg("export", folder("in.zarr"), "--dataset", "/a/b", "--output", folder("in.h5")).status
        == 0)
    for (source, output) in [("in.zarr", "z"), ("in.h5", "h")] {
      let outcome = emseg("components", folder(source), "--output", folder(output))
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
    }
    #expect(try labels(at: folder("z")) == labels(at: folder("h")))
  }

  @Test func `a volume of nothing has no components`() throws {
    let folder = TemporaryFolder()
    try store(Volume<UInt32>(box: VoxelBox(extent: VoxelExtent(cube: 20))), at: folder("in.zarr"))
    let outcome = emseg("components", folder("in.zarr"), "--output", folder("out.zarr"))
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["components"] == "0")
    #expect(try labels(at: folder("out.zarr")) == [UInt64](repeating: 0, count: 8000))
    #expect(emseg("verify", folder("out.zarr")).status == 0)
  }

  @Test func `fractions need a threshold, and affinities are no labels`() throws {
    let folder = TemporaryFolder()
    let ramp = Volume<Float>(
      box: VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4)), values: [0, 0.5, 0.75, 1])
    try store(ramp, at: folder("in.zarr"), kind: .image)
    let refused = emseg("components", folder("in.zarr"), "--output", folder("out.zarr"))
    #expect(refused.status == 64)
    #expect(refused.diagnostics.contains("--threshold"))
    #expect(folderContents(folder.path) == ["in.zarr"])
    let taken = emseg(
      "components", folder("in.zarr"), "--threshold", "0.75", "--output", folder("out.zarr"))
    #expect(taken.status == 0, "\(taken.diagnostics)")
    #expect(try labels(at: folder("out.zarr")) == [0, 0, 1, 1])
  }
}
