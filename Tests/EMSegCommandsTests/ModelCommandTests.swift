import EMSegCommands
import FoundationEssentials
import Networks
import TestSupport
import Testing
import VolumeStore
import Voxels

private let written = volumesFolder + "/golden/onnxruntime-1.31.1-written"

@Suite struct ModelCommandTests {
  @Test func `info says what a network is for and what a patch costs`() throws {
    let outcome = emseg("model", "info", phantomModel, "--patch", "16,32,24")
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["task"] == "affinities")
    #expect(outcome["voxel_size_nm"] == "10,10,10")
    #expect(outcome["offsets"] == "-1,0,0;0,-1,0;0,0,-1")
    #expect(outcome["affinity_polarity"] == "1=same object")
    #expect(outcome["activation"] == "sigmoid")
    #expect(outcome["input_channels"] == "1" && outcome["output_channels"] == "3")
    #expect(outcome["required_multiple"] == "4,4,4")
    #expect(outcome["patch_shape"] == "16,32,24")
    #expect(outcome["parameters"] == "85035")
    #expect(outcome["agglomeration_threshold"] == "0.55")
    let table = outcome.output.split(separator: "\n\n").last?.split(separator: "\n") ?? []
    #expect(table.first?.contains("operator") == true)
    #expect(table.count { $0.contains("ConvTranspose") } == 2)
    #expect(table.last?.contains("85035") == true)
  }

  @Test(arguments: ["float32", "bfloat16"])
  func `time lists every operation, with the work that info counts`(_ precision: String) throws {
    let options = ["--patch", "16,32,24"]
    let outcome = emseg(
      ["model", "time", phantomModel, "--runs", "2", "--threads", "1", "--precision", precision]
        + options)
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["patch_shape"] == "16,32,24" && outcome["threads"] == "1")
    let time = try #require(outcome["milliseconds"].flatMap { Double($0) })
    #expect(time > 0)
    let table = outcome.output.split(separator: "\n\n").last ?? ""
    let rows = table.split(separator: "\n").dropFirst().map { row in
      row.split(separator: " ").map { String($0) }
    }
    var (work, share, convolutions) = (0.0, 0.0, 0)
    for row in rows {
      let isConvolution = row.contains("→")
      convolutions += isConvolution ? 1 : 0
      if isConvolution { work += try #require(Double(row[row.count - 2])) }
      share += try #require(Double(row[row.count - (isConvolution ? 3 : 1)]))
    }
    let info = emseg(["model", "info", phantomModel] + options)
    let counted = try #require(info["gflop"].flatMap { Double($0) })
    #expect(convolutions == 13)
    #expect(abs(work - counted) < 0.01)
    #expect(abs(share - 100) < 0.06 * Double(rows.count))
  }

  @Test func `info as JSON lists every layer`() throws {
    let outcome = emseg("model", "info", phantomModel, "--json")
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome.output.contains("\"layers\""))
    #expect(outcome.output.contains("\"patch_shape\" : \"64,64,64\""))
    #expect(outcome.output.contains("\"operator\" : \"ConvTranspose\""))
  }

  @Test func `a patch that the strides do not divide is refused`() throws {
    let outcome = emseg("model", "info", phantomModel, "--patch", "15,16,16")
    #expect(outcome.status == 65)
    #expect(outcome.diagnostics.contains("multiples of 4, 4, 4"))
  }

  @Test(arguments: ["residual-unet", "residual-unet-strided", "unet", "ffn"])
  func `a model agrees with the arrays that onnxruntime gave`(_ name: String) throws {
    let folder = "\(written)/\(name)"
    let outcome = emseg(
      "model", "check", "\(folder)/model.onnx", "--reference", "\(folder)/reference.npz")
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["agrees"] == "yes")
    #expect(outcome["patch_shape"] == "4,8,12")
    // The weights that training starts from give something else.
    let other = emseg(
      "model", "check", "\(folder)/start.onnx", "--reference", "\(folder)/reference.npz")
    #expect(other.status == 65)
    #expect(other["agrees"] == "no")
    #expect(other.diagnostics.contains("does not give its reference output"))
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(
        atPath: (shared ?? "") + "/models/fib25-affinity-unet.golden.h5"),
      "needs the shared model and its golden output"))
  func `the shared network agrees with its reference in HDF5`() throws {
    let folder = try #require(shared) + "/models"
    let outcome = emseg(
      "model", "check", "\(folder)/fib25-affinity-unet.onnx", "--reference",
      "\(folder)/fib25-affinity-unet.golden.h5")
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["values"] == "786432")
  }

  @Test func `a reference stored in the model is checked`() throws {
    let folder = TemporaryFolder()
    let model = try ONNXModel(contentsOfFile: written + "/residual-unet/model.onnx")
      .addingReference(extent: VoxelExtent(z: 3, y: 8, x: 8), threads: 1)
    overwrite(folder("m.onnx"), with: model.encoded())
    let outcome = emseg("model", "check", folder("m.onnx"))
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    #expect(outcome["reference"] == "stored in the model")
    #expect(emseg("model", "info", folder("m.onnx"))["reference"]?.contains("3,8,8") == true)
    let values = model.parameterValues.map { $0 * 1.1 }
    overwrite(folder("m.onnx"), with: model.replacingParameters(values.span).encoded())
    #expect(emseg("model", "check", folder("m.onnx")).status == 65)
  }

  @Test func `a model without a reference asks for one`() throws {
    let outcome = emseg("model", "check", phantomModel)
    #expect(outcome.status == 65)
    #expect(outcome.diagnostics.contains("--reference"))
  }

  @Test func `an array that is not there is named with those that are`() throws {
    let outcome = emseg(
      "model", "check", "\(written)/unet/model.onnx", "--reference",
      "\(written)/unet/reference.npz", "--image", "picture")
    #expect(outcome.status == 66)
    #expect(outcome.diagnostics.contains("picture"))
    #expect(outcome.diagnostics.contains("image, logits"))
  }

  /// Every cut and every damaged byte gives an answer or an error that is none of the program's.
  @Test(arguments: ["unet", "ffn"])
  func `a damaged reference is refused`(_ name: String) throws {
    let folder = TemporaryFolder()
    let sound = contents(of: "\(written)/\(name)/reference.npz")
    var random = SeededGenerator(seed: 4)
    var damaged = stride(from: 0, to: sound.count, by: 499).map { Array(sound[..<$0]) }
    for _ in 0..<40 {
      var bytes = sound
      bytes[Int.random(in: bytes.indices, using: &random)] ^= .random(in: 1...255, using: &random)
      damaged.append(bytes)
    }
    // The directory and the headers of the arrays.
    for place in sound.count - 120..<sound.count {
      var bytes = sound
      bytes[place] ^= 0xff
      damaged.append(bytes)
    }
    var refused = 0
    for bytes in damaged {
      overwrite(folder("r.npz"), with: bytes)
      let outcome = emseg(
        "model", "check", "\(written)/\(name)/model.onnx", "--reference", folder("r.npz"))
      #expect([0, 65, 66].contains(outcome.status), "\(outcome.diagnostics)")
      refused += outcome.status == 0 ? 0 : 1
    }
    #expect(refused > damaged.count / 2)
  }

  @Test(arguments: corpus)
  func `no bad network is described`(_ file: String) throws {
    let path = "\(volumesFolder)/bad/onnx/\(file)"
    for words in [["model", "info", path, "--patch", "4,4,4"], ["model", "check", path]] {
      let outcome = emseg(words)
      // A file of weights that is not there is no fault in the data.
      let expected: Int32 = file.hasPrefix("unreadable") ? 66 : 65
      #expect(outcome.status == expected, "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains(file))
    }
  }

  static let corpus =
    ((try? FileManager.default.contentsOfDirectory(atPath: volumesFolder + "/bad/onnx")) ?? [])
    .filter { $0.hasSuffix(".onnx") }.sorted()

  @Test func `the list runs wherever the program is`() {
    #expect(emseg("model", "list").status == 0)
    #expect(emseg("model", "list", "--json").output.hasPrefix("["))
  }
}

