public import Tensors
public import Voxels

/// What a model's input and output mean, from the properties in its file.
///
/// | property | value | without it |
/// |---|---|---|
/// | `task` | `affinities`, or another word | unknown |
/// | `axes` | `zyx` | `zyx` |
/// | `voxel_size_nm` | three lengths, `10,10,10` | any voxel size is taken |
/// | `offsets` | one step for each channel, `-1,0,0;0,-1,0;0,0,-1` | no affinities |
/// | `channels` | one name for each channel, `cleft,presynaptic` | channels have no names |
/// | `affinity_polarity` | `1=same object` or `0=same object` | no affinities |
/// | `input_scale` | the factor of 8-bit grey values, `1/255` | `1/255` |
/// | `input_offset` | what is then added | `0` |
/// | `normalization` | `scale`: by those two; `volume`, `section`: to a mean and a deviation | `scale` |
/// | `normalization_mean`, `normalization_std` | those of the network's input | `0`, `1` |
/// | `activation` | begins with `sigmoid` or `none`: what is left to the reader | `none` |
/// | `patch` | three lengths, `96,96,96` | chosen by cost |
public struct ModelDescription: Hashable, Sendable {
  /// What an affinity of 1 says of two voxels.
  public enum Polarity: Hashable, Sendable {
    /// Both belong to the same object.
    case sameObject
    /// They belong to different objects.
    case differentObjects
  }

  /// How grey values become the network's input.
  public enum Normalization: String, CaseIterable, Hashable, Sendable {
    /// All alike, by ``ModelDescription/inputScale`` and ``ModelDescription/inputOffset``.
    case scale
    /// So that the whole volume has the mean and the standard deviation that the network wants.
    case volume
    /// So that each section has them.
    case section
  }

  /// What the model predicts, such as `affinities`.
  public var task: String?
  /// The voxel size of the data that the model was trained on.
  public var voxelSize: VoxelSize?
  /// The steps from a voxel to the one that each output channel relates it to.
  public var offsets: [VoxelExtent]?
  /// What each output channel is called; nil where the model does not say.
  public var channelNames: [String]?
  /// What an affinity of 1 says.
  public var polarity: Polarity?
  /// The factor that brings 8-bit grey values to the network's input.
  public var inputScale: Float
  /// What is added to scaled grey values.
  public var inputOffset: Float
  /// How grey values become the network's input.
  public var normalization: Normalization
  /// The mean of the network's input; nil where the model does not say.
  public var normalizationMean: Double?
  /// The standard deviation of the network's input; nil where the model does not say.
  public var normalizationDeviation: Double?
  /// What the reader applies to the output to get probabilities.
  public var activation: Activation?
  /// The patch extent that the model's author suggests.
  public var patch: VoxelExtent?
  /// The file that error messages name.
  let path: String

