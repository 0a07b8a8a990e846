import Training
import Voxels

/// An object that is filled while a network learns: a sample, its mask, and the moves to come.
struct MovingObject {
  private let sample: MovingFieldSample
  private let field: MovingField
  /// (1, z, y, x): the mask's logits over the sample.
  private var mask: Volume<Float>
  /// The moves done; 0 is the middle itself.
  private var done = 0
  private let inside: Float, outside: Float, threshold: Float

  init(_ sample: MovingFieldSample, _ field: MovingField) {
    self.sample = sample
    self.field = field
    inside = FloodSettings.logit(field.inside)
    outside = FloodSettings.logit(field.outside)
    threshold = FloodSettings.logit(field.threshold)
    mask = Volume(box: sample.image.box, fill: outside)
    mask[sample.middle] = inside
  }

  /// The next place that the mask has reached; nil when all moves are done.
  mutating func next() -> VoxelPosition? {
    while done <= sample.moves.count {
      let place = done == 0 ? sample.middle : sample.middle + sample.moves[done - 1]
      done += 1
      if done == 1 || mask[place] >= threshold { return place }
    }
    return nil
  }

  private func box(at place: VoxelPosition) -> VoxelBox {
    let extent = field.fieldOfView
    return VoxelBox(
      origin: place - VoxelExtent(z: extent.z / 2, y: extent.y / 2, x: extent.x / 2),
      extent: extent)
  }

  /// (2, z, y, x): what the network sees at a place.
  func window(at place: VoxelPosition) -> Volume<Float> {
    let box = box(at: place)
    let (grey, logits) = (sample.image.cropped(to: box), mask.cropped(to: box))
    let (first, second) = (grey.span, logits.span)
    return Volume(
      channels: 2, box: VoxelBox(extent: box.extent),
      values: [Float](capacity: 2 * first.count) { output in
        for index in first.indices { output.append(first[index]) }
        for index in second.indices { output.append(second[index]) }
      })
  }

  /// Takes up what the network said at a place.
  ///
  /// - Parameters:
  ///   - logits: (z, y, x) over the field of view.
  ///   - place: Its middle.
  ///   - slopes: Where the gradient of the loss by each logit goes.
  ///   - scale: What the gradient is multiplied with.
  /// - Returns: The loss: the mean cross-entropy against the object's soft mask.
  mutating func take(
    _ logits: Span<Float>, at place: VoxelPosition, slopes: inout MutableSpan<Float>, scale: Float
  ) -> Double {
    let box = box(at: place)
    let start = box.origin - mask.box.origin
    let marks = sample.object
    let (high, low) = (Float(field.inside), Float(field.outside))
    let factor = scale / Float(logits.count)
    var sum = 0.0
    var index = 0
    for z in 0..<box.extent.z {
      for y in 0..<box.extent.y {
        let object = marks.row(z: start.z + z, y: start.y + y)
        var row = mask.mutableRow(z: start.z + z, y: start.y + y)
        var rowSum: Float = 0
        for x in 0..<box.extent.x {
          let logit = logits[index]
          let target = object[start.x + x] != 0 ? high : low
          let logistic = Logistic(logit)
          rowSum += max(logit, 0) - logit * target + logistic.remainder
          slopes[index] = (logistic.probability - target) * factor
          row[start.x + x] = logit
          index += 1
        }
        sum += Double(rowSum)
      }
    }
    return sum / Double(logits.count)
  }

  /// How much of mask and object is common to both, in [0, 1].
  func overlap() -> Double {
    let (logits, object) = (mask.span, sample.object.span)
    var (both, either) = (0, 0)
    for index in logits.indices {
      let (isMarked, isObject) = (logits[index] >= 0, object[index] != 0)
      both += isMarked && isObject ? 1 : 0
      either += isMarked || isObject ? 1 : 0
    }
    return either > 0 ? Double(both) / Double(either) : 0
  }
}
