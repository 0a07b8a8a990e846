import Codecs
import Tensors
public import Voxels

/// An input that every machine can make, with what a model gave for it, kept in the model's file.
///
/// The input is pseudo-random: value `i` in (c, z, y, x) order is the upper 24 bits of the `i`-th
/// number of SplitMix64, divided by 2²⁴. Of the output, raw and without any activation, a few dozen
/// values and each channel's mean and standard deviation are kept, as JSON in the metadata property
/// `reference`: `seed`, `extent`, `places` (in (c, z, y, x) order), `values`, `means`, `deviations`.
public struct ModelReference: Hashable, Sendable {
  /// The metadata property.
  public static let property = "reference"
  /// The most output values that are kept.
  private static let sampleCount = 64
  /// The most voxels that a reference may have, of all channels.
  private static let maximalCount = 1 << 28

  /// What the input is made from.
  public let seed: Int
  /// The extent of input and output.
  public let extent: VoxelExtent
  /// Places in the output, in (c, z, y, x) order.
  let places: [Int]
  /// The output's values at these places.
  let values: [Float]
  /// The mean of each output channel.
  let means: [Double]
  /// The standard deviation of each output channel.
  let deviations: [Double]

  /// Runs a model and keeps what it gives.
  ///
  /// - Parameters:
  ///   - model: The model; only its one input's channels and what it computes count.
  ///   - extent: The extent of the input, a multiple of what the model requires.
  ///   - seed: What the input is made from.
  ///   - threads: How many threads to run on.
  /// - Throws: What keeps the model from being run; `execution` where the output is not finite.
  public init(
    of model: ONNXModel, extent: VoxelExtent, seed: Int = 1, threads: Int
  ) throws(ModelError) {
    let network = try Network(try NetworkPlan(model, extent: extent, threads: threads))
    let output = try network.run(Self.input(network, seed: seed))
    guard output.allSatisfy({ $0.isFinite }) else {
      throw ModelError(
        .execution, path: model.path, "the network's output is not finite",
        remedy: "use the weights of an earlier checkpoint")
    }
    self.seed = seed
    self.extent = extent
    var generator = SplitMix64(seed: ~UInt64(truncatingIfNeeded: seed))
    var places: Set<Int> = []
    while places.count < min(Self.sampleCount, output.count) {
      places.insert(Int(generator.next() % UInt64(output.count)))
    }
    self.places = places.sorted()
    values = self.places.map { output[$0] }
    (means, deviations) = Self.statistics(of: output, channels: network.outputShape.c)
  }

  /// Reads a model's reference; nil where it has none.
  ///
  /// - Throws: `malformed` for a property that cannot be understood.
  public init?(storedIn model: ONNXModel) throws(ModelError) {
    guard let text = model.metadata[Self.property] else { return nil }
    guard let object = (try? JSONValue(parsing: Array(text.utf8)))?.object,
      let reference = Self(parsing: object)
    else {
      throw ModelError(
        .malformed, path: model.path,
        "the metadata property \(Self.property) cannot be understood",
        found: "\"\(text.prefix(40))\"", expected: "what emseg train writes",
        remedy: "check against a reference of your own (--reference)")
    }
    self = reference
  }

  private init?(parsing object: JSONObject) {
    func numbers(_ key: String) -> [Double]? {
      guard let list = object[key]?.array else { return nil }
      let numbers = list.compactMap { $0.double }
      return numbers.count == list.count && numbers.allSatisfy { $0.isFinite } ? numbers : nil
    }
    guard let seed = object["seed"]?.int,
      let lengths = object["extent"]?.array?.compactMap({ $0.int }), lengths.count == 3,
      lengths.allSatisfy({ $0 > 0 }),
      let places = object["places"]?.array?.compactMap({ $0.int }),
      places.allSatisfy({ $0 >= 0 }), let values = numbers("values"),
      let means = numbers("means"), let deviations = numbers("deviations"),
      !values.isEmpty, values.count == places.count, values.count <= 1 << 16, !means.isEmpty,
      means.count == deviations.count,
      case let extent = VoxelExtent(z: lengths[0], y: lengths[1], x: lengths[2]),
      let count = extent.checkedVoxelCount, count <= Self.maximalCount / means.count,
      places.allSatisfy({ $0 < count * means.count })
    else { return nil }
    self.seed = seed
    self.extent = extent
    self.places = places
    self.values = values.map { Float($0) }
    self.means = means
    self.deviations = deviations
  }