  /// Reads a model's properties.
  ///
  /// - Throws: `malformed` for a property that is there but says nothing of its kind; `unsupported`
  ///   for axes other than z, y, x or an activation that is not known.
  public init(_ model: ONNXModel) throws(ModelError) {
    path = model.path
    let properties = PropertyReader(properties: model.metadata, path: model.path)
    task = properties.text("task")
    if let axes = properties.text("axes"), axes != "zyx" {
      throw ModelError(
        .unsupported, path: path, "the model's axes are in another order", found: axes,
        expected: "zyx", remedy: "export the model with its axes in the order z, y, x")
    }
    if let lengths = try properties.triple("voxel_size_nm", { Double($0) }) {
      let size = VoxelSize(z: lengths[0], y: lengths[1], x: lengths[2])
      guard size.isValid else { throw properties.malformed("voxel_size_nm", "lengths above zero") }
      voxelSize = size
    }
    if let text = properties.text("offsets") {
      var steps: [VoxelExtent] = []
      for part in text.split(separator: ";", omittingEmptySubsequences: false) {
        guard let step = PropertyReader.triple(part, { Int($0) }) else {
          throw properties.malformed("offsets", "steps such as -1,0,0;0,-1,0;0,0,-1")
        }
        steps.append(VoxelExtent(z: step[0], y: step[1], x: step[2]))
      }
      offsets = steps
    }
    if let text = properties.text("channels") {
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map {
        String($0.filter { $0 != " " })
      }
      guard names.allSatisfy({ !$0.isEmpty }), Set(names).count == names.count else {
        throw properties.malformed("channels", "names that differ, such as cleft,presynaptic")
      }
      channelNames = names
    }
    switch properties.text("affinity_polarity")?.filter({ $0 != " " && $0 != "_" }) {
    case nil: polarity = nil
    case "1=sameobject"?: polarity = .sameObject
    case "0=sameobject"?, "1=differentobjects"?, "1=differentobject"?:
      polarity = .differentObjects
    default: throw properties.malformed("affinity_polarity", "1=same object or 0=same object")
    }
    inputScale = try properties.fraction("input_scale") ?? 1 / 255
    inputOffset = Float(try properties.number("input_offset") ?? 0)
    normalization = .scale
    if let text = properties.text("normalization") {
      guard let known = Normalization(rawValue: text) else {
        throw properties.malformed("normalization", "scale, volume or section")
      }
      normalization = known
    }
    normalizationMean = try properties.number("normalization_mean")
    normalizationDeviation = try properties.number("normalization_std")
    if let deviation = normalizationDeviation, deviation <= 0 {
      throw properties.malformed("normalization_std", "a number above zero")
    }
    activation = try properties.activation()
    if let lengths = try properties.triple("patch", { Int($0) }) {
      guard lengths.allSatisfy({ (1...4096).contains($0) }) else {
        throw properties.malformed("patch", "three lengths from 1 to 4096")
      }
      patch = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
    }
  }

  /// The factor that brings values of a data type to the network's input.
  ///
  /// The model states it for 8-bit grey values. Other whole numbers are taken as the same grey
  /// values in their full range, floats as grey values in [0, 1].
  public func inputScale(for type: DataType) -> Float {
    switch type {
    case .uint8, .int8: inputScale
    case .uint16, .int16: inputScale * 255 / 65535
    case .uint32, .int32, .uint64, .int64: inputScale * 255 / 4_294_967_296
    case .float16, .float32, .float64: inputScale * 255
    }
  }

  /// How values of a data type become the network's input where all are treated alike.
  public func inputMap(for type: DataType) -> InputNormalization.Map {
    InputNormalization.Map(factor: inputScale(for: type), summand: inputOffset)
  }

  /// How values of a mean and a standard deviation become the network's input.
  public func inputMap(mean: Double, standardDeviation: Double) -> InputNormalization.Map {
    InputNormalization.Map(
      mean: mean, standardDeviation: standardDeviation, wantedMean: normalizationMean ?? 0,
      wantedStandardDeviation: normalizationDeviation ?? 1)
  }

  /// The output channels that relate a voxel to its neighbours at −1 along z, y and x.
  ///
  /// - Throws: `missingMeaning` where the model does not say that it predicts them; `mismatch` where
  ///   it says that it predicts something else.
  public func affinityChannels(of channels: Int) throws(ModelError) -> [Int] {
    if let task, !task.lowercased().hasPrefix("affinit") {
      throw ModelError(
        .mismatch, path: path, "the model predicts something else than affinities", found: task,
        expected: "affinities", remedy: "choose a model of that task: see emseg model list")
    }
    guard let offsets, polarity != nil else {
      throw ModelError(
        .missingMeaning, path: path, "the model does not say what its affinities relate",
        found: offsets == nil ? "no offsets" : "no affinity_polarity",
        expected: "the metadata properties offsets and affinity_polarity",
        remedy: "add them with onnx.helper.set_model_props, for example offsets="
          + "\"-1,0,0;0,-1,0;0,0,-1\" and affinity_polarity=\"1=same object\"")
    }
    guard offsets.count == channels else {
      throw ModelError(
        .mismatch, path: path, "the model has not one offset for each channel",
        found: "\(offsets.count) offsets", expected: "\(channels)")
    }
    var result: [Int] = []
    for step in [
      VoxelExtent(z: -1, y: 0, x: 0), VoxelExtent(z: 0, y: -1, x: 0),
      VoxelExtent(z: 0, y: 0, x: -1),
    ] {
      guard let channel = offsets.firstIndex(of: step) else {
        throw ModelError(
          .missingMeaning, path: path, "the model predicts no affinity to a nearest neighbour",
          found: offsets.map { "\($0.z),\($0.y),\($0.x)" }.joined(separator: ";"),
          expected: "the offset \(step.z),\(step.y),\(step.x) among them")
      }
      result.append(channel)
    }
    return result
  }

