import Tensors
import Voxels

/// How a resizing finds places along one axis.
private struct ResizedAxis {
  var length: Int
  var result: Int
  /// The result's voxels per voxel, as the graph states it.
  var scale: Float

  /// Where a voxel of the result lies in the input, or nil for a mode that is not known.
  func position(_ index: Int, _ mode: String) -> Float? {
    let place = Float(index)
    switch mode {
    case "asymmetric": return place / scale
    case "half_pixel": return (place + 0.5) / scale - 0.5
    case "pytorch_half_pixel": return result > 1 ? (place + 0.5) / scale - 0.5 : 0
    case "tf_half_pixel_for_nn": return (place + 0.5) / scale
    case "half_pixel_symmetric":
      let adjustment = Float(result) / (scale * Float(length))
      return Float(length) / 2 * (1 - adjustment) + (place + 0.5) / scale - 0.5
    case "align_corners":
      return result > 1 ? place * Float(length - 1) / Float(result - 1) : 0
    default: return nil
    }
  }

  /// The sampling by the nearest voxel, or nil for a mode that is not known.
  func nearest(_ mode: String, _ rounding: String) -> AxisSampling? {
    var places: [Int] = []
    for index in 0..<result {
      guard let position = position(index, mode) else { return nil }
      let rounded: Float
      switch rounding {
      case "floor": rounded = position.rounded(.down)
      case "ceil": rounded = position.rounded(.up)
      case "round_prefer_floor": rounded = (position - 0.5).rounded(.up)
      case "round_prefer_ceil": rounded = (position + 0.5).rounded(.down)
      default: return nil
      }
      places.append(min(max(Int(rounded), 0), length - 1))
    }
    return AxisSampling(places: places)
  }

  /// The sampling linear between voxels, or nil for a mode that is not known.
  func linear(_ mode: String) -> AxisSampling? {
    var sampling = AxisSampling(places: [])
    for index in 0..<result {
      guard let position = position(index, mode) else { return nil }
      let limited = min(max(position, 0), Float(length - 1))
      let first = Int(limited)
      sampling.first.append(first)
      sampling.second.append(min(first + 1, length - 1))
      sampling.weights.append(limited - Float(first))
    }
    return sampling
  }
}

extension GraphLowering {
  mutating func lowerResize(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let isOld = reader.node.operatorType == "Upsample" || reader.operatorSetVersion < 11
    let axes = try resizedAxes(reader, builder.shape(of: input), isOld: isOld)
    let coordinates =
      isOld
      ? "asymmetric"
      : try reader.string("coordinate_transformation_mode", default: "half_pixel")
    let rounding =
      isOld ? "floor" : try reader.string("nearest_mode", default: "round_prefer_floor")
    let mode = try reader.string("mode", default: "nearest")
    guard ["nearest", "linear", "trilinear", "bilinear"].contains(mode),
      try reader.integer("antialias", default: 0) == 0
    else {
      throw reader.unsupported(
        "the interpolation is not supported", found: mode,
        expected: "nearest or linear, without antialias")
    }
    let isNearest = mode == "nearest"
    let extent = VoxelExtent(z: axes[0].result, y: axes[1].result, x: axes[2].result)
    if let known = Self.interpolation(axes, isNearest: isNearest, coordinates, rounding) {
      try define(reader) { (builder) throws(TensorError) in
        try builder.resampling(input, to: extent, known)
      }
      return
    }
    var samplings: [AxisSampling] = []
    for axis in axes {
      guard
        let sampling =
          axis.result == axis.length && axis.scale == 1 && coordinates != "tf_half_pixel_for_nn"
          ? .identity(axis.length)
          : isNearest ? axis.nearest(coordinates, rounding) : axis.linear(coordinates)
      else {
        throw reader.unsupported(
          "this resizing is not supported",
          found: coordinates + (isNearest ? ", \(rounding)" : ""),
          expected: "half_pixel, pytorch_half_pixel, half_pixel_symmetric, asymmetric, "
            + "align_corners or tf_half_pixel_for_nn")
      }
      samplings.append(sampling)
    }
    let (z, y, x) = (samplings[0], samplings[1], samplings[2])
    try define(reader) { (builder) throws(TensorError) in
      try builder.sampling(input, z: z, y: y, x: x)
    }
  }

  /// oneDNN's own interpolation where it finds the same places.
  private static func interpolation(
    _ axes: [ResizedAxis], isNearest: Bool, _ coordinates: String, _ rounding: String
  ) -> Interpolation? {
    let areExact = axes.allSatisfy { Float($0.length) * $0.scale == Float($0.result) }
    let areCentred = ["half_pixel", "pytorch_half_pixel"].contains(coordinates)
    guard areExact, coordinates != "pytorch_half_pixel" || axes.allSatisfy({ $0.result > 1 })
    else { return nil }
    guard isNearest else { return areCentred ? .linear : nil }
    let areWhole = axes.allSatisfy { $0.result % $0.length == 0 }
    let isKnown =
      coordinates == "asymmetric" && rounding == "floor"
      || areCentred && rounding == "round_prefer_floor"
    return areWhole && isKnown ? .nearest : nil
  }

  private func resizedAxes(
    _ reader: NodeReader, _ shape: TensorShape, isOld: Bool
  ) throws(ModelError) -> [ResizedAxis] {
    let rank = reader.rank
    var axes = [shape.z, shape.y, shape.x].map { ResizedAxis(length: $0, result: $0, scale: 1) }
    let listed = try reader.integers("axes") ?? Array(0..<rank)
    let named = try reader.axes(listed, rank: rank)
    let places = named.map { TensorShape.axes(ofRank: rank)[$0] }
    if !isOld, let sizes = try integers(reader, 3), !sizes.isEmpty {
      let policy = try reader.string("keep_aspect_ratio_policy", default: "stretch")
      guard sizes.count == places.count, policy == "stretch",
        zip(places, sizes).allSatisfy({
          $0 < 2 ? $1 == shape.lengths[$0] : (1...(1 << 24)).contains($1)
        })
      else {
        throw reader.unsupported("the resizing changes more than (z, y, x)", found: "\(sizes)")
      }
      for (place, size) in zip(places, sizes) where place >= 2 {
        axes[place - 2].result = size
        axes[place - 2].scale = Float(size) / Float(axes[place - 2].length)
      }
      return axes
    }
    var scales: [Float] = []
    if case .floats(let list)? = reader.node.attributes["scales"] {
      scales = list
    } else {
      scales = try floats(reader, isOld ? 1 : 2)
    }
    guard scales.count == places.count,
      zip(places, scales).allSatisfy({
        $0 < 2 ? $1 == 1 : $1.isFinite && $1 > 0 && $1 <= 64
      })
    else {
      throw reader.unsupported(
        "the resizing changes more than (z, y, x) or too much", found: "\(scales)")
    }
    for (place, scale) in zip(places, scales) where place >= 2 {
      axes[place - 2].result = Int(Float(axes[place - 2].length) * scale)
      axes[place - 2].scale = scale
    }
    guard axes.allSatisfy({ $0.result > 0 }) else {
      throw reader.unsupported("the resizing leaves no voxel", found: "\(scales)")
    }
    return axes
  }
}

extension VoxelExtent {
  /// The lengths in the order (z, y, x).
  var components: [Int] { [z, y, x] }
}
