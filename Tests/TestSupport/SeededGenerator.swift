public import Voxels

/// Random numbers that are the same in every run (SplitMix64).
///
/// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// Starts a sequence.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// A block of values that differ from place to place, some of them zero, in a seeded sequence.
public func randomVolume<Scalar: VoxelScalar>(
  _ type: Scalar.Type, channels: Int = 1, box: VoxelBox, seed: UInt64, zeros: Double = 0.3
) -> Volume<Scalar> {
  var generator = SeededGenerator(seed: seed)
  let values = (0..<channels * box.extent.voxelCount).map { _ -> Scalar in
    Double.random(in: 0..<1, using: &generator) < zeros
      ? .zero : Scalar(nearest: generator.next() >> UInt64.random(in: 0..<64, using: &generator))
  }
  return Volume(channels: channels, box: box, values: values)
}
