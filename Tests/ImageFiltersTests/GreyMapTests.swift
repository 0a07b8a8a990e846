import FoundationEssentials
import ImageFilters
import TestSupport
import Testing
import Voxels

/// Grey values that numpy described; written by tools/golden/contrast.py.
private struct GoldenValues: Decodable {
  let values: [UInt8]
  let percents: [Double]
  let percentiles: [Double]
  let mean: Double
  let deviation: Double

  init(_ name: String) throws {
    let file = URL(filePath: "\(volumes)/golden/numpy-2.4.6/contrast/\(name).json")
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
  }

  var volume: Volume<UInt8> {
    Volume(box: VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: values.count)), values: values)
  }
}

struct GreyMapTests {
  @Test(arguments: ["image", "few", "flat"])
  func `percentiles and moments are numpy's`(name: String) throws {
    let golden = try GoldenValues(name)
    let histogram = GreyHistogram(of: golden.volume, z: 0)
    for (percent, expected) in zip(golden.percents, golden.percentiles) {
      #expect(abs(histogram.percentile(percent) - expected) < 1e-9)
    }
    #expect(abs(histogram.mean - golden.mean) < 1e-9)
    #expect(abs(histogram.standardDeviation - golden.deviation) < 1e-9)
  }

  @Test
  func `histograms of parts add up to the whole's`() throws {
    let golden = try GoldenValues("image")
    let half = golden.values.count / 2
    var sum = GreyHistogram(greyCount: 256)
    for part in [golden.values[..<half], golden.values[half...]] {
      let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: part.count))
      sum.add(GreyHistogram(of: Volume(box: box, values: Array(part)), z: 0))
    }
    #expect(sum == GreyHistogram(of: golden.volume, z: 0))
  }

  @Test
  func `stretching fills the range`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 5))
    var volume = Volume<UInt8>(box: box, values: [50, 60, 70, 80, 100])
    let map = GreyMap(stretching: GreyHistogram(of: volume, z: 0), from: 0, to: 100)
    GreyMap.apply([map], to: &volume)
    #expect(volume == Volume(box: box, values: [0, 51, 102, 153, 255]))
  }

  @Test
  func `matching moves the mean and the spread`() {
    let box = VoxelBox(extent: VoxelExtent(z: 1, y: 1, x: 4))
    var volume = Volume<UInt16>(box: box, values: [90, 90, 110, 110])
    let histogram = GreyHistogram(of: volume, z: 0)
    GreyMap.apply(
      [
        GreyMap(
          matching: (histogram.mean, histogram.standardDeviation), mean: 1000,
          standardDeviation: 50)
      ], to: &volume)
    #expect(volume == Volume(box: box, values: [950, 950, 1050, 1050]))
  }

  @Test
  func `a flat section stays, or moves to the mean`() {
    let box = VoxelBox(extent: VoxelExtent(z: 2, y: 1, x: 3))
    var volume = Volume<UInt8>(box: box, values: [9, 9, 9, 9, 9, 9])
    let histogram = GreyHistogram(of: volume, z: 0)
    GreyMap.apply(
      [
        GreyMap(stretching: histogram, from: 1, to: 99),
        GreyMap(
          matching: (histogram.mean, histogram.standardDeviation), mean: 128,
          standardDeviation: 30),
      ], to: &volume)
    #expect(volume == Volume(box: box, values: [9, 9, 9, 128, 128, 128]))
  }
}
