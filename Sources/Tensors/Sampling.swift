/// Which places along one axis each place of a result takes its value from.
///
/// The result at `i` is `(1 − weight[i]) · value[first[i]] + weight[i] · value[second[i]]`.
public struct AxisSampling: Hashable, Sendable {
  /// The place in the source; −1 for none, where the result is a constant.
  public var first: [Int]
  /// The second place, used where the weight is not zero.
  public var second: [Int]
  /// How much the second place counts.
  public var weights: [Float]

  /// Creates a sampling between two places each.
  public init(first: [Int], second: [Int], weights: [Float]) {
    precondition(
      first.count == second.count && first.count == weights.count,
      "each place has two sources and a weight")
    self.first = first
    self.second = second
    self.weights = weights
  }

  /// Creates a sampling that takes one place each; −1 for a constant.
  public init(places: [Int]) {
    self.init(first: places, second: places, weights: places.map { _ in 0 })
  }

  /// The sampling of an axis by itself.
  public static func identity(_ length: Int) -> AxisSampling {
    AxisSampling(places: Array(0..<length))
  }

  func fits(_ length: Int) -> Bool {
    !first.isEmpty
      && first.indices.allSatisfy {
        (-1..<length).contains(first[$0]) && (weights[$0] == 0 || (0..<length).contains(second[$0]))
      }
  }
}

/// A resampling of a whole tensor along its axes: enlargements between any grids, borders of any
/// kind, parts with steps.
struct Sampling: Hashable, Sendable {
  var z: AxisSampling
  var y: AxisSampling
  var x: AxisSampling
  /// The source's lengths.
  var source: TensorShape
  /// The value where an axis takes none from the source.
  var outside: Float

  var rowCount: Int { z.first.count * y.first.count }

  /// Computes the row (x, c) of a place (z, y), from (z, y, x, c) in memory.
  ///
  /// Rows are joined along z and y first and then along x: one pass over long rows, and one over the
  /// result.
  func fill(row: Int, from values: Span<Float>, into target: inout MutableSpan<Float>) {
    let (zPlace, yPlace) = row.quotientAndRemainder(dividingBy: y.first.count)
    let length = source.x * source.c
    guard z.first[zPlace] >= 0, y.first[yPlace] >= 0 else {
      for index in target.indices { target[index] = outside }
      return
    }
    var sources: [(start: Int, weight: Float)] = []
    for (zSource, zWeight) in [
      (z.first[zPlace], 1 - z.weights[zPlace]), (z.second[zPlace], z.weights[zPlace]),
    ] where zWeight != 0 {
      for (ySource, yWeight) in [
        (y.first[yPlace], 1 - y.weights[yPlace]), (y.second[yPlace], y.weights[yPlace]),
      ] where yWeight != 0 {
        sources.append(((zSource * source.y + ySource) * length, zWeight * yWeight))
      }
    }
    if sources.count == 1, sources[0].weight == 1 {
      sampleAlongX(values.extracting(sources[0].start..<sources[0].start + length), into: &target)
      return
    }
    var joined = [Float](repeating: 0, count: length)
    var sum = joined.mutableSpan
    for (start, weight) in sources {
      let line = values.extracting(start..<start + length)
      for index in 0..<length { sum[index] += weight * line[index] }
    }
    sampleAlongX(joined.span, into: &target)
  }

  private func sampleAlongX(_ line: Span<Float>, into target: inout MutableSpan<Float>) {
    let channels = source.c
    for place in x.first.indices {
      let (start, first, weight) = (place * channels, x.first[place], x.weights[place])
      guard first >= 0 else {
        for channel in 0..<channels { target[start + channel] = outside }
        continue
      }
      let near = line.extracting(first * channels..<(first + 1) * channels)
      guard weight != 0 else {
        for channel in 0..<channels { target[start + channel] = near[channel] }
        continue
      }
      let second = x.second[place]
      let far = line.extracting(second * channels..<(second + 1) * channels)
      for channel in 0..<channels {
        target[start + channel] = (1 - weight) * near[channel] + weight * far[channel]
      }
    }
  }
}

extension TensorProgramBuilder {
  /// Adds a resampling along the axes (z, y, x), with a value where an axis takes none from the
  /// source.
  ///
  /// - Throws: `invalidShape` for places outside the tensor, or more than one sample.
  public mutating func sampling(
    _ input: TensorValue, z: AxisSampling, y: AxisSampling, x: AxisSampling, outside: Float = 0
  ) throws(TensorError) -> TensorValue {
    let from = shape(of: input)
    let to = TensorShape(c: from.c, z: z.first.count, y: y.first.count, x: x.first.count)
    guard from.n == 1, z.fits(from.z), y.fits(from.y), x.fits(from.x), to.checkedCount != nil else {
      throw TensorError(
        .invalidShape, operation: "sampling", "\(to) cannot be sampled from \(from)")
    }
    var source = try arranged(input, as: .channelsLast(from))
    switch values[source.index].place {
    case .storage: break
    default: source = try copied(source, as: .channelsLast(from))
    }
    let layout = try TensorLayout.channelsLast(to)
    let place = addStorage(layout)
    let value = values[source.index]
    steps.append(
      .sampling(
        Sampling(z: z, y: y, x: x, source: from, outside: outside),
        source: Operand(argument: 0, place: value.place, layout: value.layout),
        target: Operand(argument: 0, place: place, layout: layout)))
    return addValue(to, layout, place)
  }
}
