import VolumeStore
import Voxels

/// A label volume seen from the image that it annotates.
struct Annotations {
  let reader: any VolumeReader
  /// The voxel of the image at which the labels start.
  private let shift: VoxelExtent
  private var held: Held?

  /// Labels in memory: numbers counted from 1, and the label of each.
  private struct Held {
    var numbers: Volume<UInt32>
    var labels: [UInt64]
  }

  /// Takes a label volume, and what it does not cover away from a box of the image.
  ///
  /// - Throws: ``VolumeError`` where it holds no labels, has another voxel size or lies elsewhere.
  init(_ reader: any VolumeReader, in image: any VolumeReader, box: inout VoxelBox) throws {
    try LabelAlignment.checkLabels(reader)
    shift = try LabelAlignment.shift(of: reader, within: image)
    self.reader = reader
    let covered = VoxelBox(origin: .zero + shift, extent: reader.metadata.extent)
    let shared = covered.intersection(box)
    guard !shared.isEmpty else {
      throw VolumeError(
        .unsupportedFeature, path: reader.path, "does not overlap the image's part to use",
        found: "labels of \(covered.rangesText)", expected: "some of \(box.rangesText)",
        remedy: "correct the region, or the offset of one of the volumes")
    }
    box = shared
  }

  /// The labels in a box of the image.
  func read(_ box: VoxelBox) throws -> Volume<UInt64> {
    guard let held else {
      let there = VoxelBox(origin: box.origin - shift, extent: box.extent)
      return try reader.readConverting(there, to: UInt64.self).moved(to: box.origin)
    }
    let numbers = held.numbers.cropped(to: box)
    let (span, labels) = (numbers.span, held.labels.span)
    return Volume(
      box: box,
      values: [UInt64](capacity: span.count) { output in
        for index in span.indices { output.append(labels[Int(span[index])]) }
      })
  }

  /// Keeps labels in memory, at four bytes a voxel.
  mutating func hold(_ volume: Volume<UInt64>) {
    var numbers: [UInt64: UInt32] = [0: 0]
    var labels: [UInt64] = [0]
    let span = volume.span
    var (last, lastNumber): (UInt64, UInt32) = (0, 0)
    let values = [UInt32](capacity: span.count) { output in
      for index in span.indices {
        let label = span[index]
        if label != last {
          last = label
          if let number = numbers[label] {
            lastNumber = number
          } else {
            lastNumber = UInt32(labels.count)
            numbers[label] = lastNumber
            labels.append(label)
          }
        }
        output.append(lastNumber)
      }
    }
    held = Held(numbers: Volume(box: volume.box, values: values), labels: labels)
  }
}
