import Codecs
import CommandLineInterface
import Networks
import Synapses
import VolumeStore
import ZarrStore
import Voxels

/// A stored prediction of synapses, with what its channels are.
struct SynapsePrediction {
  let reader: any VolumeReader
  let identity: String
  /// What identifies the network; nil where the prediction does not say.
  let model: String?
  private let names: [String]

  /// The names of channels that mean something.
  static let known = [
    "cleft", "presynaptic", "postsynaptic", "direction_z", "direction_y", "direction_x",
  ]

  /// Opens a prediction.
  ///
  /// - Parameters:
  ///   - path: Where it lies.
  ///   - stated: What its channels are, where the user says so in place of the prediction.
  ///   - context: Where assumptions are told.
  /// - Throws: ``VolumeError`` where it has other channels, or values that are no probabilities.
  init(_ path: String, names stated: [String], context: CommandContext) throws {
    let input = try SourceOptions().open(path, context: context)
    let metadata = input.reader.metadata
    guard metadata.dataType == .uint8 || metadata.dataType == .float32 else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "predictions of this type are not known",
        found: metadata.dataType.rawValue, expected: "uint8 in 0...255 or float32")
    }
    let attributes = try OMEZarrImage.openIfPresent(at: path)?.attributes ?? [:]
    let stored = attributes["channels"]?.array?.compactMap(\.string) ?? []
    let names = stated.isEmpty ? stored : stated
    guard !names.isEmpty else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the prediction does not say what its channels are",
        found: "\(metadata.channels) channels", expected: "names, such as cleft,presynaptic",
        remedy: "name them with --channels, in their order")
    }
    guard names.count == metadata.channels else {
      throw VolumeError(
        .unsupportedFeature, path: path, "the prediction has not one name for each channel",
        found: names.joined(separator: ","), expected: "\(metadata.channels) names",
        remedy: "name them with --channels, in their order")
    }
    self.names = names
    reader = input.reader
    identity = input.identity
    model = attributes["model"]?.string
  }

  /// Whether values are bytes that stand for probabilities.
  var isQuantized: Bool { reader.metadata.dataType == .uint8 }

  /// The place of a channel; nil where there is none of that name.
  func channel(_ name: String) -> Int? { names.firstIndex(of: name) }

  /// The place of a channel.
  ///
  /// - Throws: ``VolumeError`` where there is none of that name.
  func needed(_ name: String, for method: String) throws(VolumeError) -> Int {
    guard let place = channel(name) else {
      throw VolumeError(
        .unsupportedFeature, path: reader.path, "the prediction has no channel \(name)",
        found: names.joined(separator: ", "), expected: "\(name), for --partners \(method)",
        remedy: "choose another --partners, or name the channels with --channels")
    }
    return place
  }

  /// The channels' values over a box: probabilities in [0, 1], or lengths as they are stored.
  func values(in box: VoxelBox) throws -> Volume<Float> {
    var values = try reader.readConverting(box, to: Float.self)
    if isQuantized {
      var span = values.mutableSpan
      for index in 0..<span.count { span[index] /= 255 }
    }
    return values
  }
}
