import FoundationEssentials
import ImageFilters
import TestSupport
import Testing
import Voxels

/// A section that OpenCV equalised; written by tools/golden/contrast.py.
private struct GoldenSection: Decodable {
  let shape: [Int]
  let tiles: [Int]
  let clip: Double
  let bits: Int
  let values: [UInt16]
  let equalised: [UInt16]

  init(_ name: String) throws {
    let file = URL(filePath: "\(volumes)/golden/opencv-5.0.0/clahe/\(name).json")
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
  }

  var equalization: AdaptiveEqualization {
    AdaptiveEqualization(
      height: shape[0], width: shape[1], tiles: (tiles[0], tiles[1]), clipLimit: clip)
  }

  func volume<Scalar: GreyScalar>(_ values: [UInt16], _ type: Scalar.Type) -> Volume<Scalar> {
    Volume(
      box: VoxelBox(extent: VoxelExtent(z: 1, y: shape[0], x: shape[1])),
      values: values.map { Scalar(nearest: UInt64($0)) })
  }
}

struct AdaptiveEqualizationTests {
  static let cases = [
    "whole", "reflected", "one-side-divides", "narrow", "no-limit", "tiny", "sixteen-bits",
  ]

  @Test(arguments: cases)
  func `values are OpenCV's`(name: String) throws {
    func check<Scalar: GreyScalar>(_ golden: GoldenSection, _ type: Scalar.Type) {
      let source = golden.volume(golden.values, type)
      let result = golden.equalization.equalized(source, in: source.box)
      #expect(result == golden.volume(golden.equalised, type))
    }
    let golden = try GoldenSection(name)
    if golden.bits == 8 { check(golden, UInt8.self) } else { check(golden, UInt16.self) }
  }

  @Test(arguments: cases.filter { $0 != "sixteen-bits" })
  func `any part is the same as in the whole`(name: String) throws {
    let golden = try GoldenSection(name)
    let whole = golden.volume(golden.values, UInt8.self)
    let expected = golden.volume(golden.equalised, UInt8.self)
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<40 {
      func range(_ length: Int) -> Range<Int> {
        let first = Int.random(in: 0..<length, using: &generator)
        return first..<Int.random(in: first + 1...length, using: &generator)
      }
      let (y, x) = (range(golden.shape[0]), range(golden.shape[1]))
      let box = VoxelBox(
        from: VoxelPosition(z: 0, y: y.lowerBound, x: x.lowerBound),
        to: VoxelPosition(z: 1, y: y.upperBound, x: x.upperBound))
      let source = golden.equalization.source(of: box)
      #expect(whole.box.contains(source))
      let result = golden.equalization.equalized(whole.cropped(to: source), in: box)
      #expect(result == expected.cropped(to: box))
    }
  }

  @Test
  func `sections do not mix`() throws {
    let golden = try GoldenSection("reflected")
    let first = golden.volume(golden.values, UInt8.self)
    let count = golden.values.count
    let stack = Volume<UInt8>(
      box: VoxelBox(extent: VoxelExtent(z: 2, y: golden.shape[0], x: golden.shape[1])),
      values: golden.values.map { UInt8($0) } + [UInt8](repeating: 7, count: count))
    let result = golden.equalization.equalized(stack, in: stack.box)
    #expect(result.cropped(to: first.box) == golden.volume(golden.equalised, UInt8.self))
  }
}
