import Codecs
import Glibc
import TestSupport
import Testing
import Training
import Voxels

struct AugmentationTests {
  /// A maker of samples of a phantom whose grey value tells the label.
  func maker(
    _ augmentations: [String], patch: VoxelExtent = VoxelExtent(z: 8, y: 12, x: 16),
    of source: MemoryPatchSource, target text: String = #"{"name": "affinities"}"#
  ) throws -> SampleMaker {
    try SampleMaker(
      sources: [source], patch: patch, targets: [try target(text)],
      augmentations: augmentations.map { try augmentation($0) }, seed: 11)
  }

  @Test(
    arguments: [
      #"{"name": "flips"}"#, #"{"name": "axis_turns"}"#, #"{"name": "axis_turns", "axes": "zx"}"#,
      #"{"name": "shifted_sections", "probability": 1, "slip_probability": 0.4}"#,
    ], [tenNanometers, thickSections])
  func `image and labels move alike`(text: String, voxelSize: VoxelSize) throws {
    let source = phantomSource(VoxelExtent(z: 24, y: 24, x: 24), voxelSize: voxelSize)
    let maker = try maker([text], of: source)
    let plain = try self.maker([], of: source)
    var moved = 0
    for step in 0..<20 {
      let sample = try maker.augmentedSample(step: step, index: 0)
      #expect(values(sample.image) == values(grey(of: sample.labels.cropped(to: sample.image.box))))
      if try plain.augmentedSample(step: step, index: 0).image != sample.image { moved += 1 }
    }
    #expect(moved > 5 || (voxelSize == thickSections && text.contains("zx")))
  }

