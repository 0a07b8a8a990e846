import Voxels

extension Volume where Scalar == Float {
  /// Changes the values of one section of every channel.
  mutating func updateSection(_ z: Int, _ change: (inout MutableSpan<Float>) -> Void) {
    for channel in 0..<channels {
      for y in 0..<extent.y {
        var row = mutableRow(channel: channel, z: z, y: y)
        change(&row)
      }
    }
  }

  /// The mean of a section of every channel.
  func mean(ofSection z: Int) -> Float {
    var sum = 0.0
    for channel in 0..<channels {
      for y in 0..<extent.y {
        let row = row(channel: channel, z: z, y: y)
        var part: Float = 0
        for x in row.indices { part += row[x] }
        sum += Double(part)
      }
    }
    return Float(sum / Double(channels * extent.y * extent.x))
  }

  /// The mean of all values.
  var mean: Float {
    var sum = 0.0
    for z in 0..<extent.z { sum += Double(mean(ofSection: z)) }
    return Float(sum / Double(extent.z))
  }
}

extension SampleGenerator {
  /// The sections, of a number of them, that something of a probability happens to.
  mutating func sections(_ count: Int, probability: Double) -> [Int] {
    (0..<count).filter { _ in happens(probability) }
  }
}
