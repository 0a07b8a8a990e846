import Codecs
import TestSupport
import Training
import Voxels

/// Settings from JSON text.
func settings(_ text: String) throws -> SettingsReader {
  try SettingsReader(JSONValue(parsing: Array(text.utf8)))
}

func target(_ text: String) throws -> any TrainingTarget {
  var reader = try settings(#"{"targets": [\#(text)]}"#)
  let targets = try reader.targets()
  try reader.finish()
  return targets[0]
}

func augmentation(_ text: String) throws -> any Augmentation {
  var reader = try settings(#"{"augmentations": [\#(text)]}"#)
  let augmentations = try reader.augmentations()
  try reader.finish()
  return augmentations[0]
}

let tenNanometers = VoxelSize(z: 10, y: 10, x: 10)
let thickSections = VoxelSize(z: 40, y: 4, x: 4)

/// Objects as the cells of random points, some voxels background.
func cells(_ extent: VoxelExtent, count: Int, seed: UInt64, background: Double = 0.05)
  -> Volume<UInt64>
{
  var generator = SeededGenerator(seed: seed)
  let points = (0..<count).map { _ in
    VoxelPosition(
      z: .random(in: 0..<extent.z, using: &generator),
      y: .random(in: 0..<extent.y, using: &generator),
      x: .random(in: 0..<extent.x, using: &generator))
  }
  var volume = Volume<UInt64>(box: VoxelBox(extent: extent))
  for z in 0..<extent.z {
    for y in 0..<extent.y {
      var row = volume.mutableRow(z: z, y: y)
      for x in 0..<extent.x {
        var nearest = (label: 0, distance: Int.max)
        for (index, point) in points.enumerated() {
          let (a, b, c) = (point.z - z, point.y - y, point.x - x)
          let distance = a * a + b * b + c * c
          if distance < nearest.distance { nearest = (index + 1, distance) }
        }
        let isBackground = Double.random(in: 0..<1, using: &generator) < background
        row[x] = isBackground ? 0 : UInt64(nearest.label)
      }
    }
  }
  return volume
}

/// A source whose grey value tells the label: label / 64.
func phantomSource(
  _ extent: VoxelExtent, count: Int = 12, seed: UInt64 = 1, background: Double = 0.05,
  mask: Volume<UInt8>? = nil, voxelSize: VoxelSize = tenNanometers
) -> MemoryPatchSource {
  let labels = cells(extent, count: count, seed: seed, background: background)
  return MemoryPatchSource(
    image: grey(of: labels), labels: labels, mask: mask, voxelSize: voxelSize)
}

func grey(of labels: Volume<UInt64>) -> Volume<Float> {
  Volume<Float>(box: labels.box, values: values(labels).map { Float($0) / 64 })
}

/// A volume's values in (channel, z, y, x) order.
func values<Scalar: VoxelScalar>(_ volume: Volume<Scalar>) -> [Scalar] {
  let span = volume.span
  return span.indices.map { span[$0] }
}

/// A sample of labels alone, image in (z, y, x).
func sample(
  _ labels: Volume<UInt64>, mask: Volume<UInt8>? = nil, voxelSize: VoxelSize = tenNanometers
) -> TrainingSample {
  TrainingSample(image: grey(of: labels), labels: labels, mask: mask, voxelSize: voxelSize)
}
