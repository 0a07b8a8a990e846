public import Codecs

/// A family of networks that is built from a configuration.
public protocol NetworkArchitecture: Sendable {
  /// The name under which a configuration asks for it.
  static var name: String { get }
  /// What it is, in one line.
  static var summary: String { get }

  /// Reads the settings; what they leave out has a default.
  ///
  /// - Throws: The setting that cannot be understood, or does not go with another.
  init(_ settings: inout SettingsReader) throws(SettingsError)

  /// Builds the network with the weights it starts with.
  ///
  /// The input `image` and the output `logits` are (sample, channels, z, y, x); both have the same
  /// extent. Weights are drawn as He et al. do, the last layer's close to zero.
  ///
  /// - Parameters:
  ///   - inputChannels: The channels of the image.
  ///   - outputChannels: The channels of all heads together.
  ///   - seed: What the weights are drawn from: equal seeds give equal models everywhere.
  /// - Returns: The model, without metadata properties.
  /// - Throws: `mismatch` for numbers of channels that the network cannot have; `limitExceeded` for
  ///   more weights than a file can hold.
  func model(
    inputChannels: Int, outputChannels: Int, seed: UInt64
  ) throws(ModelError) -> ONNXModel
}

/// The architectures there are.
public let networkArchitectures: [any NetworkArchitecture.Type] = [
  ResidualUNet.self, PlainUNet.self, FloodFillingStack.self,
]

/// Reads the settings of a network: `architecture` is the name of one of ``networkArchitectures``,
/// the others are that architecture's.
///
/// - Throws: The setting that is not known, cannot be understood or does not go with another.
public func networkArchitecture(
  _ settings: inout SettingsReader
) throws(SettingsError) -> any NetworkArchitecture {
  let names = networkArchitectures.map { (type) in type.name }
  let name = try settings.word("architecture", among: names, default: ResidualUNet.name)
  guard let index = names.firstIndex(of: name) else {
    preconditionFailure("a word is among those that there are")
  }
  let architecture = try networkArchitectures[index].init(&settings)
  try settings.finish()
  return architecture
}

extension NetworkArchitecture {
  /// The largest number of weights that a network may have: what an ONNX file can hold.
  static var maximalParameterCount: Int { 500_000_000 }

  /// Refuses numbers of channels that no network has.
  func check(inputChannels: Int, outputChannels: Int) throws(ModelError) {
    guard (1...1024).contains(inputChannels), (1...1024).contains(outputChannels) else {
      throw ModelError(
        .mismatch, "the network cannot have so many channels",
        found: "\(inputChannels) in, \(outputChannels) out", expected: "1 to 1024")
    }
  }

  /// Refuses a network with more weights than a file can hold.
  func check(parameterCount: Int) throws(ModelError) {
    guard parameterCount <= Self.maximalParameterCount else {
      throw ModelError(
        .limitExceeded, "the network has too many weights", found: "\(parameterCount)",
        expected: "at most \(Self.maximalParameterCount)",
        remedy: "choose fewer levels or smaller widths")
    }
  }
}