  /// The names of the output channels.
  ///
  /// - Throws: `missingMeaning` where the model does not name them; `mismatch` where it names
  ///   another number of channels than it has.
  public func names(of channels: Int) throws(ModelError) -> [String] {
    guard let channelNames else {
      throw ModelError(
        .missingMeaning, path: path, "the model does not say what its channels are",
        found: task.map { "a model of \($0)" }, expected: "the metadata property channels",
        remedy: "add it with onnx.helper.set_model_props, for example channels=\"cleft\"")
    }
    guard channelNames.count == channels else {
      throw ModelError(
        .mismatch, path: path, "the model has not one name for each channel",
        found: channelNames.joined(separator: ", "), expected: "\(channels) names")
    }
    return channelNames
  }

  /// Refuses a volume whose voxel size differs from the model's by more than a tenth.
  ///
  /// - Throws: `mismatch`.
  public func check(voxelSize volume: VoxelSize) throws(ModelError) {
    guard let model = voxelSize?.converted(to: volume.unit) else { return }
    let pairs = [(model.z, volume.z), (model.y, volume.y), (model.x, volume.x)]
    guard pairs.allSatisfy({ abs($0.0 - $0.1) <= 0.1 * $0.0 }) else {
      let (found, expected) = (volume.converted(to: .nanometer), model.converted(to: .nanometer))
      throw ModelError(
        .mismatch, path: path, "the volume's voxel size is not the one the model was trained for",
        found: "\(found.z) × \(found.y) × \(found.x) nm",
        expected: "\(expected.z) × \(expected.y) × \(expected.x) nm",
        remedy: "check --voxel-size, resample the volume, or choose another model")
    }
  }
}

/// Reads metadata properties in their types.
private struct PropertyReader {
  let properties: [String: String]
  let path: String

  func malformed(_ name: String, _ expected: String) -> ModelError {
    ModelError(
      .malformed, path: path, "the metadata property \(name) cannot be understood",
      found: "\"\(properties[name] ?? "")\"", expected: expected)
  }

  func text(_ name: String) -> String? {
    guard let text = properties[name], !text.isEmpty else { return nil }
    return text
  }

  static func triple<Number>(
    _ text: some StringProtocol, _ convert: (String) -> Number?
  ) -> [Number]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { convert(String($0.filter { $0 != " " })) }
    return parts.count == 3 && numbers.count == 3 ? numbers : nil
  }

  func triple<Number>(
    _ name: String, _ convert: (String) -> Number?
  ) throws(ModelError) -> [Number]? {
    guard let text = text(name) else { return nil }
    guard let numbers = Self.triple(text, convert) else {
      throw malformed(name, "three numbers, z,y,x")
    }
    return numbers
  }

  /// A number, written as `0.25` or `-1`.
  func number(_ name: String) throws(ModelError) -> Double? {
    guard let text = text(name) else { return nil }
    guard let value = Double(String(text.filter { $0 != " " })), value.isFinite,
      value.magnitude <= 1e30
    else { throw malformed(name, "a number") }
    return value
  }

  /// A number above zero, written as `0.25` or `1/4`.
  func fraction(_ name: String) throws(ModelError) -> Float? {
    guard let text = text(name) else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Float(String($0.filter { $0 != " " })) }
    guard numbers.count == parts.count, (1...2).contains(numbers.count),
      case let value = numbers.count == 2 ? numbers[0] / numbers[1] : numbers[0],
      value.isFinite, value > 0
    else { throw malformed(name, "a number above zero, such as 1/255") }
    return value
  }

  func activation() throws(ModelError) -> Activation? {
    guard let text = text("activation") else { return nil }
    switch text.split(separator: " ").first.map({ String($0) }) {
    case "sigmoid"?: return .sigmoid
    case "none"?, "identity"?: return nil
    default:
      throw ModelError(
        .unsupported, path: path, "the activation left to the reader is not known",
        found: "\"\(text)\"", expected: "sigmoid or none")
    }
  }
}
