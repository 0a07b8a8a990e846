import Codecs
import Networks
import Tensors
import TestSupport
import Testing
import Voxels

@Suite(
  .enabled(
    if: ConvolutionEngine.hasKernels, "the processor lacks the instructions of the kernels"))
struct KernelNetworkTests {
  private func model(_ settings: [String: JSONValue]) throws -> ONNXModel {
    var reader = try SettingsReader(.object(settings))
    return try networkArchitecture(&reader).model(
      inputChannels: 1, outputChannels: 3, seed: 3)
  }

  private func run(
    _ model: ONNXModel, _ extent: VoxelExtent, _ engine: ConvolutionEngine,
    precision: Precision = .float32
  ) throws -> (values: [Float], operations: [String]) {
    let plan = try NetworkPlan(
      model, extent: extent, threads: 1, precision: precision, convolutionEngine: engine)
    var generator = SeededGenerator(seed: 5)
    var patch = Volume<Float>(
      box: VoxelBox(origin: VoxelPosition(z: 0, y: 0, x: 0), extent: extent))
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        var row = patch.mutableRow(z: z, y: y)
        for x in 0..<extent.x { row[x] = Float.random(in: 0..<1, using: &generator) }
      }
    }
    return (try Network(plan).run(patch), plan.operations)
  }

  @Test(arguments: [Precision.float32, .nearFloat32])
  func `a network with kernels gives what oneDNN gives`(_ precision: Precision) throws {
    for skip in ["sum", "concatenation"] {
      let model = try model([
        "architecture": .string("residual-unet"), "activation": .string("elu"),
        "widths": .array([.integer(16), .integer(28), .integer(36)]), "skip": .string(skip),
      ])
      let extent = VoxelExtent(z: 8, y: 12, x: 20)
      let truth = try run(model, extent, .oneDNN)
      let result = try run(model, extent, .fastest, precision: precision)
      #expect(result.operations.contains { $0.contains("winograd") })
      #expect(!truth.operations.contains { $0.contains("winograd") })
      let largest = truth.values.reduce(0) { max($0, abs($1)) }
      let error = zip(result.values, truth.values).reduce(Float(0)) { error, pair in
        let difference = abs(pair.0 - pair.1)
        return difference <= error ? error : difference
      }
      #expect(error < 2e-5 * largest)
    }
  }
}
