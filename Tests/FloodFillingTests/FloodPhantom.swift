import FloodFilling
import Voxels

/// Says of every voxel what the image says: its grey value is the mask's new logit.
struct ImageIsMask: FloodNetwork {
  var fieldOfView = VoxelExtent(cube: 5)
  /// The mask's new logit from the grey value and the logit that the network saw.
  var change: (Float, Float) -> Float = { grey, _ in grey }

  func run(_ window: borrowing Volume<Float>, into logits: inout [Float]) {
    let values = window.span
    let count = values.count / 2
    logits = (0..<count).map { change(values[$0], values[count + $0]) }
  }
}

/// The logits of voxels inside and outside objects.
let inside: Float = 3, outside: Float = -3

/// A volume of `outside` with boxes of `inside`.
func image(_ extent: VoxelExtent, _ boxes: [VoxelBox]) -> Volume<Float> {
  var volume = Volume<Float>(box: VoxelBox(extent: extent), fill: outside)
  for box in boxes {
    for position in positions(in: box) { volume[position] = inside }
  }
  return volume
}

/// The positions of a box, in raster order.
func positions(in box: VoxelBox) -> [VoxelPosition] {
  var list: [VoxelPosition] = []
  for z in box.origin.z..<box.end.z {
    for y in box.origin.y..<box.end.y {
      for x in box.origin.x..<box.end.x { list.append(VoxelPosition(z: z, y: y, x: x)) }
    }
  }
  return list
}

func box(_ z: Range<Int>, _ y: Range<Int>, _ x: Range<Int>) -> VoxelBox {
  VoxelBox(
    from: VoxelPosition(z: z.lowerBound, y: y.lowerBound, x: x.lowerBound),
    to: VoxelPosition(z: z.upperBound, y: y.upperBound, x: x.upperBound))
}

/// The defaults, for objects of few voxels.
var smallObjects: FloodSettings {
  var settings = FloodSettings()
  settings.minimumVoxelCount = 10
  return settings
}

func smallFlood(
  _ network: ImageIsMask = ImageIsMask(), _ settings: FloodSettings = smallObjects
) -> ObjectFlood<ImageIsMask> {
  ObjectFlood(
    network, movement: FaceMaximumMovement(step: VoxelExtent(cube: 2)), settings: settings)
}
