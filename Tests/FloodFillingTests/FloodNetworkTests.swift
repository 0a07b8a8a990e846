import FloodFilling
import Networks
import Testing
import Voxels

private let field = VoxelExtent(cube: 9)

private func stack() throws -> ONNXModel {
  try FloodFillingStack(depth: 2, features: 4)
    .model(inputChannels: 2, outputChannels: 1, seed: 4)
}

@Suite struct FloodNetworkTests {
  @Test func `a network gives the same on one thread and on two`() throws {
    var window = Volume<Float>(channels: 2, box: VoxelBox(extent: field))
    var values = window.mutableSpan
    for index in values.indices { values[index] = Float((index * 7919) % 101) / 50 - 1 }
    var results: [[Float]] = []
    for threads in [1, 2] {
      let network = try ConvolutionalFloodNetwork(
        try stack(), fieldOfView: field, threads: threads)
      var logits: [Float] = []
      try network.run(window, into: &logits)
      // A second run is not changed by the first.
      var again: [Float] = []
      try network.run(window, into: &again)
      #expect(logits == again)
      results.append(logits)
    }
    #expect(results[0] == results[1])
  }

  @Test func `values that are not finite end the flood with an error`() throws {
    let model = try stack()
    // Sums of such weights are more than a number can hold.
    let values = model.parameterValues.map { $0 * 1e30 }
    let network = try ConvolutionalFloodNetwork(
      model.replacingParameters(values.span), fieldOfView: field, threads: 1)
    var settings = FloodSettings()
    settings.minimumVoxelCount = 1
    var flood = ObjectFlood(
      network, movement: FaceMaximumMovement(step: VoxelExtent(cube: 2)), settings: settings)
    var canvas = FloodCanvas(image: Volume(box: VoxelBox(extent: VoxelExtent(cube: 12))))
    let error = #expect(throws: ModelError.self) {
      _ = try canvas.fill(
        from: VoxelPosition(z: 5, y: 5, x: 5), as: 1, by: &flood, settings)
    }
    #expect(error?.message.contains("not finite") == true)
    // Nothing is left of the attempt.
    let mask = canvas.mask.span
    for index in mask.indices { #expect(mask[index].isNaN) }
    #expect(canvas.objects == Volume(box: canvas.box))
  }

  @Test func `fields of view without a middle are refused`() throws {
    #expect(throws: ModelError.self) {
      _ = try ConvolutionalFloodNetwork(
        try stack(), fieldOfView: VoxelExtent(z: 8, y: 9, x: 9), threads: 1)
    }
  }

  @Test(
    arguments: [
      ("conv0_a__weights", [3, 3, 3, 1, 4]), ("conv1_b__weights", [3, 3, 3, 4, 5]),
      ("conv_lom__weights", [1, 1, 1, 3, 1]), ("conv0_b__biases", [3]), ("conv0_a__biases", nil),
    ] as [(String, [Int]?)])
  func `published weights of the wrong shape are refused by name`(
    _ given: (name: String, lengths: [Int]?)
  ) throws {
    var arrays: [String: PublishedWeights.Array] = [:]
    func add(_ name: String, _ lengths: [Int]) {
      arrays[name] = PublishedWeights.Array(
        lengths: lengths, values: Array(repeating: 0, count: lengths.reduce(1, *)))
    }
    for (module, inputs) in [("conv0_a", 2), ("conv0_b", 4), ("conv1_a", 4), ("conv1_b", 4)] {
      add("\(module)__weights", [3, 3, 3, inputs, 4])
      add("\(module)__biases", [4])
    }
    add("conv_lom__weights", [1, 1, 1, 4, 1])
    add("conv_lom__biases", [1])
    _ = try PublishedWeights(arrays, path: "w.h5").model()
    if let lengths = given.lengths {
      add(given.name, lengths)
    } else {
      arrays[given.name] = nil
    }
    let error = #expect(throws: ModelError.self) {
      _ = try PublishedWeights(arrays, path: "w.h5").model()
    }
    let layer = given.name.split(separator: "__")[0]
    #expect(error?.path == "w.h5" && error?.message.contains(layer) == true)
  }
}
