import Codecs
import Tensors
import TestSupport
import Testing
import VolumeStore
import ZarrStore
import Voxels

@Suite struct TrainTests {
  /// A phantom, and a configuration to train a small network on it.
  private func prepared() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try #require(makePhantom(in: folder).status == 0)
    overwrite(
      folder("train.json"),
      with: Array(
        #"""
        {"data": [{"image": "image.zarr", "labels": "truth.zarr", "region": "0:16,:,:"}],
         "validation": [{"image": "image.zarr", "labels": "truth.zarr", "region": "16:24,:,:"}],
         "network": {"architecture": "residual-unet", "widths": [4, 8]},
         "targets": [
           {"name": "affinities", "offsets": [[-1,0,0], [0,-1,0], [0,0,-1], [0,0,-4]]},
           {"name": "boundary"}],
         "augmentations": [{"name": "flips"}],
         "optimizer": {"learning_rate": 0.02, "warm_up": 2, "average_decay": 0.5},
         "patch": [8, 16, 16], "steps": 6, "report_every": 1, "checkpoint_every": 2,
         "validate_every": 3, "scoring": {"samples": 2, "costs": [0.3, 0.7]}}
        """#.utf8))
    return folder
  }

  private func train(_ folder: TemporaryFolder, _ run: String, _ more: String...) -> Outcome {
    emseg(
      ["train", "--config", folder("train.json"), "--output", folder(run), "--threads", "1"] + more
    )
  }

  @Test func `a small network learns a phantom's affinities`() throws {
    let folder = try prepared()
    let outcome = train(
      folder, "run", "--set", "steps=40", "--set", "validate_every=40", "--set",
      "checkpoint_every=10")
    try #require(outcome.status == 0, "\(outcome.diagnostics)")
    let rows = String(decoding: contents(of: folder("run/curve.csv")), as: UTF8.self)
      .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(
      rows[0].joined(separator: ",")
        == "step,loss,affinities.cross_entropy,boundary.cross_entropy,learning_rate,"
        + "gradient_norm,validation_loss,voi_split,voi_merge,arand,cost")
    #expect(rows.count == 41)
    let losses = rows.dropFirst().compactMap { Double($0[1]) }
    #expect(losses.count == 40)
    // It begins at 2 · log 2 and balances its classes: half of that is no accident.
    #expect(losses[0] > 1.2 && losses[0] < 1.6)
    #expect(losses.suffix(5).reduce(0, +) / 5 < 0.8 * losses[0])
    #expect(outcome.output.contains("validation\tstep=40 validation_loss="))
    #expect(outcome["steps"] == "40" && outcome["best_step"] == "40")

    #expect(filesBelow(folder("run/checkpoints")).count == 2)
    #expect(contents(of: folder("run/curve.svg")).starts(with: Array("<?xml".utf8)))
    #expect(contents(of: folder("run/curve.png")).starts(with: [0x89, 0x50]))

    // The model holds its meaning, without the channels that only helped training.
    let facts = emseg("model", "info", folder("run/model.onnx"))
    #expect(facts["output_channels"] == "4" && facts["offsets"] == "-1,0,0;0,-1,0;0,0,-1;0,0,-4")
    #expect(facts["producer"]?.contains("test") == true)
    let image = try ZarrArray.openVolume(at: folder("image.zarr"))
    let grey = values(try image.read(image.metadata.box, as: UInt8.self)).prefix(16 * 40 * 44)
    let mean = grey.reduce(0) { $0 + Double($1) / 255 } / Double(grey.count)
    let stated = try #require(facts["normalization_mean"].flatMap { Double($0) })
    #expect(abs(stated - mean) < 1e-4)

    // Of its affinities the nearest are stored; all, where that is asked for.
    for (name, options, count) in [("near", [], 3), ("all", ["--affinities", "all"], 4)] {
      let predicted = emseg(
        ["predict", folder("image.zarr"), "--model", folder("run/model.onnx"), "--output"]
          + [folder(name)] + options)
      #expect(predicted.status == 0, "\(predicted.diagnostics)")
      let affinities = try ZarrArray.openVolume(at: folder(name))
      #expect(affinities.metadata.channels == count)
      let attributes = try #require(try OMEZarrImage.openIfPresent(at: folder(name))).attributes
      #expect(attributes["offsets"]?.array?.count == count)
      #expect(emseg("watershed", folder(name), "--output", folder(name + ".ids")).status == 0)
    }
    let near = try ZarrArray.openVolume(at: folder("near"))
    let all = try ZarrArray.openVolume(at: folder("all"))
    let nearest = values(try near.read(near.metadata.box, as: UInt8.self))
    let every = values(try all.read(all.metadata.box, as: UInt8.self))
    #expect(every.prefix(nearest.count).elementsEqual(nearest))
    let ids = try ["near.ids", "all.ids"].map { name in
      let array = try ZarrArray.openVolume(at: folder(name))
      return values(try array.read(array.metadata.box, as: UInt64.self))
    }
    #expect(ids[0] == ids[1] && Set(ids[0]).count > 1)
    let segmented = emseg(
      "segment", folder("image.zarr"), "--model", folder("run/model.onnx"), "--output",
      folder("project"))
    #expect(segmented.status == 0, "\(segmented.diagnostics)")
  }

  @Test(arguments: TrainingPrecision.allCases.filter(\.isSupported))
  func `a run that was interrupted ends with the same bytes as one that was not`(
    _ precision: TrainingPrecision
  ) throws {
    let folder = try prepared()
    let setting = "precision=\(precision.rawValue)"
    let whole = train(folder, "whole", "--set", setting)
    try #require(whole.status == 0)
    #expect(whole.diagnostics.contains("float32 are shorter") == precision.isSlowerThanFloat32)
    let words = [
      "train", "--config", folder("train.json"), "--output", folder("halves"), "--threads", "1",
      "--set", setting,
    ]
    let stopped = emseg(words, interruptedAt: "train")
    #expect(stopped.status == 130)
    #expect(stopped.diagnostics.contains("run the same line again"))
    try #require(train(folder, "halves", "--set", setting).status == 0)
    for name in [
      "model.onnx", "last.onnx", "curve.csv", "config.json",
      "checkpoints/step-000000006.checkpoint",
    ] {
      #expect(
        contents(of: folder("whole/\(name)")) == contents(of: folder("halves/\(name)")), "\(name)")
    }
    // Done is done; the folder's own configuration serves as well.
    let again = emseg("train", "--output", folder("halves"), "--threads", "1")
    #expect(again.status == 0 && again.diagnostics.contains("nothing to do"))
    // A longer one goes on.
    let longer = train(folder, "halves", "--set", "steps=8", "--set", setting)
    #expect(longer.status == 0 && longer["steps"] == "8")
  }

  @Test func `a damaged last checkpoint is passed over, and another configuration refused`() throws
  {
    let folder = try prepared()
    try #require(train(folder, "run").status == 0)
    let other = train(folder, "run", "--set", "optimizer.learning_rate=0.5")
    #expect(other.status == 65)
    #expect(other.diagnostics.contains("optimizer.learning_rate"))
    let last = folder("run/checkpoints/step-000000006.checkpoint")
    overwrite(last, with: Array(contents(of: last).dropLast(5)))
    let resumed = train(folder, "run")
    #expect(resumed.status == 0)
    #expect(resumed.diagnostics.contains("warning: "))
    #expect(resumed["steps"] == "6")
  }

  @Test func `a copy of the data will do to go on, other data will not`() throws {
    let folder = try prepared()
    try #require(train(folder, "run").status == 0)
    var labels: [String: Volume<UInt32>] = [:]
    let truth = try ZarrArray.openVolume(at: folder("truth.zarr"))
    labels["copy"] = try truth.readConverting(truth.metadata.box, to: UInt32.self)
    labels["other"] = labels["copy"]
    labels["other"]?[VoxelPosition(z: 3, y: 3, x: 3)] += 1
    for (name, status) in [("other", 65), ("copy", 0)] as [(String, Int32)] {
      try store(try #require(labels[name]), at: folder(name))
      let outcome = train(
        folder, "run", "--set", "steps=8", "--set", "data.0.labels=" + folder(name), "--set",
        "validation.0.labels=" + folder(name))
      #expect(outcome.status == status, "\(outcome.diagnostics)")
      #expect(outcome.diagnostics.contains("inputs.data.0") == (status != 0))
    }
  }

  @Test func `a diverging training stops with the step and keeps its checkpoint`() throws {
    let folder = try prepared()
    let outcome = train(
      folder, "run", "--set", "optimizer.learning_rate=1e3", "--set", "optimizer.clip=0", "--set",
      "optimizer.warm_up=0", "--set", "steps=400", "--set", "checkpoint_every=1", "--set",
      "optimizer.weight_decay=1", "--set", "validate_every=1000")
    #expect(outcome.status == 65)
    #expect(outcome.diagnostics.contains("not a finite number"))
    #expect(outcome.diagnostics.contains("learning_rate"))
    #expect(!filesBelow(folder("run/checkpoints")).isEmpty)
  }

  @Test(arguments: [
    (["--set", "stepps=3"], 64, "stepps"), (["--set", "steps"], 64, "--set"),
    (["--set", "data.0.image=nowhere"], 66, "nowhere"),
    (["--set", "data.0.region=0:90,:,:"], 64, "region"),
    (["--set", "data.0.labels_dataset=there"], 66, "truth"),
    (["--set", "patch=[9,16,16]"], 65, "multiples"),
    (["--set", "patch=[512,512,512]"], 64, "--memory"),
    (["--set", "validation.0.voxel_size=[20,10,10]"], 65, "voxel_size"),
    (["--set", "network.architecture=transformer"], 64, "network.architecture"),
    (["--set", "precision=float16"], 64, "precision"),
    (["--set", "network={\"model\": \"absent.onnx\"}"], 66, "absent.onnx"),
  ])
  func `what cannot be trained is refused with what is wrong`(
    _ given: (words: [String], status: Int32, text: String)
  ) throws {
    let folder = try prepared()
    let outcome = emseg(
      ["train", "--config", folder("train.json"), "--output", folder("run"), "--threads", "1"]
        + given.words)
    #expect(outcome.status == given.status, "\(outcome.diagnostics)")
    #expect(outcome.diagnostics.contains(given.text), "\(outcome.diagnostics)")
  }

  @Test func `labels without foreground and used folders are refused`() throws {
    let folder = try prepared()
    try store(
      Volume<UInt32>(box: VoxelBox(extent: VoxelExtent(z: 24, y: 40, x: 44))),
      at: folder("empty.zarr"))
    let empty = train(folder, "run", "--set", "data.0.labels=" + folder("empty.zarr"))
    #expect(empty.status == 65)
    #expect(empty.diagnostics.contains("no foreground"))
    let used = emseg(
      "train", "--config", folder("train.json"), "--output", folder("image.zarr"))
    #expect(used.status == 73)
    #expect(emseg("train", "--output", folder("new")).status == 64)
    #expect(
      emseg("train", "--config", folder("absent.json"), "--output", folder("new")).status == 66)
    #expect(emseg("train", "--config", folder("train.json")).status == 64)
  }

  @Test func `the example is a configuration`() throws {
    let folder = try prepared()
    let example = emseg("train", "--example")
    #expect(example.status == 0)
    overwrite(folder("example.json"), with: Array(example.output.utf8))
    let outcome = emseg(
      "train", "--config", folder("example.json"), "--output", folder("run"), "--set",
      "data.0.image=" + folder("image.zarr"), "--set", "data.0.labels=" + folder("none.h5"))
    // Everything is understood; only the volumes are not there.
    #expect(outcome.status == 66)
    #expect(outcome.diagnostics.contains("none.h5"))
  }
}
