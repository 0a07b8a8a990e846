import Proofreading
import TerminalScreen
import Testing
import VolumeStore
import Voxels

@Suite struct SlicePainterTests {
  private let volume = HalvesVolume(VoxelExtent(z: 40, y: 40, x: 64))
  private let grey = SlicePainter.RGB(60, 60, 60)

  private func pixel(_ picture: ScreenPicture, _ x: Int, _ y: Int) -> SlicePainter.RGB {
    let first = 3 * (y * picture.width + x)
    return SlicePainter.RGB(
      picture.bytes[first], picture.bytes[first + 1], picture.bytes[first + 2])
  }

  private func view(
    _ z: Int, _ y: Int, _ x: Int, _ change: (inout ReviewView) -> Void = { _ in }
  ) -> ReviewView {
    var view = ReviewView(at: VoxelPosition(z: z, y: y, x: x))
    change(&view)
    return view
  }

  private func painted(
    _ plane: ReviewPlane, _ view: ReviewView, segments: (UInt64, UInt64) = (1, 2), width: Int = 40,
    height: Int = 30
  ) throws -> ScreenPicture {
    try SlicePainter(volume, segments: segments).picture(plane, view, width: width, height: height)
  }

  @Test func `segments are tinted and their contact is marked`() throws {
    let picture = try painted(.xy, view(10, 20, 32))
    // The focus is in the middle: pixel 20 is voxel 32, the first of the right half.
    let (left, right) = (pixel(picture, 5, 12), pixel(picture, 34, 12))
    #expect(left.red > left.blue && left.red > 100)
    #expect(right.blue > right.red && right.blue > 100)
    #expect(pixel(picture, 19, 12) == pixel(picture, 20, 12))
    #expect(pixel(picture, 19, 12).red == 255)
  }

  @Test func `the image alone is grey, its values as they are`() throws {
    let picture = try painted(.xy, view(10, 20, 32) { $0.overlay = .none })
    #expect(pixel(picture, 5, 12) == grey)
    #expect(pixel(picture, 20, 12) == grey)
    let deeper = try painted(.xy, view(25, 20, 32) { $0.overlay = .none })
    #expect(pixel(deeper, 5, 12) == SlicePainter.RGB(75, 75, 75))
  }

  @Test func `other segments have colours only when asked`() throws {
    let plain = try painted(.xy, view(10, 36, 32))
    #expect(pixel(plain, 5, 17) == grey)
    let coloured = try painted(.xy, view(10, 36, 32) { $0.showsNeighbours = true })
    #expect(pixel(coloured, 5, 17) != grey)
  }

  @Test func `planes lie as their names say`() throws {
    // z grows down in xz and to the right in zy, and with it the brightness.
    let xz = try painted(.xz, view(20, 20, 10) { $0.overlay = .none }, width: 30, height: 21)
    #expect(pixel(xz, 5, 5).red == 65)
    #expect(pixel(xz, 5, 15).red == 75)
    let zy = try painted(.yz, view(20, 20, 10) { $0.overlay = .none }, width: 21, height: 30)
    #expect(pixel(zy, 5, 5).red == 65)
    #expect(pixel(zy, 15, 5).red == 75)
  }

  @Test func `what lies outside is dark, and a view far off shows nothing else`() throws {
    let picture = try painted(.xy, view(10, 0, 0) { $0.overlay = .none })
    #expect(pixel(picture, 3, 3) == SlicePainter.RGB(16, 16, 28))
    #expect(pixel(picture, 25, 25) == grey)
  }

  @Test func `zoom changes how much is seen, and sections stay in proportion`() throws {
    // At two half steps a voxel is two pixels: the contact lies at the middle still.
    let near = try painted(.xy, view(10, 20, 32) { $0.zoom = 2 })
    #expect(pixel(near, 5, 12).red > pixel(near, 5, 12).blue)
    #expect(pixel(near, 16, 12).red < 255)
    #expect(pixel(near, 18, 12).red == 255)
    let flat = HalvesVolume(
      VoxelExtent(z: 10, y: 40, x: 64), voxelSize: VoxelSize(z: 40, y: 10, x: 10))
    var view = ReviewView(at: VoxelPosition(z: 5, y: 20, x: 10))
    view.overlay = .none
    // A section is four pixels high.
    let xz = try SlicePainter(flat, segments: (1, 2)).picture(.xz, view, width: 20, height: 32)
    let rows = (0..<32).map { pixel(xz, 5, $0).red }
    #expect(rows[4] == rows[5] || rows[5] == rows[6])
    #expect(Set(rows.filter { $0 >= 50 }).count == 9)
  }

  @Test func `a joined supervoxel takes its segment's colour`() throws {
    let before = try painted(.xy, view(10, 37, 20), segments: (1, 2))
    volume.join(3, to: 1)
    let after = try painted(.xy, view(10, 37, 20), segments: (1, 2))
    #expect(pixel(before, 5, 16) == grey)
    #expect(pixel(after, 5, 16).red > pixel(after, 5, 16).blue)
  }

  @Test func `places of a contact lie on it and far apart`() throws {
    let start = VoxelPosition(z: 10, y: 20, x: 32)
    let box = VoxelBox(extent: VoxelExtent(z: 20, y: 40, x: 64))
    let found = try ContactPlaces(of: (1, 2), in: box, from: start, volume)
    #expect(found.places.count == 9)
    let first = try #require(found.places.first)
    #expect(abs(first.x - 32) <= 3 && first.y == 20 && first.z == 10)
    for place in found.places { #expect((29...31).contains(place.x) || place.x == 32) }
    #expect(Set(found.places.map { [$0.z, $0.y] }).count >= 4)
    let none = try ContactPlaces(of: (1, 9), in: box, from: start, volume)
    #expect(none.places.isEmpty)
    let alone = try ContactPlaces(of: (1, 0), in: box, from: start, volume)
    #expect(alone.places.isEmpty)
  }

  @Test func `blocks are read once, and the least used go first`() throws {
    var read: [VoxelBox] = []
    let whole = VoxelBox(extent: VoxelExtent(z: 8, y: 8, x: 20))
    let blocks = ReviewBlocks<UInt8>(
      of: whole, block: VoxelExtent(cube: 8), bytes: 2 * 512
    ) { box throws(VolumeError) in
      read.append(box)
      return Volume(box: box, values: HalvesVolume.places(box).map { UInt8($0.x) })
    }
    let part = VoxelBox(
      origin: VoxelPosition(z: 1, y: 1, x: 6), extent: VoxelExtent(z: 1, y: 1, x: 4))
    let volume = try blocks.volume(part)
    let value = volume.span[3]
    #expect(value == 9)
    #expect(read.count == 2)
    _ = try blocks.volume(part)
    #expect(read.count == 2)
    // The last block is cut at the volume's end; it pushes out the one used before the others.
    let last = VoxelBox(
      origin: VoxelPosition(z: 0, y: 0, x: 16), extent: VoxelExtent(z: 8, y: 8, x: 4))
    let lastVolume = try blocks.volume(last)
    let lastValue = lastVolume.span[0]
    #expect(lastValue == 16)
    #expect(read.last?.extent.x == 4)
    _ = try blocks.volume(
      VoxelBox(origin: VoxelPosition(z: 0, y: 0, x: 8), extent: VoxelExtent(cube: 1)))
    #expect(read.count == 3)
    _ = try blocks.volume(VoxelBox(extent: VoxelExtent(cube: 1)))
    #expect(read.count == 4)
  }
}
