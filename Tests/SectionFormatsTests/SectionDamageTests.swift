import SectionFormats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Files with one bit changed, or cut short.
@Suite struct SectionDamageTests {
  /// A damaged copy of a file: every other one is cut, the others have a bit flipped.
  private static func damage(
    _ sound: [UInt8], _ round: Int, using generator: inout SeededGenerator
  ) -> [UInt8] {
    let place = Int.random(in: 0..<sound.count, using: &generator)
    guard round.isMultiple(of: 2) else { return Array(sound[..<place]) }
    var bytes = sound
    bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    return bytes
  }

  @Test(arguments: ["grey8", "grey16", "interlaced8", "palette8", "colours"])
  func `no damage of a PNG file is missed`(name: String) throws {
    let sound = contents(of: "\(PNGStackTests.folder)/\(name)/1.png")
    let folder = TemporaryFolder()
    var generator = SeededGenerator(seed: 9)
    var stated = StatedLayout()
    stated.hasColourLabels = true
    func read(_ path: String) throws -> [UInt64] {
      let stack = try PNGStack(path, stated: stated)
      func values<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> [UInt64] {
        let volume = try stack.read(stack.metadata.box, as: type)
        return (0..<volume.span.count).map { volume.span[$0].nearest(UInt64.self) }
      }
      return try values(stack.metadata.dataType.scalarType)
    }
    overwrite(folder("sound.png"), with: sound)
    let expected = try read(folder("sound.png"))
    for round in 0..<120 {
      overwrite(folder("a.png"), with: Self.damage(sound, round, using: &generator))
      var found: [UInt64]?
      let error = volumeError { found = try read(folder("a.png")) }
      #expect(error != nil || found == expected, "round \(round)")
      // What is not ours to interpret may change: a chunk that is skipped keeps the voxels.
      #expect(error == nil || error?.path == folder("a.png"))
    }
  }

  @Test(arguments: [
    "uint8-classic-zlib-tile.tif", "float32-big-zstd-strip.tif", "uint16-big-lzw-tile.tif",
    "imagej-one-header-be.tif", "ome-tcz.ome.tif", "ome-pyramid.ome.tif",
    "samples-contig-tile-deflate-be.tif", "colours-separate.tif", "bilevel.tif", "jpeg.tif",
    "uint16-be-none-strip.tif", "uint16-be-none-onestrip.tif",
  ])
  func `no damage of a TIFF file crashes its reader`(name: String) throws {
    let sound = contents(of: "\(TIFFStackGoldenTests.folder)/\(name)")
    let folder = TemporaryFolder()
    var generator = SeededGenerator(seed: 10)
    var stated = StatedLayout()
    stated.hasColourLabels = true
    for round in 0..<60 {
      var bytes = Self.damage(sound, round, using: &generator)
      // Headers and directories lie at the ends.
      if round % 4 == 2 {
        let place = Int.random(in: 0..<min(400, sound.count), using: &generator)
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      overwrite(folder("a.tif"), with: bytes)
      let error = volumeError {
        for stack in try TIFFStack(folder("a.tif"), stated: stated).levels {
          func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
            let extent = stack.metadata.extent
            let part = VoxelExtent(
              z: min(extent.z, 3), y: min(extent.y, 64), x: min(extent.x, 64))
            _ = try stack.read(VoxelBox(extent: part), as: type)
          }
          try read(stack.metadata.dataType.scalarType)
        }
      }
      #expect(error == nil || error?.path.hasPrefix(folder.path) == true, "round \(round)")
    }
  }
}
