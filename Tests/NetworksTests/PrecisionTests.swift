import Networks
import Tensors
import Testing
import Voxels

private let hasBFloat16: Bool = {
  let plan = try? TensorProgramBuilder(
    input: TensorShape(c: 1, z: 1, y: 1, x: 1), threads: 1, precision: .bfloat16)
  return plan?.precision == .bfloat16
}()

struct PrecisionTests {
  @Test(arguments: GoldenGraph.all)
  func `brain floats give nearly what float32 gives`(_ golden: GoldenGraph) throws {
    let model = try golden.model()
    let input = try golden.input(model)
    let expected = try floats(golden.folder + "/expected.f32")
    let plan = try NetworkPlan(
      model, extent: input.extent, threads: 2, precision: .bfloat16)
    #expect(plan.precision == (hasBFloat16 ? .bfloat16 : .float32))
    let network = try Network(plan)
    let output = try network.run(input)
    try #require(output.count == expected.count)
    let largest = expected.reduce(0) { max($0, abs($1)) }
    #expect(largestDifference(output, expected) <= 3e-2 * largest)
    // A second run finds the buffers dirty.
    #expect(try network.run(input) == output)
  }

  @Test(arguments: ["unet", "conv-strided", "convtranspose-overlapping", "resize-linear"])
  func `the number of threads changes no bit of brain floats`(_ name: String) throws {
    let golden = GoldenGraph(name: name)
    let model = try golden.model()
    let input = try golden.input(model)
    let outputs = try [1, 2, 3].map { threads in
      try Network(
        try NetworkPlan(model, extent: input.extent, threads: threads, precision: .bfloat16)
      ).run(input)
    }
    #expect(outputs[0] == outputs[1])
    #expect(outputs[0] == outputs[2])
  }

  @Test(.enabled(if: hasBFloat16, "needs a processor with instructions for brain floats"))
  func `brain floats halve the memory of activations and weights`() throws {
    let model = try GoldenGraph(name: "affinity-unet").model()
    let extent = VoxelExtent(cube: 48)
    let wide = try NetworkPlan(model, extent: extent, threads: 1).memory
    let narrow = try NetworkPlan(model, extent: extent, threads: 1, precision: .bfloat16).memory
    #expect(Double(narrow.activationBytes) < 0.6 * Double(wide.activationBytes))
    #expect(Double(narrow.weightBytes) < 0.6 * Double(wide.weightBytes))
  }

  @Test(.enabled(if: hasBFloat16, "needs a processor with instructions for brain floats"))
  func `no operation on brain floats is left to slow reference code`() throws {
    let model = try GoldenGraph(name: "affinity-unet").model()
    let plan = try NetworkPlan(
      model, extent: VoxelExtent(cube: 16), threads: 1, precision: .bfloat16)
    #expect(!plan.operations.contains { $0.contains(" ref") })
  }
}
