import Networks
import TestSupport
import ZarrStore
import Voxels

/// A folder with an image of bright rods on dark ground, `image.zarr`, and a network that fills what
/// is bright, `filling.onnx`.
enum FloodPhantom {
  /// The options that suit the network and the image.
  static let options = [
    "--field-of-view", "5,5,5", "--step", "2,2,2", "--minimum-voxels", "10", "--allow-return",
  ]

  static let extent = VoxelExtent(z: 7, y: 21, x: 60)

  /// Bright boxes, which do not touch.
  static let rods = [
    box(2..<5, 2..<5, 2..<58), box(2..<5, 9..<12, 2..<30), box(2..<5, 16..<19, 20..<58),
  ]

  static func box(_ z: Range<Int>, _ y: Range<Int>, _ x: Range<Int>) -> VoxelBox {
    VoxelBox(
      from: VoxelPosition(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
      to: VoxelPosition(z: z.upperBound, y: y.upperBound, x: x.upperBound))
  }

  static func prepared() throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    try store(volume { $0 == nil ? UInt8(95) : 161 }, at: folder("image.zarr"), kind: .image)
    overwrite(folder("filling.onnx"), with: try filling().encoded())
    return folder
  }

  /// A volume of what each voxel's rod, by its place in the list, is to be.
  static func volume<Scalar: VoxelScalar>(_ value: (Int?) -> Scalar) -> Volume<Scalar> {
    var volume = Volume<Scalar>(box: VoxelBox(extent: extent))
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        for x in 0..<extent.x {
          let position = VoxelPosition(z: z, y: y, x: x)
          volume[position] = value(rods.firstIndex { $0.contains(position) })
        }
      }
    }
    return volume
  }

  /// A network that adds six times the normalised grey value to the mask's logit.
  static func filling() throws -> ONNXModel {
    let model = try FloodFillingStack(depth: 1, features: 2)
      .model(inputChannels: 2, outputChannels: 1, seed: 1)
    var values = model.parameterValues.map { _ in Float(0) }
    var kernels = model.parameters.filter { $0.lengths.count == 5 }
    precondition(kernels.map { $0.lengths[0] } == [2, 2, 1], "the network has other layers")
    // Bright in the first feature, dark in the second; the same again; their difference.
    let last = kernels.removeLast().range
    for kernel in kernels {
      let start = kernel.range.lowerBound
      values[start + 13] = 1
      values[start + 2 * 27 + (kernel == kernels[0] ? 0 : 27) + 13] =
        kernel == kernels[0] ? -1 : 1
    }
    values[last.lowerBound] = 6
    values[last.lowerBound + 1] = -6
    return model.replacingParameters(values.span)
  }

  /// Whether labels give every rod one number of its own, and everything else none.
  static func isExact(_ labels: [UInt64]) -> Bool {
    let rods = volume { Int32(($0 ?? -1) + 1) }
    let truth = rods.span
    var numbers = [UInt64?](repeating: nil, count: self.rods.count + 1)
    numbers[0] = 0
    for index in truth.indices {
      let rod = Int(truth[index])
      guard numbers[rod] ?? labels[index] == labels[index] else { return false }
      numbers[rod] = labels[index]
    }
    return Set(numbers).count == numbers.count
  }
}
