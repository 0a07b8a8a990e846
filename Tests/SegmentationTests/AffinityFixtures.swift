import Segmentation
import TestSupport
import Voxels

extension VoxelBox {
  /// Every position of the box in raster order.
  var positions: [VoxelPosition] {
    (0..<extent.z).flatMap { z in
      (0..<extent.y).flatMap { y in
        (0..<extent.x).map { x in origin + VoxelExtent(z: z, y: y, x: x) }
      }
    }
  }

  /// The box cut into blocks; the last along each axis may be smaller.
  func blocks(of shape: VoxelExtent) -> [VoxelBox] {
    let starts = { (length: Int, step: Int) in Array(stride(from: 0, to: length, by: step)) }
    return starts(extent.z, shape.z).flatMap { z in
      starts(extent.y, shape.y).flatMap { y in
        starts(extent.x, shape.x).map { x in
          VoxelBox(origin: origin + VoxelExtent(z: z, y: y, x: x), extent: shape)
            .intersection(self)
        }
      }
    }
  }

  /// A box of random size, with every length at least 1 and at most a limit.
  static func random(
    upTo limit: Int, using generator: inout SeededGenerator
  ) -> VoxelBox {
    VoxelBox(
      origin: VoxelPosition(z: 3, y: -5, x: 7),
      extent: VoxelExtent(
        z: .random(in: 1...limit, using: &generator), y: .random(in: 1...limit, using: &generator),
        x: .random(in: 1...limit, using: &generator)))
  }
}

/// How random affinities vary.
enum AffinityTexture: CaseIterable {
  /// Every link independent, of all values.
  case noise
  /// Only a few values, so that plateaus abound.
  case plateaus
  /// Wide plateaus of one value with rare exits.
  case flat
  /// Slowly varying with a little noise.
  case smooth

  func values(
    channels: Int, box: VoxelBox, using generator: inout SeededGenerator
  ) -> [Double] {
    let phase = Double.random(in: 0...6, using: &generator)
    return (0..<channels).flatMap { channel in
      box.positions.map { position in
        switch self {
        case .noise: Double.random(in: 0...1, using: &generator)
        case .plateaus: Double(Int.random(in: 0...3, using: &generator)) / 3
        case .flat: Int.random(in: 0..<40, using: &generator) == 0 ? 0.7 : 0.6
        case .smooth:
          min(
            1,
            max(
              0,
              0.5 + 0.4 * wave(position, phase: phase + Double(channel))
                + Double.random(in: -0.05...0.05, using: &generator)))
        }
      }
    }
  }

  private func wave(_ position: VoxelPosition, phase: Double) -> Double {
    // A triangle wave: smooth enough, and the same on every platform.
    let t =
      Double(position.z) * 0.31 + Double(position.y) * 0.23 + Double(position.x) * 0.17 + phase
    let fraction = t - t.rounded(.down)
    return 4 * abs(fraction - 0.5) - 1
  }
}

extension Volume {
  /// Every value, in (channel, z, y, x) order.
  var values: [Scalar] { span.indices.map { span[$0] } }
}

extension Volume where Scalar: AffinityScalar {
  /// Random affinities of a texture.
  static func affinities(
    _ texture: AffinityTexture, box: VoxelBox, using generator: inout SeededGenerator
  ) -> Volume {
    let values = texture.values(channels: 3, box: box, using: &generator)
    let stored = values.map { value in
      Scalar.dataType == .uint8
        ? Scalar(nearest: (value * 255).rounded()) : Scalar(nearest: value)
    }
    return Volume(channels: 3, box: box, values: stored)
  }
}

/// A partition with its parts numbered by first appearance; 0 stays 0.
func canonical(_ labels: [some Hashable & BinaryInteger]) -> [Int] {
  var names: [AnyHashable: Int] = [:]
  return labels.map { label in
    guard label != 0 else { return 0 }
    if let name = names[label] { return name }
    names[label] = names.count + 1
    return names.count
  }
}

/// Sets of anything, joined pair by pair.
struct Joining<Element: Hashable> {
  private var parents: [Element: Element] = [:]

  func root(of element: Element) -> Element {
    var element = element
    while let parent = parents[element] { element = parent }
    return element
  }

  mutating func join(_ left: Element, _ right: Element) {
    let roots = (root(of: left), root(of: right))
    if roots.0 != roots.1 { parents[roots.1] = roots.0 }
  }
}
