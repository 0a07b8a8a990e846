import Phantoms
import Testing
import Voxels

/// A checksum of bytes (FNV-1a, 64 bits).
private func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

private func values<Scalar>(_ volume: Volume<Scalar>) -> [Scalar] {
  let span = volume.span
  return span.indices.map { span[$0] }
}

/// The labels as little-endian bytes.
private func bytes(of labels: Volume<UInt64>) -> [UInt8] {
  values(labels).flatMap { label in
    (0..<8).map { UInt8(truncatingIfNeeded: label >> UInt64(8 * $0)) }
  }
}

private struct Piece {
  var voxelCount = 0
  var reachesSurface = false
}

/// The parts of a cube whose voxels share a label above 0 and hang together by faces.
private func facePieces(_ labels: [UInt64], edge: Int) -> [Piece] {
  var isSeen = [Bool](repeating: false, count: labels.count)
  var pieces: [Piece] = []
  for start in labels.indices where labels[start] != 0 && !isSeen[start] {
    var piece = Piece()
    var waiting = [start]
    isSeen[start] = true
    while let index = waiting.popLast() {
      piece.voxelCount += 1
      for (step, place) in [
        (1, index % edge), (edge, index / edge % edge), (edge * edge, index / (edge * edge)),
      ] {
        if place == 0 || place == edge - 1 { piece.reachesSurface = true }
        for (neighbour, isInside) in [(index - step, place > 0), (index + step, place < edge - 1)]
        where isInside && !isSeen[neighbour] && labels[neighbour] == labels[start] {
          isSeen[neighbour] = true
          waiting.append(neighbour)
        }
      }
    }
    pieces.append(piece)
  }
  return pieces
}

struct PhantomTests {
  private let whole = VoxelBox(
    origin: VoxelPosition(z: 3, y: -5, x: 21), extent: VoxelExtent(z: 18, y: 26, x: 30))

  /// Boxes inside `whole`: aligned to nothing, a single voxel, thin sheets.
  private var parts: [VoxelBox] {
    [
      VoxelBox(origin: whole.origin, extent: VoxelExtent(z: 7, y: 11, x: 13)),
      VoxelBox(
        origin: VoxelPosition(z: 8, y: -1, x: 29), extent: VoxelExtent(z: 13, y: 22, x: 22)),
      VoxelBox(origin: VoxelPosition(z: 12, y: 0, x: 40), extent: VoxelExtent(cube: 1)),
      VoxelBox(origin: VoxelPosition(z: 20, y: -5, x: 21), extent: VoxelExtent(z: 1, y: 26, x: 30)),
      VoxelBox(origin: VoxelPosition(z: 3, y: -5, x: 50), extent: VoxelExtent(z: 18, y: 26, x: 1)),
    ]
  }

  @Test(arguments: [
    VoxelSize(z: 10, y: 10, x: 10), VoxelSize(z: 30, y: 6, x: 6),
    VoxelSize(z: 0.008, y: 0.008, x: 0.008, unit: .micrometer),
  ])
  func `grey values and labels are the same wherever the volume is cut`(size: VoxelSize) {
    let phantom = Phantom(seed: 11, voxelSize: size)
    let image = phantom.image(in: whole)
    let labels = phantom.labels(in: whole)
    for part in parts {
      #expect(phantom.image(in: part) == image.cropped(to: part))
      #expect(phantom.labels(in: part) == labels.cropped(to: part))
    }
  }

  @Test func `the same seed gives the same tissue and another seed another`() {
    let box = VoxelBox(extent: VoxelExtent(cube: 16))
    let first = Phantom(seed: 1)
    #expect(first.image(in: box) == Phantom(seed: 1).image(in: box))
    #expect(first.image(in: box) != Phantom(seed: 2).image(in: box))
    #expect(first.labels(in: box) != Phantom(seed: 2).labels(in: box))
  }

  @Test func `the bytes of a small box never change`() {
    let phantom = Phantom(seed: 7)
    let box = VoxelBox(
      origin: VoxelPosition(z: 100, y: 200, x: 300), extent: VoxelExtent(z: 12, y: 20, x: 28))
    let image = values(phantom.image(in: box))
    #expect(checksum(image) == 17_115_150_614_831_482_863)
    #expect(checksum(bytes(of: phantom.labels(in: box))) == 4_064_672_777_533_760_177)
  }

