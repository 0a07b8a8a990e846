import Networks
import Tensors
import Testing
import Voxels

struct ModelDescriptionTests {
  private func description(_ properties: [String: String]) throws(ModelError) -> ModelDescription {
    var model = ONNXModel()
    model.metadata = properties
    return try ModelDescription(model)
  }

  private static let affinities = [
    "task": "affinities", "axes": "zyx", "voxel_size_nm": "40, 4,4",
    "offsets": "-1,0,0;0,-1,0;0,0,-1", "affinity_polarity": "1=same object",
    "input_scale": "1/255", "activation": "sigmoid applied by the reader", "patch": "20,160,160",
  ]

  @Test func `every property is read`() throws {
    let found = try description(Self.affinities)
    #expect(found.task == "affinities")
    #expect(found.voxelSize == VoxelSize(z: 40, y: 4, x: 4))
    #expect(found.polarity == .sameObject)
    #expect(found.inputScale == Float(1) / 255)
    #expect(found.activation == .sigmoid)
    #expect(found.patch == VoxelExtent(z: 20, y: 160, x: 160))
    #expect(try found.affinityChannels(of: 3) == [0, 1, 2])
  }

  @Test func `channels are known by names, one each`() throws {
    let found = try description(["task": "synapses", "channels": "cleft, presynaptic"])
    #expect(found.channelNames == ["cleft", "presynaptic"])
    #expect(try PredictionOutput.named(found, channels: 2).channels == [0, 1])
    #expect(
      try #require(throws: ModelError.self) { try found.names(of: 3) }.code == .mismatch)
    let nameless = try description(["task": "synapses"])
    #expect(
      try #require(throws: ModelError.self) { try nameless.names(of: 2) }.code == .missingMeaning)
    for text in ["cleft,,a", "cleft,cleft"] {
      #expect(
        try #require(throws: ModelError.self) { try description(["channels": text]) }.code
          == .malformed)
    }
  }

  @Test func `without properties nothing is assumed but the scale`() throws {
    let found = try description([:])
    #expect(found.voxelSize == nil && found.activation == nil && found.offsets == nil)
    #expect(found.inputScale == Float(1) / 255)
    let error = try #require(throws: ModelError.self) { try found.affinityChannels(of: 3) }
    #expect(error.code == .missingMeaning)
    #expect(error.remedy?.contains("affinity_polarity") == true)
  }

  @Test func `how grey values become the input is read`() throws {
    let plain = try description([:])
    #expect(plain.normalization == .scale && plain.normalizationMean == nil)
    #expect(plain.inputMap(for: .uint8) == InputNormalization.Map(factor: 1 / 255, summand: 0))
    let found = try description([
      "normalization": "section", "normalization_mean": "0.5", "normalization_std": "0.25",
      "input_scale": "2/255", "input_offset": "-1",
    ])
    #expect(found.normalization == .section)
    #expect(found.inputMap(for: .uint8).summand == -1)
    let map = found.inputMap(mean: 100, standardDeviation: 10)
    #expect(abs(110 * map.factor + map.summand - 0.75) < 1e-5)
  }

  @Test func `channels are found by their offsets`() throws {
    var properties = Self.affinities
    properties["offsets"] = "0,0,-1;-3,0,0;0,-1,0;-1,0,0"
    #expect(try description(properties).affinityChannels(of: 4) == [3, 2, 0])
    let error = try #require(throws: ModelError.self) {
      try description(properties).affinityChannels(of: 3)
    }
    #expect(error.code == .mismatch)
  }

  @Test func `affinities that relate other voxels are refused`() throws {
    var properties = Self.affinities
    properties["offsets"] = "1,0,0;0,1,0;0,0,1"
    let error = try #require(throws: ModelError.self) {
      try description(properties).affinityChannels(of: 3)
    }
    #expect(error.code == .missingMeaning)
  }

  @Test(arguments: [
    ("normalization", "z-score"), ("normalization_std", "0"), ("normalization_mean", "nan"),
    ("input_offset", "x"), ("voxel_size_nm", "10,10"), ("voxel_size_nm", "0,1,1"),
    ("voxel_size_nm", "nan,1,1"),
    ("offsets", "-1,0;0"), ("offsets", "a,b,c"), ("affinity_polarity", "yes"),
    ("input_scale", "1/0"), ("input_scale", "-1"), ("input_scale", "1/2/3"),
    ("input_scale", "inf"), ("patch", "0,1,1"), ("patch", "1e3,1,1"),
  ])
  func `a property that cannot be understood is refused`(_ name: String, _ value: String) throws {
    let error = try #require(throws: ModelError.self) { try description([name: value]) }
    #expect(error.code == .malformed)
    #expect(error.message.contains(name))
  }

  @Test(arguments: [("axes", "xyz"), ("activation", "softplus")])
  func `a property with another meaning is refused`(_ name: String, _ value: String) throws {
    let error = try #require(throws: ModelError.self) { try description([name: value]) }
    #expect(error.code == .unsupported)
  }

  @Test func `grey values of any type reach the same range`() throws {
    let found = try description(Self.affinities)
    #expect(255 * found.inputScale(for: .uint8) == 1)
    #expect(abs(65535 * found.inputScale(for: .uint16) - 1) < 1e-6)
    #expect(1 * found.inputScale(for: .float32) == 1)
  }

  @Test func `a volume of another voxel size is refused`() throws {
    let found = try description(Self.affinities)
    try found.check(voxelSize: VoxelSize(z: 40, y: 4, x: 4))
    try found.check(voxelSize: VoxelSize(z: 0.041, y: 0.004, x: 0.004, unit: .micrometer))
    let error = try #require(throws: ModelError.self) {
      try found.check(voxelSize: VoxelSize(z: 40, y: 8, x: 8))
    }
    #expect(error.code == .mismatch)
  }

  @Test func `an affinity model of the opposite polarity is complemented`() throws {
    var properties = Self.affinities
    properties["affinity_polarity"] = "0=same object"
    let output = try PredictionOutput.affinities(try description(properties), channels: 3)
    #expect(output.complements)
  }
}