  /// The reference as the metadata property holds it.
  public var text: String {
    let object: JSONObject = [
      "seed": .integer(Int64(seed)),
      "extent": .array([extent.z, extent.y, extent.x].map { .integer(Int64($0)) }),
      "places": .array(places.map { .integer(Int64($0)) }),
      "values": .array(values.map { .number(Double($0)) }),
      "means": .array(means.map { .number($0) }),
      "deviations": .array(deviations.map { .number($0) }),
    ]
    let bytes = (try? JSONValue.object(object).encoded()) ?? []
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs a model on the reference's input and compares.
  ///
  /// - Throws: What keeps the model from being run; `mismatch` for another number of channels.
  public func compare(_ model: ONNXModel, threads: Int) throws(ModelError) -> ModelComparison {
    let plan = try NetworkPlan(model, extent: extent, threads: threads)
    guard plan.outputShape.c == means.count, plan.outputShape.extent == extent else {
      throw ModelError(
        .mismatch, path: model.path, "the model's reference is of another output",
        found: "\(plan.outputShape)", expected: "\(means.count) channels of the input's extent",
        remedy: "check against a reference of your own (--reference)")
    }
    let network = try Network(plan)
    let output = try network.run(Self.input(network, seed: seed))
    var comparison = ModelComparison()
    for (place, value) in zip(places, values) { comparison.add(found: output[place], value) }
    let found = Self.statistics(of: output, channels: means.count)
    for channel in means.indices {
      comparison.add(found: Float(found.means[channel]), Float(means[channel]))
      comparison.add(found: Float(found.deviations[channel]), Float(deviations[channel]))
    }
    return comparison
  }

  /// The pseudo-random input of a network.
  private static func input(_ network: Network, seed: Int) -> Volume<Float> {
    var generator = SplitMix64(seed: UInt64(bitPattern: Int64(seed)))
    let shape = network.inputShape
    let count = shape.c * shape.extent.voxelCount
    return Volume(
      channels: shape.c, box: VoxelBox(extent: shape.extent),
      values: (0..<count).map { _ in generator.nextFraction() })
  }

  private static func statistics(
    of output: [Float], channels: Int
  ) -> (means: [Double], deviations: [Double]) {
    var (means, deviations): ([Double], [Double]) = ([], [])
    let count = output.count / channels
    for channel in 0..<channels {
      let part = output[channel * count..<(channel + 1) * count]
      let mean = part.reduce(0.0) { $0 + Double($1) } / Double(count)
      let square = part.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      means.append(mean)
      deviations.append((square / Double(count)).squareRoot())
    }
    return (means, deviations)
  }
}

extension ONNXModel {
  /// The model with a reference output in its metadata properties, for `emseg model check`.
  ///
  /// - Parameters:
  ///   - extent: The extent of the input; where it is nil 16 voxels along each axis, or the next
  ///     multiple that the model requires.
  ///   - seed: What the input is made from.
  ///   - threads: How many threads to run on; the values do not depend on it.
  /// - Returns: The model.
  /// - Throws: As ``ModelReference/init(of:extent:seed:threads:)``.
  public func addingReference(
    extent: VoxelExtent? = nil, seed: Int = 1, threads: Int
  ) throws(ModelError) -> ONNXModel {
    var chosen = extent
    if chosen == nil {
      let multiple = try receptiveField().requiredMultiple
      func length(_ step: Int) -> Int { (15 + step) / step * step }
      chosen = VoxelExtent(z: length(multiple.z), y: length(multiple.y), x: length(multiple.x))
    }
    let reference = try ModelReference(
      of: self, extent: chosen ?? VoxelExtent(cube: 16), seed: seed, threads: threads)
    return settingMetadata([ModelReference.property: reference.text])
  }
}

/// How far values that a network gives are from those expected.
public struct ModelComparison: Hashable, Sendable {
  /// The number of values compared.
  public private(set) var count = 0
  /// The largest difference; infinite where one of two values is not a number.
  public private(set) var largestDifference: Float = 0
  /// The largest difference relative to the value expected, or to 1 where that is smaller.
  public private(set) var largestRelativeDifference: Float = 0
  private var squares = 0.0

  /// Starts without values.
  public init() {}

  /// The root of the mean square of the differences.
  public var rootMeanSquare: Double { count == 0 ? 0 : (squares / Double(count)).squareRoot() }

  /// Adds a value.
  public mutating func add(found: Float, _ expected: Float) {
    let distance = abs(found - expected)
    let difference = distance.isNaN ? .infinity : distance
    count += 1
    squares += Double(difference) * Double(difference)
    largestDifference = max(largestDifference, difference)
    let relative = difference / max(1, abs(expected))
    largestRelativeDifference = max(
      largestRelativeDifference, relative.isNaN ? .infinity : relative)
  }
}