  @Test func `the committed sample is what its seed still gives`() {
    // Sections 30 to 33 of volumes/phantoms/sample.
    let phantom = Phantom(seed: 23)
    let box = VoxelBox(
      origin: VoxelPosition(z: 30, y: 0, x: 0), extent: VoxelExtent(z: 4, y: 128, x: 128))
    #expect(checksum(values(phantom.image(in: box))) == 9_258_249_247_360_306_623)
    #expect(checksum(bytes(of: phantom.labels(in: box))) == 426_377_841_520_315_262)
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `membranes take up a plausible share and are darker than neurites`(seed: UInt64) {
    let phantom = Phantom(seed: seed)
    let box = VoxelBox(extent: VoxelExtent(z: 24, y: 96, x: 96))
    let labels = values(phantom.labels(in: box))
    let greys = values(phantom.image(in: box))
    var boundary = (count: 0, sum: 0)
    var inside = (count: 0, sum: 0)
    for (label, grey) in zip(labels, greys) {
      if label == 0 {
        boundary = (boundary.count + 1, boundary.sum + Int(grey))
      } else {
        inside = (inside.count + 1, inside.sum + Int(grey))
      }
    }
    let share = Double(boundary.count) / Double(labels.count)
    #expect((0.08...0.22).contains(share), "seed \(seed): \(share)")
    let contrast =
      Double(inside.sum) / Double(inside.count) - Double(boundary.sum) / Double(boundary.count)
    #expect(contrast > 40, "seed \(seed): \(contrast)")
  }

  @Test func `different neurites never share a face`() {
    let labels = Phantom(seed: 5).labels(in: VoxelBox(extent: VoxelExtent(cube: 40)))
    var touching = 0
    for z in 0..<40 {
      for y in 0..<40 {
        let row = labels.row(z: z, y: y)
        for x in 1..<40 where row[x] != row[x - 1] && row[x] != 0 && row[x - 1] != 0 {
          touching += 1
        }
      }
    }
    #expect(touching == 0)
  }

  @Test func `a neurite falls apart only into single voxels off its edges`() {
    let edge = 48
    let labels = Phantom(seed: 1).labels(in: VoxelBox(extent: VoxelExtent(cube: edge)))
    let pieces = facePieces(values(labels), edge: edge)
    // A piece that reaches the box's surface may go on outside.
    let loose = pieces.filter { !$0.reachesSurface }
    #expect(pieces.count > 10)
    #expect(loose.allSatisfy { $0.voxelCount <= 4 }, "\(loose.map(\.voxelCount))")
  }

  @Test func `a thicker membrane leaves less of each neurite and changes no label`() {
    let box = VoxelBox(extent: VoxelExtent(cube: 32))
    let thin = values(Phantom(seed: 4, membraneThickness: 20).labels(in: box))
    let thick = values(Phantom(seed: 4, membraneThickness: 40).labels(in: box))
    #expect(thick.count { $0 == 0 } > thin.count { $0 == 0 })
    #expect(zip(thin, thick).allSatisfy { $1 == 0 || $0 == $1 })
  }

  @Test func `far from the origin the tissue is as fine as near it`() {
    let far = VoxelPosition(z: 900_000, y: 900_000, x: 900_000)
    let box = VoxelBox(origin: far, extent: VoxelExtent(z: 8, y: 64, x: 64))
    let phantom = Phantom(seed: 1)
    let labels = values(phantom.labels(in: box))
    let share = Double(labels.count { $0 == 0 }) / Double(labels.count)
    #expect((0.05...0.3).contains(share))
    #expect(Set(values(phantom.image(in: box))).count > 60)
  }

  @Test func `an empty box and an invalid voxel size trap`() async {
    await #expect(processExitsWith: .failure) {
      _ = Phantom(seed: 1).image(in: VoxelBox(extent: .zero))
    }
    await #expect(processExitsWith: .failure) {
      _ = Phantom(seed: 1, voxelSize: VoxelSize(z: 0, y: 1, x: 1))
    }
  }
}
