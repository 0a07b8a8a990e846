import Blockwise
import EMSegCommands
import Labels
import TestSupport
import Testing
import VolumeStore
import Voxels
import ZarrStore

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

  @Test(arguments: ["33,37,41", "17,23,31", "8,8,8", "33,1,41"])
  func `holes are filled across blocks, and open or shared ones are not`(block: String) throws {
    let folder = TemporaryFolder()
    func box(_ z: Int, _ y: Int, _ x: Int, _ edge: Int) -> VoxelBox {
      VoxelBox(origin: VoxelPosition(z: z, y: y, x: x), extent: VoxelExtent(cube: edge))
    }
    var volume = Volume<UInt16>(box: Self.box)
    func set(_ part: VoxelBox, _ value: UInt16) {
      volume.copy(from: Volume(box: part, fill: value))
    }
    set(box(2, 2, 2, 20), 7)
    set(box(5, 5, 5, 12), 0)  // a hole across blocks
    set(box(8, 8, 8, 5), 9)  // with an island: it touches two labels
    set(box(9, 9, 9, 2), 0)  // whose own hole touches one
    set(box(24, 24, 24, 8), 4)
    set(box(26, 26, 26, 3), 0)  // a plain hole
    set(box(24, 2, 30, 9), 5)
    set(box(24, 4, 32, 4), 0)  // open to the volume's outer face after the next line
    set(
      VoxelBox(origin: VoxelPosition(z: 24, y: 5, x: 33), extent: VoxelExtent(z: 9, y: 1, x: 1)), 0)
    try store(volume, at: folder("in.zarr"))
    let outcome = emseg(
      "components", folder("in.zarr"), "--connectivity", "6", "--fill-holes", "--block", block,
      "--output", folder("out.zarr"))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["components"] == "4")
    #expect(outcome["filled_voxels"] == "\(8 + 27)")
    set(box(9, 9, 9, 2), 9)
    set(box(26, 26, 26, 3), 4)
    let expected = volume
    let numbers: [UInt16: UInt64] = [0: 0, 7: 1, 9: 2, 5: 3, 4: 4]
    #expect(try labels(at: folder("out.zarr")) == values(expected).map { numbers[$0] ?? 99 })
  }

  @Test(arguments: [nil, "8,16,24"])
  func `minima count cubic micrometres, and spare the border on request`(block: String?) throws {
    let folder = TemporaryFolder()
    let volume = Self.volume(seed: 3)
    try store(volume, at: folder("in.zarr"))
    let blocks = block.map { ["--block", $0] } ?? []
    let line = ["components", folder("in.zarr"), "--connectivity", "6"] + blocks
    let all = Self.searched(volume, connectivity: 6, threshold: nil)
    // 10 nm voxels: 1000 of them are a billionth of 10⁶ cubic nanometres.
    let some = emseg(line + ["--minimum-volume", "0.0000035", "--output", folder("some.zarr")])
    try #require(some.status == 0, "\(some.diagnostics)")
    #expect(
      try labels(at: folder("some.zarr")) == Self.filtered(all, minimum: 4, largest: nil))

    let spared = emseg(
      line + ["--minimum-voxels", "5", "--keep-border", "--output", folder("spared.zarr")])
    try #require(spared.status == 0, "\(spared.diagnostics)")
    var (sizes, outer): ([UInt64: Int], Set<UInt64>) = ([:], [])
    let extent = Self.box.extent
    for (index, label) in all.enumerated() {
      sizes[label, default: 0] += 1
      let (z, y, x) = (
        index / (extent.y * extent.x), index / extent.x % extent.y, index % extent.x
      )
      if z % (extent.z - 1) == 0 || y % (extent.y - 1) == 0 || x % (extent.x - 1) == 0 {
        outer.insert(label)
      }
    }
    let kept = Set(all).filter { $0 != 0 && (outer.contains($0) || sizes[$0] ?? 0 >= 5) }.sorted()
    let numbers = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, UInt64($0 + 1)) })
    #expect(try labels(at: folder("spared.zarr")) == all.map { numbers[$0] ?? 0 })
  }

  @Test(arguments: [nil, "8,16,24", "33,1,41"])
  func `tables tell of every component and contact, whatever the blocks`(block: String?) throws {
    let folder = TemporaryFolder()
    let volume = Self.volume(seed: 4)
    try store(volume, at: folder("in.zarr"))
    let outcome = emseg(
      [
        "components", folder("in.zarr"), "--connectivity", "6", "--tables", "--output",
        folder("out.zarr"),
      ] + (block.map { ["--block", $0] } ?? []))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(emseg("verify", folder("out.zarr")).status == 0)
    let all = Volume(
      box: Self.box, values: Self.searched(volume, connectivity: 6, threshold: nil))
    var statistics = LabelStatisticsTable()
    statistics.add(all)
    var contacts = LabelContactTable()
    contacts.add(all, ownBox: Self.box)
    var touching: [UInt64: Int] = [:]
    for pair in contacts.pairs {
      touching[pair.first, default: 0] += 1
      touching[pair.second, default: 0] += 1
    }
    func lines(_ file: String) -> [Substring] {
      String(decoding: contents(of: folder("out.zarr/\(file)")), as: UTF8.self)
        .split(separator: "\n")
    }
    let components = lines("components.csv")
    #expect(components.count == statistics.labels.count + 1)
    for (line, label) in zip(components.dropFirst(), statistics.labels) {
      let fields = line.split(separator: ",")
      let entry = try #require(statistics[label])
      let (start, end) = (entry.box.origin, entry.box.end)
      #expect(line.hasPrefix("\(label),\(entry.voxelCount),"))
      #expect(Double(fields[2]) == Double(entry.voxelCount) * 1000 * 1e-9)
      #expect(
        fields[3..<9].joined(separator: ",")
          == "\(start.z),\(start.y),\(start.x),\(end.z),\(end.y),\(end.x)")
      #expect(Double(fields[10]) == entry.centroid.y * 10)
      #expect(fields[12] == "\(touching[label] ?? 0)")
    }
    let pairs = lines("contacts.csv").dropFirst().map { $0.split(separator: ",").prefix(5) }
    #expect(
      pairs.map { $0.joined(separator: ",") }
        == contacts.pairs.map { pair in
          let faces = contacts.entries[pair]?.faces ?? .zero
          return "\(pair.first),\(pair.second),\(faces.z),\(faces.y),\(faces.x)"
        })
  }

  @Test func `the largest possible label, and values that are no numbers`() throws {
    let folder = TemporaryFolder()
    let thin = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 6))
    try store(
      Volume<UInt64>(box: thin, values: [.max, .max, .max - 1, 0, .max, 1]),
      at: folder("labels.zarr"))
    let outcome = emseg("components", folder("labels.zarr"), "--output", folder("out.zarr"))
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(try labels(at: folder("out.zarr")) == [1, 1, 2, 0, 3, 4])

    try store(
      Volume<Float>(box: thin, values: [0, 1, .nan, 1, 0, 1]), at: folder("image.zarr"),
      kind: .image)
    let refused = emseg(
      "components", folder("image.zarr"), "--threshold", "0.5", "--output", folder("none.zarr"))
    #expect(refused.status == 65)
    #expect(refused.diagnostics.contains("nan at 0,0,2"))
  }

  @Test func `little memory and much of it give the same volume`() throws {
    let folder = TemporaryFolder()
    try store(Self.volume(seed: 6), at: folder("in.zarr"))
    for (memory, output) in [("96MiB", "little.zarr"), ("1GiB", "much.zarr")] {
      let outcome = emseg(
        "components", folder("in.zarr"), "--connectivity", "6", "--block", "8,8,8", "--memory",
        memory, "--threads", "2", "--output", folder(output))
      try #require(outcome.status == 0, "\(outcome.diagnostics)")
    }
    #expect(try labels(at: folder("little.zarr")) == labels(at: folder("much.zarr")))
  }

  @Test func `pages wait in files when memory is full, and are given as stored last`() throws {
    let folder = TemporaryFolder()
    let pages = SpillingPages(bytes: 100 * 8, files: BlockFiles(path: folder("pages")))
    func page(_ seed: UInt64) -> [UInt64] { (0..<40).map { seed << 32 + $0 } }
    for index in 0..<5 { try pages.store(page(UInt64(index)), at: index) }
    // Two fit in memory.
    #expect(folderContents(folder("pages")).count == 3)
    for index in [4, 0, 3, 1, 2] { #expect(try pages.page(index) == page(UInt64(index))) }
    for index in [3, 1] { try pages.store(page(70 + UInt64(index)), at: index) }
    try pages.store([], at: 0)
    try pages.store(page(9), at: 4)
    #expect(try pages.page(3) == page(73))
    #expect(try pages.page(1) == page(71))
    #expect(try pages.page(0).isEmpty)
    #expect(try pages.page(4) == page(9))
    #expect(throws: VolumeError.self) { try pages.page(6) }
  }
}
