import FloodFilling
import Testing
import Voxels

private let extent = VoxelExtent(z: 11, y: 11, x: 44)
private let left = box(3..<8, 3..<8, 3..<22)
private let right = box(3..<8, 3..<8, 22..<41)

private func labels(_ parts: [(VoxelBox, UInt64)]) -> Volume<UInt64> {
  var volume = Volume<UInt64>(box: VoxelBox(extent: extent))
  for (box, id) in parts {
    for position in positions(in: box) { volume[position] = id }
  }
  return volume
}

private var settings: ResegmentationSettings {
  var settings = ResegmentationSettings()
  settings.radius = VoxelExtent(z: 5, y: 5, x: 21)
  settings.analysisRadius = VoxelExtent(z: 5, y: 5, x: 12)
  settings.exclusionRadius = VoxelExtent(cube: 2)
  return settings
}

private func judge(
  _ grey: Volume<Float>, _ segments: Volume<UInt64>, _ pair: (a: UInt64, b: UInt64) = (7, 9),
  _ network: ImageIsMask = ImageIsMask()
) throws -> ResegmentedPair? {
  var resegmentation = Resegmentation(
    network, movement: FaceMaximumMovement(step: VoxelExtent(cube: 2)), thresholds: smallObjects,
    settings: settings)
  return try resegmentation.judge(
    pair, at: VoxelPosition(z: 5, y: 5, x: 22), image: grey, labels: segments)
}

@Suite struct ResegmentationTests {
  private static let segments = labels([(left, 7), (right, 9)])

  @Test func `halves of one object are one`() throws {
    let pair = try #require(
      try judge(image(extent, [left, right]), Self.segments))
    #expect(pair.fromA.isRecovered && pair.fromB.isRecovered)
    #expect(pair.overlap == 1 && pair.score == 1 && pair.isOne(settings))
    // 25 voxels in each of the 12 places left of the contact, and 13 from it on.
    #expect(pair.voxelsA == 300 && pair.voxelsB == 325)
    #expect(pair.fromA.voxelCount == 625 && pair.fromA.deletedCount == 0)
    #expect(pair.fromA.seed.map { left.contains($0) } == true)
    #expect(pair.fromB.seed.map { right.contains($0) } == true)
  }

  @Test func `two objects with a membrane between them are not`() throws {
    var grey = image(extent, [left, right])
    for position in positions(in: box(0..<11, 0..<11, 21..<23)) { grey[position] = outside }
    let pair = try #require(try judge(grey, Self.segments))
    #expect(pair.fromA.isRecovered && pair.fromB.isRecovered)
    #expect(pair.overlap == 0 && pair.score == 0 && !pair.isOne(settings))
    // The flood stops a move short of the membrane.
    #expect(pair.fromA.consistencyB == 0 && pair.fromA.consistencyA > 0.8)
  }

  @Test func `other segments stay and are not entered`() throws {
    // A third segment between both: neither run comes through.
    let middle = box(3..<8, 3..<8, 19..<25)
    let segments = labels([(left, 7), (right, 9), (middle, 4)])
    let pair = try #require(try judge(image(extent, [left, right]), segments))
    #expect(pair.fromA.isRecovered && pair.fromA.consistencyB < 0.1)
    #expect(!pair.isOne(settings))
  }

  @Test func `a run that cannot give back its segment fails, and other seeds are tried`() throws {
    // Nothing of the right segment is inside anything.
    let pair = try #require(try judge(image(extent, [left]), Self.segments))
    #expect(pair.fromA.isRecovered && !pair.fromB.isRecovered)
    #expect(pair.fromB.attempts == settings.attempts && pair.score == 0)
    #expect(pair.fromB.callCount == settings.attempts)
  }

  @Test func `voxels that are taken back are counted near the contact`() throws {
    // What was sure stays only while it is seen for the first time.
    var network = ImageIsMask()
    network.change = { grey, mask in grey > 0 && mask > 2.95 ? -1 : grey }
    var rules = smallObjects
    rules.disconnectionFraction = nil
    var canvas = FloodCanvas(image: image(extent, [left, right]))
    var flood = smallFlood(network, rules)
    let done = try flood.flood(from: VoxelPosition(z: 5, y: 5, x: 10), in: &canvas)
    #expect(done.deletions.count > 1 && done.deletions.first == 0)
    #expect(done.deletions.dropFirst().allSatisfy { $0 > 0 })
  }

  @Test func `a pair without voxels near the contact is not judged`() throws {
    let grey = image(extent, [left, right])
    #expect(try judge(grey, Self.segments, (7, 8)) == nil)
  }
}