@Suite struct ShippedModelsTests {
  private static let models = String(phantomModel.dropLast("/phantom-affinity-unet.onnx".count))

  @Test func `a name stands for the file in the folder stated`() throws {
    let shipped = ShippedModels(folder: Self.models, executable: "")
    #expect(try shipped.path(of: "phantom-affinity-unet") == phantomModel)
    #expect(shipped.list.contains { $0.name == "phantom-affinity-unet" && $0.path == phantomModel })
  }

  @Test func `models are found beside the program`() throws {
    let folder = TemporaryFolder()
    for place in ["models/a.onnx", "share/emseg/models/a.onnx", "models/b.onnx", "models/c.txt"] {
      let path = folder(place)
      let parent = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      overwrite(path, with: [1])
    }
    let installed = ShippedModels(folder: nil, executable: folder("bin/emseg"))
    #expect(installed.list.map { $0.name } == ["a", "b"])
    #expect(try installed.path(of: "a") == folder("share/emseg/models/a.onnx"))
    let built = ShippedModels(
      folder: "", executable: folder(".build/x86_64-unknown-linux-gnu/release/emseg"))
    #expect(try built.path(of: "b") == folder("models/b.onnx"))
  }

  @Test func `a path stays a path`() throws {
    let shipped = ShippedModels(folder: "/nowhere", executable: "")
    #expect(try shipped.path(of: phantomModel) == phantomModel)
    for path in ["here/m", "m.onnx"] {
      let error = try #require(throws: VolumeError.self) { try shipped.path(of: path) }
      #expect(error.code == .notFound && error.path == path)
    }
  }

  @Test func `an unknown name is answered with the names there are`() throws {
    let shipped = ShippedModels(folder: Self.models, executable: "")
    let error = try #require(throws: VolumeError.self) { try shipped.path(of: "fib") }
    #expect(error.code == .notFound)
    #expect(error.expected?.contains("phantom-affinity-unet") == true)
    let none = ShippedModels(folder: "/nowhere", executable: "")
    let empty = try #require(throws: VolumeError.self) { try none.path(of: "fib") }
    #expect(empty.expected?.contains("/nowhere") == true)
  }
}
