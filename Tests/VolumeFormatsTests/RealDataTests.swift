import TestSupport
import Testing
import SectionFormats
import VolumeFormats
import VolumeStore
import Voxels

/// Volumes of published datasets; the sums were taken with tifffile 2026.3.3 and h5py 3.16.0.
@Suite(.enabled(if: shared != nil, "the shared data is not here"))
struct RealDataTests {
  private static let folder = "\(shared ?? "")/data/em"

  /// The sum of all values, and the sum weighted by place (modulo 65521, from 1).
  private static func sums(_ reader: any VolumeReader, _ box: VoxelBox) throws -> [UInt64] {
    func sums<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> [UInt64] {
      let volume = try reader.read(box, as: type)
      let values = volume.span
      var sum: UInt64 = 0
      var weighted: UInt64 = 0
      var place: UInt64 = 0
      for index in values.indices {
        let value = values[index].nearest(UInt64.self)
        place = place == 65521 ? 1 : place + 1
        sum &+= value
        weighted &+= value &* place
      }
      return [sum, weighted]
    }
    return try sums(reader.metadata.dataType.scalarType)
  }

  @Test(arguments: [
    ("fib25/gray", VoxelExtent(cube: 250), [315_677_774, 10_290_848_731_609]),
    ("vnc30/gray/*.tif*", VoxelExtent(z: 20, y: 512, x: 512), [650_387_361, 21_239_683_185_215]),
  ])
  func `stacks of sections`(place: String, extent: VoxelExtent, expected: [UInt64]) throws {
    let stack = try openVolume("\(Self.folder)/\(place)").reader
    #expect(stack.metadata.extent == extent)
    let sections = VoxelExtent(z: min(40, extent.z), y: extent.y, x: extent.x)
    #expect(try Self.sums(stack, VoxelBox(extent: sections)) == expected)
  }

  @Test func `a stack of several strips a section`() throws {
    let stack = try TIFFStack("\(Self.folder)/snemi3d/gray")
    #expect(stack.metadata.extent == VoxelExtent(z: 70, y: 640, x: 1024))
    let sections = VoxelBox(extent: VoxelExtent(z: 40, y: 640, x: 1024))
    #expect(try Self.sums(stack, sections) == [3_601_638_950, 117_907_091_501_040])
  }

  @Test(arguments: [
    (
      "fib25/labels_z000-159.h5", VoxelSize(z: 10, y: 10, x: 10),
      VoxelBox(
        origin: VoxelPosition(z: 50, y: 10, x: 30), extent: VoxelExtent(z: 40, y: 200, x: 210)),
      [61_026_469_724, 1_990_334_674_811_363] as [UInt64]
    ),
    (
      "pinky40_labels/labels.h5", VoxelSize(z: 40, y: 16, x: 16),
      VoxelBox(
        origin: VoxelPosition(z: 60, y: 100, x: 200), extent: VoxelExtent(z: 30, y: 200, x: 250)),
      [145_386_711, 4_723_453_172_748]
    ),
  ])
  func `labels across chunks`(
    file: String, voxelSize: VoxelSize, box: VoxelBox, expected: [UInt64]
  ) throws {
    let labels = try openVolume("\(Self.folder)/\(file)").reader
    #expect(labels.metadata.voxelSize == voxelSize)
    #expect(try Self.sums(labels, box) == expected)
  }

  @Test func `labels beside other volumes are named`() throws {
    let path = "\(Self.folder)/vnc30/vnc30_z00-19.h5"
    let labels = try openVolume(path, dataset: "/volumes/labels/neuron_ids").reader
    #expect(labels.metadata.dataType == .uint16)
    #expect(
      try Self.sums(labels, labels.metadata.box) == [193_504_363, 6_331_473_178_100])
  }

  @Test(arguments: ["", "_annotations"])
  func `CREMI files of other writers`(ending: String) throws {
    let opened = try openVolume(
      "\(Self.folder)/cremi_layout/sample_B_20160708_frags_46_50\(ending).hdf")
    #expect(opened.reader.metadata.extent == VoxelExtent(z: 5, y: 500, x: 500))
    #expect(opened.reader.metadata.dataType == .uint8)
    #expect(opened.reader.metadata.voxelSize == VoxelSize(z: 40, y: 4, x: 4))
  }
}
