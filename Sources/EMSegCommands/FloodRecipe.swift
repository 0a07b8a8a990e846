import CommandLineInterface
import FloodFilling
import Networks
import Tensors
import VolumeStore
import Voxels

/// What decides an object besides its seed: the network, the thresholds, how grey values are seen.
struct FloodRecipe: Sendable {
  let model: ONNXModel
  /// What tells the network's file from others.
  let weights: String
  let settings: FloodSettings
  let mean: Double, deviation: Double
  let fieldOfView: VoxelExtent
  let step: VoxelExtent
  let precision: PredictionOptions.NetworkPrecision

  /// Reads the network and takes the options.
  ///
  /// - Throws: ``VolumeError``, ``ModelError`` where the network cannot be read.
  init(
    weights path: String, _ options: FloodOptions,
    precision: PredictionOptions.NetworkPrecision
  ) throws {
    model = try FloodWeights.model(at: path)
    weights = try ContentIdentity.ofContent(at: path)
    settings = options.settings
    mean = options.mean
    deviation = options.deviation
    fieldOfView = options.fieldOfView.extent
    step = options.step.extent
    self.precision = precision
  }

  /// The same network with what a record says.
  ///
  /// - Throws: ``VolumeError`` with `malformedMetadata` where the record is of another network, or
  ///   cannot be understood.
  init(weights path: String, recorded text: String, table: String) throws {
    model = try FloodWeights.model(at: path)
    weights = try ContentIdentity.ofContent(at: path)
    var values: [Substring: String] = [:]
    for pair in text.split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[parts[0]] = String(parts[1]) }
    }
    func extent(_ name: Substring) -> VoxelExtent? {
      guard let words = values[name]?.split(separator: " ") else { return nil }
      let lengths = words.compactMap { Int($0) }
      guard lengths.count == 3, words.count == 3, lengths.allSatisfy({ (1...4096).contains($0) })
      else { return nil }
      return VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2])
    }
    guard let settings = FloodSettings(text: text), let mean = values["mean"].flatMap(Double.init),
      let deviation = values["deviation"].flatMap(Double.init), mean.isFinite, deviation > 0,
      let fieldOfView = extent("field_of_view"), let step = extent("step"),
      let precision = values["precision"].flatMap({
        PredictionOptions.NetworkPrecision(rawValue: $0)
      }), let recorded = values["weights"]
    else {
      throw VolumeError(
        .malformedMetadata, path: table, "the settings of the object cannot be understood",
        found: text, remedy: "take a table that emseg floodfill --records wrote")
    }
    guard recorded == weights else {
      throw VolumeError(
        .malformedMetadata, path: path, "the object was flooded with another network",
        found: weights, expected: recorded, remedy: "choose the file of then with --weights")
    }
    self.settings = settings
    self.mean = mean
    self.deviation = deviation
    self.fieldOfView = fieldOfView
    self.step = step
    self.precision = precision
  }

  /// Everything that decides an object, on one line without commas.
  var text: String {
    func words(_ extent: VoxelExtent) -> String { "\(extent.z) \(extent.y) \(extent.x)" }
    return settings.text
      + ";mean=\(mean);deviation=\(deviation);field_of_view=\(words(fieldOfView))"
      + ";step=\(words(step));precision=\(precision.rawValue);weights=\(weights)"
  }

  /// Prepares the network.
  ///
  /// - Throws: ``ModelError`` where it is none for flooding; `UsageError` where the field of view
  ///   would move past its own faces.
  func network(threads: Int) throws -> ConvolutionalFloodNetwork {
    let network = try ConvolutionalFloodNetwork(
      model, fieldOfView: fieldOfView, threads: threads, precision: precision.precision)
    let margin = network.margin
    guard step.z <= margin.z, step.y <= margin.y, step.x <= margin.x else {
      throw UsageError(
        "--step", "the field of view cannot move past its own faces", found: step.text,
        expected: "at most \(margin.text)")
    }
    return network
  }

  /// What floods.
  func flood(threads: Int) throws -> ObjectFlood<ConvolutionalFloodNetwork> {
    ObjectFlood(
      try network(threads: threads), movement: FaceMaximumMovement(step: step),
      settings: settings)
  }

  /// A part of an image as the network sees it.
  ///
  /// - Throws: ``VolumeError`` where it cannot be read, or has values that are not finite.
  func image(_ reader: any VolumeReader, in box: VoxelBox) throws -> Volume<Float> {
    var volume = try reader.readConverting(box, to: Float.self)
    var values = volume.mutableSpan
    let (mean, deviation) = (Float(mean), Float(deviation))
    var isFinite = true
    for index in values.indices {
      values[index] = (values[index] - mean) / deviation
      isFinite = isFinite && values[index].isFinite
    }
    guard isFinite else {
      throw VolumeError(
        .unsupportedFeature, path: reader.path, "the image has values that are not finite",
        remedy: "mask or clip them")
    }
    return volume
  }

  /// - Throws: ``VolumeError`` where an image has several channels.
  static func check(_ reader: any VolumeReader) throws(VolumeError) {
    guard reader.metadata.channels == 1 else {
      throw VolumeError(
        .unsupportedFeature, path: reader.path, "the image has several channels",
        found: "\(reader.metadata.channels)", expected: "1",
        remedy: "choose one with --channel")
    }
  }
}
