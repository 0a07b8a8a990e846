import CommandLineInterface
import FloodFilling
import HDF5Formats
import Networks
import Voxels

/// The numbers of flood filling, as options.
struct FloodOptions {
  var mean = 128.0
  var deviation = 33.0
  var fieldOfView = ExtentArgument(VoxelExtent(cube: 33))
  var step = ExtentArgument(VoxelExtent(cube: 8))
  var moveProbability = FloodSettings().moveProbability
  var segmentProbability = FloodSettings().segmentProbability
  var minimumVoxels = FloodSettings().minimumVoxelCount
  var callLimit: Int?
  var allowsDisconnection = false

  static let arguments: [Argument<FloodOptions>] = [
    .option("--image-mean", \.mean, "The grey value that the network sees as 0."),
    .option(
      "--image-deviation", \.deviation, accepting: .from(1e-9...1e9),
      "The difference of grey values that the network sees as 1."),
    .option("--field-of-view", \.fieldOfView, "What the network sees; odd lengths."),
    .option("--step", \.step, "How far the field of view moves along each axis."),
    .option(
      "--move-threshold", \.moveProbability, accepting: .from(0.01...0.999),
      "The least probability at which the field of view moves on."),
    .option(
      "--segment-threshold", \.segmentProbability, accepting: .from(0.01...0.999),
      "The least probability of an object's voxels."),
    .option(
      "--minimum-voxels", \.minimumVoxels, accepting: .atLeast(1),
      "Drop objects with fewer voxels."),
    .option(
      "--call-limit", \.callLimit, accepting: .ifGiven(.atLeast(1)),
      "End an object after so many network calls."),
    .flag(
      "--allow-return", \.allowsDisconnection,
      "Let voxels that were outside the object come back, which the published run did not."),
  ]

  var settings: FloodSettings {
    var settings = FloodSettings()
    settings.moveProbability = moveProbability
    settings.segmentProbability = segmentProbability
    settings.minimumVoxelCount = minimumVoxels
    settings.callLimit = callLimit
    if allowsDisconnection { settings.disconnectionFraction = nil }
    return settings
  }
}

/// A voxel's position.
struct PositionArgument: ArgumentValue {
  var position: VoxelPosition

  init?(argument: String) {
    guard let values = triple(argument, { Int($0) }),
      values.allSatisfy({ (0..<1 << 40).contains($0) })
    else { return nil }
    position = VoxelPosition(z: values[0], y: values[1], x: values[2])
  }

  var argumentText: String? { "\(position.z),\(position.y),\(position.x)" }
  static var expectation: String { "three whole numbers from 0, z,y,x" }
  static var placeholder: String { "Z,Y,X" }
}

/// Files of networks for flood filling.
enum FloodWeights {
  /// Reads a network: published weights in HDF5, or a model by its path or name.
  ///
  /// - Throws: ``VolumeError``, ``ModelError``.
  static func model(at path: String) throws -> ONNXModel {
    guard path.hasSuffix(".h5") || path.hasSuffix(".hdf5") else {
      return try LoadedModel(path).model
    }
    var arrays: [String: PublishedWeights.Array] = [:]
    for name in try HDF5Datasets.names(in: path) {
      let array = try HDF5Array<Float>(path, dataset: name, byteLimit: 1 << 28)
      arrays[name] = PublishedWeights.Array(lengths: array.lengths, values: array.values)
    }
    return try PublishedWeights(arrays, path: path).model()
  }
}
