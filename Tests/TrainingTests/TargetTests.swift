import Codecs
import TestSupport
import Testing
import Training
import Voxels

struct TargetTests {
  @Test func `affinities look back from the voxel, and background has none`() throws {
    let labels = Volume<UInt64>(
      box: VoxelBox(extent: VoxelExtent(z: 1, y: 2, x: 4)), values: [1, 1, 2, 0, 1, 2, 2, 0])
    let made = try target(#"{"name": "affinities", "offsets": [[0, 0, -1], [0, -1, 0]]}"#)
      .make(from: sample(labels), in: labels.box)
    #expect(values(made.values) == [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0])
    #expect(values(made.weights) == [0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1])
  }

  @Test func `what is not annotated has no weight, in either voxel of a pair`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 5))
    let labels = Volume<UInt64>(box: box, fill: 3)
    let mask = Volume<UInt8>(box: box, values: [1, 1, 0, 1, 1])
    func weights(_ text: String) throws -> [Float] {
      values(try target(text).make(from: sample(labels, mask: mask), in: box).weights)
    }
    #expect(
      try weights(#"{"name": "affinities", "offsets": [[0, 0, -1], [0, 0, 9]]}"#)
        == [0, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    #expect(try weights(#"{"name": "boundary"}"#) == [1, 0, 0, 0, 1])
    #expect(try weights(#"{"name": "mask"}"#) == [1, 1, 0, 1, 1])
    #expect(try weights(#"{"name": "distance", "scale": 3}"#) == [1, 0, 0, 0, 1])
    #expect(
      try weights(#"{"name": "shape_descriptors", "sigma": 3}"#)
        == (0..<10).flatMap { _ in [Float](arrayLiteral: 1, 0, 0, 0, 1) })
  }

  @Test func `eroded labels part touching objects`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 6))
    let labels = Volume<UInt64>(box: box, values: [1, 1, 1, 2, 2, 2])
    let made = try target(
      #"{"name": "affinities", "offsets": [[0, 0, -1]], "erode_labels": 1}"#
    ).make(from: sample(labels), in: box)
    #expect(values(made.values) == [0, 1, 0, 0, 0, 1])
  }

  @Test func `thick sections are not eroded across unless asked`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 3, y: 1, x: 1))
    let labels = Volume<UInt64>(box: box, values: [1, 2, 2])
    func boundary(_ text: String) throws -> [Float] {
      values(
        try target(text).make(from: sample(labels, voxelSize: thickSections), in: box).values)
    }
    #expect(try boundary(#"{"name": "boundary"}"#) == [0, 0, 0])
    #expect(try boundary(#"{"name": "boundary", "width_axes": "zyx"}"#) == [1, 1, 0])
  }

  @Test func `masks take labels of a list and of further volumes`() throws {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4))
    let labels = Volume<UInt64>(box: box, values: [1, 2, 0, .max])
    let clefts = Volume<UInt64>(box: box, values: [0, 0, 7, 8])
    let sample = TrainingSample(
      image: grey(of: labels), labels: labels, furtherLabels: ["synapses": clefts],
      voxelSize: tenNanometers)
    func mask(_ text: String) throws -> [Float] {
      values(try target(text).make(from: sample, in: box).values)
    }
    #expect(try mask(#"{"name": "mask"}"#) == [1, 1, 0, 1])
    #expect(try mask(#"{"name": "mask", "ids": [2, "18446744073709551615"]}"#) == [0, 1, 0, 1])
    #expect(try mask(#"{"name": "mask", "labels": "synapses"}"#) == [0, 0, 1, 1])
    #expect(try mask(#"{"name": "mask", "labels": "synapses", "ids": [8]}"#) == [0, 0, 0, 1])
  }

  /// Every target on a sample, in a box whose halo the sample holds.
  @Test(arguments: [
    #"{"name": "affinities", "offsets": [[-1, 0, 0], [0, 3, 0], [2, -1, 4]], "erode_labels": 1}"#,
    #"{"name": "boundary", "width": 2}"#, #"{"name": "mask", "ids": [1, 2, 3]}"#,
    #"{"name": "distance", "scale": 10}"#, #"{"name": "shape_descriptors", "sigma": 12}"#,
  ])
  func `a target's box depends on its halo alone`(text: String) throws {
    let target = try target(text)
    let extent = VoxelExtent(z: 20, y: 18, x: 32)
    let labels = cells(extent, count: 9, seed: 4, background: 0.01)
    var mask = Volume<UInt8>(box: labels.box, fill: 1)
    mask[VoxelPosition(z: 9, y: 9, x: 9)] = 0
    let whole = sample(labels, mask: mask)
    let box = VoxelBox(
      origin: VoxelPosition(z: 7, y: 7, x: 8), extent: VoxelExtent(z: 6, y: 5, x: 12))
    let grown = box.grown(by: target.halo(for: tenNanometers)).intersection(labels.box)
    #expect(grown != labels.box)
    let made = target.make(from: whole, in: box)
    let fromPart = target.make(
      from: sample(labels.cropped(to: grown), mask: mask.cropped(to: grown)), in: box)
    #expect(made.weights == fromPart.weights)
    #expect(made.values == fromPart.values)
    #expect(made.values.box == box && made.values.channels == target.channels)
    #expect(values(made.weights).contains(0) && values(made.weights).contains(1))
  }
}
