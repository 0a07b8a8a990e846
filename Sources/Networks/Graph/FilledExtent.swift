import Tensors
import Voxels

/// Which extent a network's output has.
public enum OutputExtent: Hashable, Sendable {
  /// The network's own: valid convolutions give less than they take.
  case own
  /// The input's: what valid convolutions lose at the faces is filled with the voxels next to it, and
  /// has to be thrown away (see ``ReceptiveField/context``).
  case input
}

/// A network without padding seen as one that gives as many voxels as it takes.
///
/// Its input is continued by its mirror image to a length that the strides allow, and its output put
/// in the middle, its outermost voxels repeated to the faces.
struct FilledExtent {
  let extent: VoxelExtent
  /// The voxels put after the input along each axis.
  let added: [Int]
  /// Along which axes the output is put in the middle of the input's extent.
  let fills: [Bool]

  /// The lengths to try, least work first: all that the strides tell apart.
  static func candidates(_ extent: VoxelExtent, field: ReceptiveField) -> [FilledExtent] {
    guard field.context != .zero else { return [] }
    let multiple = field.requiredMultiple.components
    let context = field.context.components
    let choices = (0..<3).map { axis in
      Array(0..<(context[axis] > 0 ? min(multiple[axis], 64) : 1))
    }
    var all: [[Int]] = []
    for z in choices[0] {
      for y in choices[1] { all += choices[2].map { [z, y, $0] } }
    }
    // Most networks treat all axes alike: equal additions come first.
    let ordered = all.sorted { left, right in
      let (a, b) = (Set(left).count, Set(right).count)
      return a != b ? a < b : left.reduce(0, +) < right.reduce(0, +)
    }
    let fills = context.map { $0 > 0 }
    return ordered.prefix(1024).map { FilledExtent(extent: extent, added: $0, fills: fills) }
  }

  /// The input with what is put after it.
  func continued(
    _ input: TensorValue, _ builder: inout TensorProgramBuilder
  ) throws(TensorError) -> TensorValue {
    guard added != [0, 0, 0] else { return input }
    let samplings = zip(extent.components, added).map { length, more in
      AxisSampling(places: (0..<length + more).map { mirroredIndex($0, length: length) })
    }
    return try builder.sampling(input, z: samplings[0], y: samplings[1], x: samplings[2])
  }

  /// The output with its outermost voxels repeated to the input's faces.
  ///
  /// - Throws: `invalidShape` for an output larger than the input.
  func filled(
    _ output: TensorValue, _ builder: inout TensorProgramBuilder
  ) throws(TensorError) -> TensorValue {
    let lengths = builder.shape(of: output).extent.components
    let full = zip(extent.components, added).map { $0 + $1 }
    guard (0..<3).allSatisfy({ !fills[$0] || lengths[$0] <= full[$0] }) else {
      throw TensorError(
        .invalidShape, operation: "output", "\(lengths) voxels come from \(full)")
    }
    let wanted = (0..<3).map { fills[$0] ? extent.components[$0] : lengths[$0] }
    if lengths == wanted { return output }
    let samplings = (0..<3).map { axis in
      guard fills[axis] else { return AxisSampling.identity(lengths[axis]) }
      let before = (full[axis] - lengths[axis]) / 2
      return AxisSampling(
        places: (0..<wanted[axis]).map { min(max($0 - before, 0), lengths[axis] - 1) })
    }
    return try builder.sampling(output, z: samplings[0], y: samplings[1], x: samplings[2])
  }
}
