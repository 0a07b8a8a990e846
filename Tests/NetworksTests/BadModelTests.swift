import FoundationEssentials
import Networks
import Tensors
import TestSupport
import Testing
import Voxels

private let badFiles =
  ((try? FileManager.default.contentsOfDirectory(atPath: badFolder)) ?? []).sorted()
  .filter { $0.hasSuffix(".onnx") }

struct BadModelTests {
  @Test func `the corpus is there`() {
    #expect(badFiles.count >= 75)
  }

  /// The file's name begins with the code that it must be refused with.
  @Test(arguments: badFiles)
  func `a bad model is refused with its kind of error`(_ file: String) throws {
    let path = badFolder + "/" + file
    let error = try #require(throws: ModelError.self) {
      let model = try ONNXModel(contentsOfFile: path)
      _ = try Network(try NetworkPlan(model, extent: VoxelExtent(cube: 4), threads: 1))
    }
    #expect(error.code.rawValue == String(file.prefix { $0 != "-" }), "\(error)")
    #expect(error.description.hasPrefix(path + ": "))
  }

  @Test func `a missing file is named`() throws {
    let error = try #require(throws: ModelError.self) {
      try ONNXModel(contentsOfFile: badFolder + "/nowhere.onnx")
    }
    #expect(error.code == .unreadable)
    #expect(error.path.hasSuffix("nowhere.onnx"))
  }

  @Test func `an unsupported operator is named with its node and what is supported`() throws {
    let model = try ONNXModel(contentsOfFile: badFolder + "/unsupported-operator.onnx")
    let error = try #require(throws: ModelError.self) {
      try NetworkPlan(model, extent: VoxelExtent(cube: 4), threads: 1)
    }
    #expect(error.node == "GridSample \"gridsample_t1\"")
    #expect(error.expected?.contains("ConvTranspose") == true)
    #expect(error.remedy != nil)
  }

  /// Every prefix and every damaged byte gives a model or a typed error, never a trap.
  @Test func `damage anywhere in a file is survived`() throws {
    let path = goldenFolder + "/affinity-unet/model.onnx"
    let sound = [UInt8](try Data(contentsOf: URL(filePath: path)))
    var refused = 0
    func attempt(_ bytes: [UInt8]) {
      do throws(ModelError) {
        let model = try ONNXModel(bytes: bytes)
        _ = try NetworkPlan(model, extent: VoxelExtent(cube: 4), threads: 1)
        _ = try ModelDescription(model)
      } catch {
        refused += 1
      }
    }
    for length in stride(from: 0, to: sound.count, by: 97) { attempt(Array(sound[..<length])) }
    var random = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      var bytes = sound
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      attempt(bytes)
    }
    #expect(refused > 50)
  }

  @Test func `an extent that the strides do not divide is refused`() throws {
    let model = try GoldenGraph(name: "unet").model()
    let error = try #require(throws: ModelError.self) {
      try NetworkPlan(model, extent: VoxelExtent(z: 8, y: 9, x: 8), threads: 1)
    }
    #expect(error.code == .mismatch)
    #expect(error.expected == "multiples of 2, 2, 2")
  }

  @Test(arguments: [0, -4, Int.max / 2])
  func `an extent without voxels, or with too many, is refused`(_ length: Int) throws {
    let model = try GoldenGraph(name: "box-filter").model()
    let error = try #require(throws: ModelError.self) {
      try NetworkPlan(model, extent: VoxelExtent(z: length, y: 4, x: 4), threads: 1)
    }
    #expect(error.code == .mismatch)
  }
}
