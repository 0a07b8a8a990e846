import Synchronization
import Testing
import Voxels

@Suite struct `A voxel box` {
  private let box = VoxelBox(
    from: VoxelPosition(z: 1, y: 2, x: 3), to: VoxelPosition(z: 4, y: 6, x: 8))

  @Test func `knows its corners`() {
    #expect(box.extent == VoxelExtent(z: 3, y: 4, x: 5))
    #expect(box.end == VoxelPosition(z: 4, y: 6, x: 8))
    #expect(box.extent.voxelCount == 60)
    #expect(box.contains(box.origin) && !box.contains(box.end))
    #expect(box.contains(VoxelPosition(z: 3, y: 5, x: 7)))
    #expect(!box.contains(VoxelPosition(z: 0, y: 2, x: 3)))
  }

  @Test func `shares voxels with another or does not`() {
    let other = VoxelBox(origin: VoxelPosition(z: 3, y: 0, x: 7), extent: VoxelExtent(cube: 9))
    #expect(
      box.intersection(other)
        == VoxelBox(from: VoxelPosition(z: 3, y: 2, x: 7), to: VoxelPosition(z: 4, y: 6, x: 8)))
    #expect(box.intersection(other) == other.intersection(box))
    let beside = VoxelBox(origin: VoxelPosition(z: 4, y: 2, x: 3), extent: VoxelExtent(cube: 1))
    #expect(box.intersection(beside) == VoxelBox(origin: box.origin, extent: .zero))
    #expect(box.contains(beside.intersection(box)))
    #expect(!box.contains(other))
    #expect(box.contains(box))
  }

  @Test func `grows by a margin on all sides`() {
    let grown = box.grown(by: VoxelExtent(z: 1, y: 0, x: 2))
    #expect(grown.origin == VoxelPosition(z: 0, y: 2, x: 1))
    #expect(grown.extent == VoxelExtent(z: 5, y: 4, x: 9))
  }

  @Test func `is empty where a length is not above zero`() {
    for extent in [VoxelExtent.zero, VoxelExtent(z: 1, y: -1, x: 1)] {
      #expect(VoxelBox(extent: extent).isEmpty)
    }
    #expect(!VoxelBox(extent: VoxelExtent(cube: 1)).isEmpty)
  }

  @Test func `is coarsened to what covers it`() {
    let odd = VoxelBox(
      origin: VoxelPosition(z: 3, y: 4, x: 6), extent: VoxelExtent(z: 3, y: 3, x: 4))
    #expect(
      odd.coarsened(VoxelExtent(z: 1, y: 2, x: 2))
        == VoxelBox(origin: VoxelPosition(z: 3, y: 2, x: 3), extent: VoxelExtent(z: 3, y: 2, x: 2)))
  }

  @Test func `starting between coarser voxels traps when coarsened`() async {
    await #expect(processExitsWith: .failure) {
      _ = VoxelBox(origin: VoxelPosition(z: 0, y: 0, x: 1), extent: VoxelExtent(cube: 2))
        .coarsened(VoxelExtent(z: 1, y: 1, x: 2))
    }
  }
}

@Suite struct `An extent` {
  @Test func `is counted with care`() {
    #expect(VoxelExtent(z: 2, y: 3, x: 4).checkedVoxelCount == 24)
    #expect(VoxelExtent(z: 0, y: 3, x: 4).checkedVoxelCount == 0)
    #expect(VoxelExtent(z: -1, y: 3, x: 4).checkedVoxelCount == nil)
    #expect(VoxelExtent(z: 1 << 31, y: 1 << 31, x: 2).checkedVoxelCount == nil)
    #expect(VoxelExtent(z: 2, y: 1 << 62, x: 4).checkedVoxelCount == nil)
  }

  @Test func `goes between positions`() {
    let start = VoxelPosition(z: 1, y: 2, x: 3)
    let step = VoxelExtent(z: 4, y: -5, x: 6)
    #expect((start + step) - start == step)
    #expect((start + step) - step == start)
    #expect(step + step == step * 2)
  }
}

@Suite struct `A voxel size` {
  @Test func `is converted between units`() {
    let size = VoxelSize(z: 0.04, y: 0.004, x: 0.004, unit: .micrometer)
    let converted = size.converted(to: .nanometer)
    // Powers of ten are not exact in binary.
    #expect(abs(converted.z - 40) < 1e-9 && abs(converted.x - 4) < 1e-9)
    #expect(converted.unit == .nanometer)
    #expect(VoxelSize(z: 1, y: 1, x: 1, unit: .angstrom).converted(to: .nanometer).z == 0.1)
  }

  @Test(arguments: [0, -1, Double.nan, .infinity]) func `is valid only above zero`(length: Double) {
    #expect(!VoxelSize(z: 1, y: length, x: 1).isValid)
    #expect(VoxelSize(z: 1, y: 1, x: 1).isValid)
  }
}

@Suite struct `Neighbours` {
  @Test(arguments: Neighbourhood.allCases)
  func `are as many as the neighbourhood's name and come in opposite pairs`(
    neighbourhood: Neighbourhood
  ) {
    let steps = neighbourhood.steps
    #expect(steps.count == neighbourhood.rawValue)
    #expect(Set(steps).count == steps.count)
    #expect(!steps.contains(.zero))
    for (index, step) in steps.enumerated() {
      // Raster order puts each step's opposite as far from the end as it is from the start.
      #expect(steps[steps.count - 1 - index] == step * -1)
    }
  }
}

@Suite struct `Concurrent work` {
  @Test(arguments: [0, 1, 2, 7]) func `is done once for every index`(threads: Int) {
    let counts = Mutex([Int](repeating: 0, count: 100))
    concurrentForEach(10..<90, threads: threads) { index in counts.withLock { $0[index] += 1 } }
    let expected = (0..<100).map { (10..<90).contains($0) ? 1 : 0 }
    #expect(counts.withLock { $0 } == expected)
    concurrentForEach(5..<5, threads: 4) { _ in Issue.record("there is no index") }
  }
}
