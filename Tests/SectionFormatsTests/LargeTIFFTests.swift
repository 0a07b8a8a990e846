import Glibc
import SectionFormats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Files above 4 GB, most of which is a hole.
@Suite struct LargeTIFFTests {
  private static let side = 1 << 14
  private static let sections = 20

  /// Writes bytes at an offset of a file that is as long as said; false where the file system
  /// refuses.
  private static func createSparse(
    _ path: String, byteCount: Int, _ parts: [(offset: Int, bytes: [UInt8])]
  ) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard ftruncate(descriptor, byteCount) == 0 else { return false }
    return parts.allSatisfy { part in
      pwrite(descriptor, part.bytes, part.bytes.count, part.offset) == part.bytes.count
    }
  }

  private static func bytes(_ value: Int, _ count: Int, _ isBig: Bool) -> [UInt8] {
    let little = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return isBig ? little.reversed() : little
  }

  /// The header and first directory of a page of 16-bit values in one strip.
  private static func header(
    isBigEndian: Bool, isLarge: Bool, start: Int, description: String
  ) -> [UInt8] {
    let pointer = isLarge ? 8 : 4
    var result: [UInt8] = isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
    func add(_ value: Int, _ count: Int) { result += bytes(value, count, isBigEndian) }
    add(isLarge ? 43 : 42, 2)
    if isLarge {
      add(8, 2)
      add(0, 2)
    }
    add(result.count + pointer, pointer)
    let entries: [(tag: Int, type: Int, value: Int)] = [
      (256, 3, side), (257, 3, side), (258, 3, 16), (259, 3, 1), (262, 3, 1), (270, 2, 1000),
      (273, isLarge ? 16 : 4, start), (277, 3, 1), (278, 3, side), (279, 4, side * side * 2),
    ]
    let text = Array(description.utf8) + [0]
    add(entries.count, isLarge ? 8 : 2)
    for entry in entries {
      add(entry.tag, 2)
      add(entry.type, 2)
      add(entry.tag == 270 ? text.count : 1, pointer)
      let width = [2: pointer, 3: 2, 4: 4, 16: 8][entry.type] ?? 4
      add(entry.value, width)
      result += [UInt8](repeating: 0, count: pointer - width)
    }
    add(0, pointer)
    result += [UInt8](repeating: 0, count: 1000 - result.count) + text
    return result
  }

  @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
  func `sections far behind the only header are read where they lie`(
    isBigEndian: Bool, isLarge: Bool
  ) throws {
    let folder = TemporaryFolder()
    let path = folder("large.tif")
    let plane = Self.side * Self.side * 2
    let start = 4096
    let text = "ImageJ=1.54f\nimages=\(Self.sections)\nslices=\(Self.sections)\n"
    let head = Self.header(
      isBigEndian: isBigEndian, isLarge: isLarge, start: start, description: text)
    // Four pixels in the last section but one, from row 3, column 5 on, and the very last pixel.
    let place = start + (Self.sections - 2) * plane + (3 * Self.side + 5) * 2
    let pixels = [258, 772, 1286, 1800]
    let end = start + Self.sections * plane
    let isThere = Self.createSparse(
      path, byteCount: end,
      [
        (0, head), (place, pixels.flatMap { Self.bytes($0, 2, isBigEndian) }),
        (end - 2, Self.bytes(4660, 2, isBigEndian)),
      ])
    // A file system without holes, or a full one, cannot show this.
    guard isThere else { return }
    let stack = try TIFFStack(path)
    #expect(stack.metadata.extent == VoxelExtent(z: Self.sections, y: Self.side, x: Self.side))
    #expect(Self.sections * plane > 1 << 32)
    let part = try stack.read(
      VoxelBox(
        origin: VoxelPosition(z: Self.sections - 2, y: 3, x: 4),
        extent: VoxelExtent(z: 2, y: 1, x: 6)),
      as: UInt16.self)
    #expect((0..<6).map { part.row(z: 0, y: 0)[$0] } == [0, 258, 772, 1286, 1800, 0])
    #expect((0..<6).map { part.row(z: 1, y: 0)[$0] } == [0, 0, 0, 0, 0, 0])
    let corner = try stack.read(
      VoxelBox(
        origin: VoxelPosition(z: Self.sections - 1, y: Self.side - 1, x: Self.side - 2),
        extent: VoxelExtent(z: 1, y: 1, x: 2)), as: UInt16.self)
    #expect((0..<2).map { corner.row(z: 0, y: 0)[$0] } == [0, 4660])

    // A byte too few, and the last section is not whole.
    #expect(truncate(path, end - 1) == 0)
    let error = volumeError { _ = try TIFFStack(path) }
    #expect(error?.code == .malformedMetadata)
    #expect(error?.found == "\(end - 1) bytes")
  }
}
