import Tensors
import Voxels

extension GraphDifferentiation {
  mutating func differentiateResize(_ reader: NodeReader) throws(ModelError) {
    let input = try value(reader, 0)
    let from = builder.shape(of: input).extent
    // The lowering has found the new extent, whether it was given or computed.
    guard let to = loweredShape(reader)?.extent else {
      throw reader.unsupported("the resizing's result is no tensor")
    }
    let isOld = reader.node.operatorType == "Upsample" || reader.operatorSetVersion < 11
    let coordinates =
      isOld
      ? "asymmetric"
      : try reader.string("coordinate_transformation_mode", default: "half_pixel")
    let rounding = try reader.string("nearest_mode", default: "round_prefer_floor")
    let isCentred = ["half_pixel", "pytorch_half_pixel"].contains(coordinates)
    let isWhole = to.z % from.z == 0 && to.y % from.y == 0 && to.x % from.x == 0
    let interpolation: Interpolation
    switch try reader.string("mode", default: "nearest") {
    case "nearest"
    where isWhole
      && (isCentred
        ? rounding == "round_prefer_floor"
        : coordinates == "asymmetric" && (isOld || rounding == "floor")):
      interpolation = .nearest
    case "linear" where isCentred, "trilinear" where isCentred: interpolation = .linear
    case let mode:
      throw reader.unsupported(
        "this resizing can be run but not trained",
        found: "\(mode), \(coordinates), \(rounding)",
        expected: "nearest by whole factors, or linear with half_pixel")
    }
    try define(reader) { (builder) throws(TensorError) in
      try builder.resampling(input, to: to, interpolation)
    }
  }
}
