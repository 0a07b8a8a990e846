import Voxels

/// How tissue looks: grey values before the microscope, then its blur, shading and noise.
struct Optics: Sendable {
  /// How far the blur reaches, in voxels.
  static let blurRadius = 1

  private let random: CounterRandom
  private let shading: ValueNoise
  private let membraneThickness: Float

  init(random: CounterRandom, membraneThickness: Float) {
    self.random = random
    self.membraneThickness = membraneThickness
    shading = ValueNoise(random.keyed(1), period: 3_000, amplitude: 14)
  }

  /// The grey of a point of the tissue.
  ///
  /// The grain lies in ±1.
  func grey(
    at point: Step, _ position: Point, _ place: Brick.Place, in brick: borrowing Brick, grain: Float
  ) -> Float {
    let fibre = brick.fibre(of: place)
    var grey = fibre.grey + fibre.granularity * grain
    if fibre.vesicleDensity > 0, place.depth > membraneThickness {
      grey = withVesicle(grey, at: position, density: fibre.vesicleDensity)
    }
    for mitochondrion in brick.mitochondria
    where mitochondrion.bundle == place.bundle && mitochondrion.fibre == place.fibre {
      let depth = min(mitochondrion.depth(at: point), place.depth - 1.6 * membraneThickness)
      if depth > 0 {
        let inside = mitochondrionGrey(mitochondrion, depth, mitochondrion.distanceAlong(point))
        grey = blend(grey, inside + 5 * grain, min(1, depth * 0.1))
      }
    }
    // The membrane is darkest between the neurites and fades out over a membrane's thickness.
    let fade = min(1, max(0, place.depth / membraneThickness - 0.3))
    return blend(76, grey, fade * fade * (3 - 2 * fade))
  }

  /// A dark rim round a matrix with lighter and darker cristae.
  private func mitochondrionGrey(
    _ mitochondrion: Mitochondrion, _ depth: Float, _ along: Float
  ) -> Float {
    let wave = along * (1 / 56) + depth * (1 / 90)
    let phase = wave - wave.rounded(.down)
    let cristae = abs(phase - 0.5) * 4 - 1
    let rim = max(0, 1 - depth * (1 / 22))
    return mitochondrion.grey + 6 * cristae - 18 * rim
  }

  /// A site of a lattice holds a vesicle or none; a vesicle never leaves its site.
  private func withVesicle(_ grey: Float, at position: Point, density: Float) -> Float {
    let site = 76.0
    let z = position.z / site
    let zCell = z.rounded(.down)
    // Layers and rows are shifted against each other, lest the sites' lattice show.
    let y = position.y / site + 0.37 * zCell
    let yCell = y.rounded(.down)
    let x = position.x / site + 0.43 * yCell + 0.29 * zCell
    let xCell = x.rounded(.down)
    let own = random.keyed(Int(zCell), Int(yCell), Int(xCell))
    guard own.unit(0) < density else { return grey }
    let offset = Step(
      z: Float((z - zCell - 0.5) * site) - 14 * own.signed(1),
      y: Float((y - yCell - 0.5) * site) - 14 * own.signed(2),
      x: Float((x - xCell - 0.5) * site) - 14 * own.signed(3))
    let inside = min(1, max(0, (24 - offset.squaredLength.squareRoot()) * 0.1))
    return grey - 50 * inside
  }

  /// The picture of a tissue that is `blurRadius` larger than the box on every side.
  func picture(
    of tissue: borrowing Volume<Float>, in box: VoxelBox, space: TissueSpace
  ) -> Volume<UInt8> {
    var picture = Volume<UInt8>(box: box)
    let extent = box.extent
    var sums = [Float](repeating: 0, count: extent.x + 2)
    for z in 0..<extent.z {
      for y in 0..<extent.y {
        addRows(of: tissue, aroundZ: z + 1, y: y + 1, to: &sums)
        let row = VoxelPosition(z: box.origin.z + z, y: box.origin.y + y, x: box.origin.x)
        let noise = random.keyed(2, row.z, row.y)
        var values = picture.mutableRow(z: z, y: y)
        let blurred = sums.span
        var (light, nextLight): (Float, Float) = (0, 0)
        var shadedUpTo = Int.min
        for x in 0..<extent.x {
          // Shading is worked out every 8 voxels of the grid and blended in between.
          let position = row.x + x
          if position >= shadedUpTo {
            let start = (position >> 3) << 3
            light = shade(row, x: start, space)
            nextLight = shade(row, x: start + 8, space)
            shadedUpTo = start + 8
          }
          let weight = Float(position - shadedUpTo + 8) * 0.125
          let grey = 0.25 * blurred[x] + 0.5 * blurred[x + 1] + 0.25 * blurred[x + 2]
          let value = grey + blend(light, nextLight, weight) + 6 * noise.normal(position)
          values[x] = UInt8(min(255, max(0, value)) + 0.5)
        }
      }
    }
    return picture
  }

  private func shade(_ row: VoxelPosition, x: Int, _ space: TissueSpace) -> Float {
    shading.value(at: space.place(of: VoxelPosition(z: row.z, y: row.y, x: x)))
  }

  /// Blurs across rows: nine rows of the tissue, weighted 1 2 1 along z and y.
  private func addRows(
    of tissue: borrowing Volume<Float>, aroundZ z: Int, y: Int, to sums: inout [Float]
  ) {
    var target = sums.mutableSpan
    for x in target.indices { target[x] = 0 }
    for dz in -1...1 {
      for dy in -1...1 {
        let weight: Float = (dz == 0 ? 0.5 : 0.25) * (dy == 0 ? 0.5 : 0.25)
        let row = tissue.row(z: z + dz, y: y + dy)
        for x in 0..<row.count { target[x] += weight * row[x] }
      }
    }
  }

  fileprivate func grainValue(z: Int, y: Int, x: Int) -> Float {
    random.keyed(3, z, y).signed(x)
  }
}

/// The grain of the cytoplasm: random values at every fourth voxel, blended in between.
struct Grain {
  private let optics: Optics
  private var origin: VoxelPosition?
  private var nodes: [Float] = Array(repeating: 0, count: 27)

  init(_ optics: Optics) {
    self.optics = optics
  }

  /// Makes ready for the voxels of the brick at an origin.
  mutating func prepare(for origin: VoxelPosition) {
    guard origin != self.origin else { return }
    self.origin = origin
    var index = 0
    for z in 0..<3 {
      for y in 0..<3 {
        for x in 0..<3 {
          nodes[index] = optics.grainValue(
            z: (origin.z >> 2) + z, y: (origin.y >> 2) + y, x: (origin.x >> 2) + x)
          index += 1
        }
      }
    }
  }

  /// The grain at a voxel of the brick, in ±1.
  func value(z: Int, y: Int, x: Int) -> Float {
    let base = ((z >> 2 & 1) * 3 + (y >> 2 & 1)) * 3 + (x >> 2 & 1)
    let (zWeight, yWeight, xWeight) = (
      Float(z & 3) * 0.25, Float(y & 3) * 0.25, Float(x & 3) * 0.25
    )
    func line(_ start: Int) -> Float { blend(nodes[start], nodes[start + 1], xWeight) }
    return blend(
      blend(line(base), line(base + 3), yWeight), blend(line(base + 9), line(base + 12), yWeight),
      zWeight)
  }
}