  @Test(arguments: [tenNanometers, thickSections])
  func `bent samples keep labels on their grey`(voxelSize: VoxelSize) throws {
    let source = phantomSource(
      VoxelExtent(z: 28, y: 36, x: 36), count: 6, background: 0, voxelSize: voxelSize)
    let maker = try maker(
      [
        #"""
        {"name": "elastic", "probability": 1, "spacing": 10, "amplitude": 1.5, "section_shift": 1,
        "section_rotation": 3}
        """#
      ], of: source)
    for step in 0..<5 {
      let sample = try maker.augmentedSample(step: step, index: 0)
      let labels = values(sample.labels.cropped(to: sample.image.box))
      let grey = values(sample.image)
      // Interpolated voxels lie between labels; the others must tell theirs exactly.
      let exact = zip(labels, grey).count { abs(Float($0) / 64 - $1) < 1e-5 }
      #expect(exact > labels.count * 6 / 10)
      // Where all around is one object, nothing is interpolated between objects.
      let inside = try target(#"{"name": "boundary", "width": 3, "width_axes": "zyx"}"#)
        .make(from: sample, in: sample.image.box).values
      for (boundary, (label, grey)) in zip(values(inside), zip(labels, grey)) where boundary == 0 {
        #expect(abs(Float(label) / 64 - grey) < 1e-5)
      }
      #expect(values(sample.mask).allSatisfy { $0 == 1 })
    }
  }

  @Test func `a bend of nothing changes nothing`() throws {
    let source = phantomSource(VoxelExtent(z: 24, y: 24, x: 24))
    let still = try maker(
      [
        #"{"name": "elastic", "probability": 1, "amplitude": 0, "rotation": 0, "scale": [1, 1]}"#
      ], of: source)
    let plain = try maker([], of: source)
    for step in 0..<5 {
      #expect(try still.sample(step: step, index: 0) == plain.sample(step: step, index: 0))
    }
  }

  @Test func `a straight border stays straight in a turned sample`() throws {
    let extent = VoxelExtent(z: 3, y: 64, x: 64)
    var labels = Volume<UInt64>(box: VoxelBox(extent: extent), fill: 1)
    for z in 0..<3 {
      for y in 0..<64 {
        for x in 32..<64 { labels[VoxelPosition(z: z, y: y, x: x)] = 2 }
      }
    }
    let source = MemoryPatchSource(
      image: grey(of: labels), labels: labels, voxelSize: thickSections)
    let maker = try maker(
      [#"{"name": "elastic", "probability": 1, "amplitude": 0, "scale": [1, 1]}"#],
      patch: VoxelExtent(z: 1, y: 40, x: 40), of: source, target: #"{"name": "mask"}"#)
    var corners: Set<[UInt64]> = []
    for step in 0..<20 {
      let found = try maker.augmentedSample(step: step, index: 0).labels
      func label(_ y: Int, _ x: Int) -> UInt64 { found[VoxelPosition(z: 0, y: y, x: x)] }
      for line in 0..<40 {
        #expect((1..<40).count { label(line, $0) != label(line, $0 - 1) } <= 1)
        #expect((1..<40).count { label($0, line) != label($0 - 1, line) } <= 1)
      }
      corners.insert([label(0, 0), label(0, 39), label(39, 0), label(39, 39)])
      // A turn by an angle keeps the border's step: no stretch along either axis.
      let ones = values(found).count { $0 == 1 }
      #expect((160...1440).contains(ones))
    }
    #expect(corners.count >= 4)
  }

  @Test func `slipped sections come back, shifted ones stay`() throws {
    let extent = VoxelExtent(z: 30, y: 40, x: 40)
    // The label tells the place, so that shifts can be read off.
    var labels = Volume<UInt64>(box: VoxelBox(extent: extent))
    for z in 0..<30 {
      for y in 0..<40 {
        for x in 0..<40 {
          labels[VoxelPosition(z: z, y: y, x: x)] = UInt64(1 + y * 40 + x)
        }
      }
    }
    let source = MemoryPatchSource(
      image: grey(of: labels), labels: labels, voxelSize: thickSections)
    func corners(_ text: String) throws -> [[UInt64]] {
      let maker = try maker(
        [text], patch: VoxelExtent(z: 30, y: 8, x: 8), of: source, target: #"{"name": "mask"}"#)
      return try (0..<10).map { step in
        let sample = try maker.augmentedSample(step: step, index: 0)
        return (0..<30).map { sample.labels[VoxelPosition(z: $0, y: 0, x: 0)] }
      }
    }
    let slips = try corners(
      #"{"name": "shifted_sections", "probability": 1, "shift_probability": 0, "sigma": 3}"#)
    for sections in slips {
      let usual = Dictionary(sections.map { ($0, 1) }, uniquingKeysWith: +).values.max() ?? 0
      #expect(usual >= 22)
    }
    #expect(slips.contains { Set($0).count > 1 })
    let shifts = try corners(
      #"""
      {"name": "shifted_sections", "probability": 1, "slip_probability": 0,
      "shift_probability": 0.1, "sigma": 3}
      """#)
    for sections in shifts {
      // Every place is taken by a run of sections, and none comes back after a change by chance.
      let changes = zip(sections, sections.dropFirst()).count { $0 != $1 }
      #expect(changes + 1 >= Set(sections).count && changes <= 10)
    }
    #expect(shifts.contains { Set($0).count > 1 })
  }

  @Test(arguments: ["zero", "mean", "previous"])
  func `missing sections lose their image and keep their labels`(fill: String) throws {
    let source = phantomSource(VoxelExtent(z: 24, y: 24, x: 24), background: 0)
    let text =
      #"{"name": "missing_sections", "probability": 1, "section_probability": 0.3, "fill": "\#(fill)"}"#
    let maker = try maker([text], of: source)
    let plain = try self.maker([], of: source)
    var changed = 0
    for step in 0..<10 {
      let sample = try maker.augmentedSample(step: step, index: 0)
      let before = try plain.augmentedSample(step: step, index: 0)
      #expect(sample.labels == before.labels)
      for z in 0..<sample.image.extent.z {
        let row = sample.image.row(z: z, y: 3)
        let old = before.image.row(z: z, y: 3)
        guard row.indices.contains(where: { row[$0] != old[$0] }) else { continue }
        changed += 1
        switch fill {
        case "zero": #expect(row.indices.allSatisfy { row[$0] == 0 })
        case "mean": #expect(row.indices.allSatisfy { row[$0] == row[0] && row[0] > 0 })
        default:
          let previous = sample.image.row(z: z > 0 ? z - 1 : 1, y: 3)
          #expect(row.indices.allSatisfy { row[$0] == previous[$0] })
        }
      }
    }
    #expect((10...40).contains(changed))
  }

  @Test func `low contrast keeps the mean of a section`() throws {
    let source = phantomSource(VoxelExtent(z: 24, y: 24, x: 24))
    let maker = try maker(
      [
        #"""
        {"name": "low_contrast_sections", "probability": 1, "section_probability": 1,
        "contrast": [0.1, 0.1]}
        """#
      ], of: source)
    let plain = try self.maker([], of: source)
    let (after, before) = (
      try maker.augmentedSample(step: 0, index: 0), try plain.augmentedSample(step: 0, index: 0)
    )
    for z in 0..<after.image.extent.z {
      let section = VoxelBox(
        origin: VoxelPosition(z: z, y: 0, x: 0), extent: VoxelExtent(z: 1, y: 12, x: 16))
      let (new, old) = (
        values(after.image.cropped(to: section)), values(before.image.cropped(to: section))
      )
      let mean = old.reduce(0, +) / Float(old.count)
      for (new, old) in zip(new, old) {
        #expect(abs(new - (mean + 0.1 * (old - mean))) < 1e-5)
      }
    }
  }

  @Test func `grey values follow contrast, brightness and gamma`() throws {
    let source = phantomSource(VoxelExtent(z: 24, y: 24, x: 24))
    let maker = try maker(
      [
        #"""
        {"name": "intensity", "probability": 1, "contrast": [0.8, 0.8], "brightness": [0.1, 0.1],
        "gamma": [1.3, 1.3]}
        """#
      ], of: source)
    let plain = try self.maker([], of: source)
    let (after, before) = (
      values(try maker.augmentedSample(step: 0, index: 0).image),
      values(try plain.augmentedSample(step: 0, index: 0).image)
    )
    let mean = before.reduce(0, +) / Float(before.count)
    for (after, before) in zip(after, before) {
      let expected = powf(min(max(mean + (before - mean) * 0.8 + 0.1, 0), 1), 1.3)
      // The power is looked up in a table of 1024 steps.
      #expect(abs(after - expected) < 1e-3)
    }
  }

  @Test func `noise has the width asked for, and salt and pepper its share`() throws {
    let extent = VoxelExtent(z: 20, y: 40, x: 40)
    let box = VoxelBox(extent: extent)
    let source = MemoryPatchSource(
      image: Volume(box: box, fill: 0.5), labels: Volume(box: box, fill: 1),
      voxelSize: tenNanometers)
    func image(_ text: String) throws -> [Float] {
      values(
        try maker([text], patch: extent, of: source, target: #"{"name": "mask"}"#)
          .augmentedSample(step: 0, index: 0).image)
    }
    let noisy = try image(#"{"name": "noise", "probability": 1, "sigma": [0.05, 0.05]}"#)
    let mean = noisy.reduce(0, +) / Float(noisy.count)
    let variance = noisy.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(noisy.count)
    #expect(abs(mean - 0.5) < 0.002)
    #expect(abs(variance.squareRoot() - 0.05) < 0.002)
    let specks = try image(
      #"{"name": "noise", "probability": 1, "sigma": [0, 0], "salt_and_pepper": 0.1}"#)
    #expect((2800...3600).contains(specks.count { $0 == 0 || $0 == 1 }))
    #expect((1300...1900).contains(specks.count { $0 == 1 }))
  }

  @Test(arguments: [false, true])
  func `blur spreads a point as a Gaussian`(sectionWise: Bool) throws {
    let box = VoxelBox(extent: VoxelExtent(cube: 15))
    var image = Volume<Float>(box: box)
    image[VoxelPosition(z: 7, y: 7, x: 7)] = 1
    let source = MemoryPatchSource(
      image: image, labels: Volume(box: box, fill: 1), voxelSize: tenNanometers)
    let text =
      #"{"name": "blur", "probability": 1, "sigma": [1.5, 1.5], "per_section": \#(sectionWise), "section_probability": 1}"#
    let blurred = try maker([text], patch: box.extent, of: source, target: #"{"name": "mask"}"#)
      .augmentedSample(step: 0, index: 0).image
    #expect(abs(values(blurred).reduce(0, +) - 1) < 1e-5)
    let weights = (-5...5).map { exp(-Double($0 * $0) / 4.5) }
    let sum = weights.reduce(0, +)
    for z in 0..<15 {
      for y in 0..<15 {
        for x in 0..<15 {
          func weight(_ place: Int) -> Double {
            (2...12).contains(place) ? weights[place - 2] / sum : 0
          }
          let across = sectionWise ? (z == 7 ? 1 : 0) : weight(z)
          let expected = across * weight(y) * weight(x)
          let found = Double(blurred[VoxelPosition(z: z, y: y, x: x)])
          #expect(abs(found - expected) < 1e-6)
        }
      }
    }
  }
}
