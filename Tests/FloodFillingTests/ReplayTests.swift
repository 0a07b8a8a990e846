import FloodFilling
import HDF5Formats
import Networks
import SectionFormats
import TestSupport
import Testing
import VolumeStore
import Voxels

/// The published weights, and what they gave in the published run over FIB-25.
private let published = shared.map { "\($0)/data/em/ffn_fib25" }

private func publishedModel() throws -> ONNXModel {
  let path = "\(try #require(published))/weights.h5"
  var arrays: [String: PublishedWeights.Array] = [:]
  for name in try HDF5Datasets.names(in: path) {
    let array = try HDF5Array<Float>(path, dataset: name)
    arrays[name] = PublishedWeights.Array(lengths: array.lengths, values: array.values)
  }
  return try PublishedWeights(arrays, path: path).model()
}

/// An object of the published run.
private struct Replay {
  var seed: VoxelPosition
  var visits: [VoxelPosition]
  /// One bit for each voxel of the volume of 250³.
  private var packed: [UInt8]

  init(_ name: String) throws {
    let path = "\(try #require(published))/\(name).h5"
    func positions(_ name: String) throws -> [VoxelPosition] {
      let values = try HDF5Array<Int64>(path, dataset: name).values.map { Int($0) }
      return stride(from: 0, to: values.count, by: 3).map {
        VoxelPosition(z: values[$0], y: values[$0 + 1], x: values[$0 + 2])
      }
    }
    seed = try positions("start")[0]
    visits = try positions("trace_zyx")
    packed = try HDF5Array<UInt8>(path, dataset: "mask_packed").values
  }

  func holds(_ position: VoxelPosition) -> Bool {
    let index = (position.z * 250 + position.y) * 250 + position.x
    return packed[index / 8] >> (7 - index % 8) & 1 == 1
  }

  var voxelCount: Int { packed.reduce(0) { $0 + $1.nonzeroBitCount } }
}

@Suite(.enabled(if: published != nil, "needs the shared data")) struct ReplayTests {
  @Test func `one step gives the published logits`() throws {
    let path = "\(try #require(published))/step_125_125_125.h5"
    let network = try ConvolutionalFloodNetwork(try publishedModel(), threads: 2)
    var values = try HDF5Array<Float>(path, dataset: "image").values
    values += try HDF5Array<Float>(path, dataset: "seed_logits").values
    let window = Volume(
      channels: 2, box: VoxelBox(extent: network.fieldOfView), values: values)
    var logits: [Float] = []
    try network.run(window, into: &logits)
    let expected = try HDF5Array<Float>(path, dataset: "out_logits").values
    let difference = zip(logits, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(logits.count == expected.count && difference < 1e-4)
  }

  @Test func `the seeds of the whole cube are as many as published, the objects' among them`()
    throws
  {
    let folder = try #require(shared)
    let stack = try TIFFStack("\(folder)/data/em/fib25/gray")
    let grey = try stack.readConverting(stack.metadata.box, to: Float.self)
    let values = grey.span
    let image = Volume(
      box: grey.box,
      values: [Float](capacity: values.count) { output in
        for index in values.indices { output.append((values[index] - 128) / 33) }
      })
    let seeds = PeakSeeds().seeds(in: image, margin: VoxelExtent(cube: 16))
    #expect(seeds.count == 12_464)
    for name in ["replay_seg2", "replay_seg3"] {
      #expect(seeds.contains(try Replay(name).seed))
    }
  }

  @Test func `two objects come out as published, voxel by voxel and call by call`() throws {
    let folder = try #require(shared)
    let stack = try TIFFStack("\(folder)/data/em/fib25/gray")
    // A part of the volume that both objects lie in, with all that their moves can reach.
    let box = VoxelBox(
      origin: VoxelPosition(z: 0, y: 0, x: 150), extent: VoxelExtent(z: 80, y: 90, x: 100))
    let grey = try stack.readConverting(box, to: Float.self)
    let values = grey.span
    var canvas = FloodCanvas(
      image: Volume(
        box: box,
        values: [Float](capacity: values.count) { output in
          for index in values.indices { output.append((values[index] - 128) / 33) }
        }))
    let settings = FloodSettings()
    var flood = ObjectFlood(
      try ConvolutionalFloodNetwork(try publishedModel(), threads: 2),
      movement: FaceMaximumMovement(), settings: settings)
    for (id, name) in [(Int32(2), "replay_seg2"), (3, "replay_seg3")] {
      let replay = try Replay(name)
      let record = try canvas.fill(from: replay.seed, as: id, by: &flood, settings)
      #expect(record.flood.visits == replay.visits)
      guard case .object(id, let voxelCount, _) = record.outcome else {
        Issue.record("\(name): \(record.outcome)")
        continue
      }
      #expect(voxelCount == replay.voxelCount)
      var differing = 0
      for z in box.origin.z..<box.end.z {
        for y in box.origin.y..<box.end.y {
          for x in box.origin.x..<box.end.x {
            let position = VoxelPosition(z: z, y: y, x: x)
            if (canvas.objects[position] == id) != replay.holds(position) { differing += 1 }
          }
        }
      }
      #expect(differing == 0)
    }
  }
}
