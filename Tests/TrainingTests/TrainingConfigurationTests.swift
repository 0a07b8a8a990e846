import Codecs
import Testing
import Training
import Voxels

@Suite struct TrainingConfigurationTests {
  private let least = #"""
    {"data": [{"image": "gray", "labels": "labels.h5"}],
     "network": {"architecture": "residual-unet", "widths": [4, 8]}}
    """#

  private func document(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  private func document(setting texts: String...) throws -> JSONValue {
    try texts.reduce(try document(least)) { document, text in
      try #require(SettingsOverride(text)).applied(to: document)
    }
  }

  private func error(_ document: JSONValue) -> TrainingError? {
    do {
      _ = try TrainingConfiguration(document)
      return nil
    } catch {
      return error
    }
  }

  @Test func `the least configuration gets all defaults, and is read back as the same`() throws {
    let configuration = try TrainingConfiguration(try document(least))
    #expect(configuration.task == "affinities")
    #expect(configuration.targets.count == 1 && configuration.targets[0].channels == 3)
    #expect(configuration.losses.terms.map { $0.name } == ["affinities.cross_entropy"])
    #expect(configuration.patch == VoxelExtent(cube: 64))
    #expect(configuration.optimization.batch == 1)
    let completed = configuration.completed
    #expect(completed.object?["steps"] == .integer(20_000))
    #expect(completed.object?["optimizer"]?.object?["learning_rate"]?.double == 1e-3)
    #expect(completed.object?["network"]?.object?["widths"] != nil)
    #expect(completed.object?["data"]?.array?[0].object?["weight"]?.double == 1)
    let again = try TrainingConfiguration(completed)
    #expect(again.completed == completed)
    try TrainingConfiguration.checkUnchanged(from: completed, to: again.completed)
  }

  @Test(arguments: [
    ("stepps=5", "stepps", "steps"), ("optimizer.momentum=1", "optimizer.momentum", "beta1"),
    ("data.0.imag=x", "data.0.imag", "image"), ("network.depth=3", "network.depth", "widths"),
    (#"losses=[{"name": "dice", "smooth": 1}]"#, "losses.0.smooth", "smoothing"),
    ("scoring.cost=1", "scoring.cost", "costs"),
  ])
  func `an unknown setting is named, with those there are`(
    _ given: (set: String, key: String, known: String)
  ) throws {
    let error = try #require(error(try document(setting: given.set)))
    #expect(error.code == .configuration)
    #expect(error.subject == given.key)
    #expect(error.expected?.contains(given.known) == true)
  }

  @Test(arguments: [
    ("steps=0", "steps"), ("steps=many", "steps"), ("patch=[1,2]", "patch"),
    ("optimizer.learning_rate=-1", "optimizer.learning_rate"), ("data=[]", "data"),
    ("data.0.labels=", "data.0.labels"), ("scoring.low=1", "scoring.low"),
    ("losses=[{\"target\": \"mask\"}]", "losses.0.target"),
    ("losses=[{\"name\": \"hinge\"}]", "losses.0.name"), ("batch=0", "batch"),
    ("network.architecture=resnet", "network.architecture"),
  ])
  func `a setting that cannot be is named`(_ given: (set: String, key: String)) throws {
    #expect(try error(document(setting: given.set))?.subject == given.key)
  }

  @Test func `synapses keep up to three masks, with names`() throws {
    func kept(_ targets: String) throws -> TrainingConfiguration {
      try TrainingConfiguration(
        try document(setting: #"task="synapses""#, "targets=\(targets)"))
    }
    let plain = try TrainingConfiguration(try document(setting: #"task="synapses""#))
    #expect(plain.keptChannels == 0..<1 && plain.channelNames == ["cleft"])
    let mask = #"{"name": "mask"}"#
    let two = try kept("[\(mask), \(mask), {\"name\": \"distance\"}]")
    #expect(two.keptChannels == 0..<2 && two.channelNames == ["cleft", "presynaptic"])
    #expect(throws: TrainingError.self) { try kept("[{\"name\": \"boundary\"}]") }
    #expect(throws: TrainingError.self) { try kept("[\(mask), \(mask), \(mask), \(mask)]") }
    // Other tasks keep their first target alone, without names.
    let affinities = try TrainingConfiguration(
      try document(setting: #"targets=[{"name": "affinities"}, {"name": "boundary"}]"#))
    #expect(affinities.keptChannels == 0..<3 && affinities.channelNames == nil)
  }

  @Test func `overrides reach members and elements, and read JSON or text`() throws {
    let changed = try document(
      setting: "optimizer.learning_rate=0.5", "data.0.image=other", "data.1.image=second",
      "patch=[8,16,16]", "data.1.labels=more.h5", "validation.0.image=v",
      "validation.0.labels=w")
    let configuration = try TrainingConfiguration(changed)
    #expect(configuration.optimization.schedule.peak == 0.5)
    #expect(configuration.data.map { $0.image } == ["other", "second"])
    #expect(configuration.data.map { $0.key } == ["data.0", "data.1"])
    #expect(configuration.patch == VoxelExtent(z: 8, y: 16, x: 16))
    #expect(configuration.validation.count == 1)
    #expect(SettingsOverride("nothing") == nil)
    #expect(SettingsOverride("a..b=1") == nil)
    #expect(SettingsOverride("a.b=x=y")?.value == .string("x=y"))
    let past = try #require(SettingsOverride("data.3.image=x"))
    #expect(throws: TrainingError.self) { try past.applied(to: document(least)) }
    let through = try #require(SettingsOverride("data.0.image.x=1"))
    #expect(throws: TrainingError.self) { try through.applied(to: document(least)) }
  }

  @Test func `a training that goes on may only change how long it is and how often it writes`()
    throws
  {
    let begun = try TrainingConfiguration(try document(least)).completed
    let longer = try TrainingConfiguration(
      document(
        setting: "steps=7", "checkpoint_every=3", "validate_every=5", "data.0.image=elsewhere")
    ).completed
    try TrainingConfiguration.checkUnchanged(from: begun, to: longer)
    for (text, key) in [
      ("optimizer.learning_rate=0.5", "optimizer.learning_rate"), ("seed=2", "seed"),
      ("data.0.region=0:1,:,:", "data.0.region"), ("network.widths=[4,9]", "network.widths.1"),
      ("batch=2", "batch"),
    ] {
      let other = try TrainingConfiguration(document(setting: text)).completed
      let error = #expect(throws: TrainingError.self) {
        try TrainingConfiguration.checkUnchanged(from: begun, to: other)
      }
      #expect(error?.code == .checkpoint && error?.subject == key)
    }
  }
}
