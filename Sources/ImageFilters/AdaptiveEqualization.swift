public import Voxels

/// Contrast-limited adaptive histogram equalisation (CLAHE), section by section.
///
/// A section is divided into a grid of tiles. Each tile's cumulative histogram, with no count above
/// the clip limit, maps grey values so that they spread evenly; a pixel takes the mean of the maps
/// of the four tiles around it, weighted by how near their centres are. A section that the grid
/// does not divide is continued by reflection beyond its last row and column. Values are those of
/// OpenCV's `createCLAHE`, bit for bit.
///
/// Source: K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV,
/// 1994.
public struct AdaptiveEqualization: Hashable, Sendable {
  /// How many times the mean count of a grey value a count may be, 0 for no limit.
  public let clipLimit: Double
  let rows: TileAxis
  let columns: TileAxis

  /// Creates an equalisation of sections of one size.
  ///
  /// - Parameters:
  ///   - height: The rows of a section.
  ///   - width: The columns of a section.
  ///   - tiles: The tiles along y and along x, each at most 65,536.
  ///   - clipLimit: How many times the mean count a count may be, 0 for no limit.
  public init(height: Int, width: Int, tiles: (y: Int, x: Int), clipLimit: Double) {
    precondition(height > 0 && width > 0, "a section has at least one pixel")
    precondition(
      (1...65536).contains(tiles.y) && (1...65536).contains(tiles.x), "there is at least one tile")
    precondition(clipLimit >= 0 && clipLimit.isFinite, "the clip limit is a number from 0 on")
    self.clipLimit = clipLimit
    // Where the grid divides one side only, both sides are continued: OpenCV's rule.
    let isWhole = height % tiles.y == 0 && width % tiles.x == 0
    rows = TileAxis(length: height, count: tiles.y, isWhole: isWhole)
    columns = TileAxis(length: width, count: tiles.x, isWhole: isWhole)
  }

  /// Creates an equalisation whose tiles are as near to a size in pixels as the grid allows.
  public init(height: Int, width: Int, tileSide: Int, clipLimit: Double) {
    precondition(tileSide > 0, "a tile has at least one pixel")
    func count(_ length: Int) -> Int { min(65536, max(1, (length + tileSide / 2) / tileSide)) }
    self.init(
      height: height, width: width, tiles: (count(height), count(width)), clipLimit: clipLimit)
  }

  /// The pixels of a section on which the result within a box depends: whole tiles around it.
  ///
  /// - Parameter box: A part of the volume, whose sections begin at row and column 0.
  /// - Returns: The box to read, of the same sections.
  public func source(of box: VoxelBox) -> VoxelBox {
    let y = rows.source(of: box.origin.y..<box.end.y)
    let x = columns.source(of: box.origin.x..<box.end.x)
    return VoxelBox(
      from: VoxelPosition(z: box.origin.z, y: y.lowerBound, x: x.lowerBound),
      to: VoxelPosition(z: box.end.z, y: y.upperBound, x: x.upperBound))
  }

  /// The equalised values of a box.
  ///
  /// - Parameters:
  ///   - source: One channel (z, y, x) that covers at least ``source(of:)`` the box.
  ///   - box: The part of the volume to equalise.
  /// - Returns: One channel (z, y, x) that covers the box.
  /// - Complexity: O(*n* + *t g*) for *n* voxels of the source and *t* tiles of *g* grey values.
  @specialized(where Scalar == UInt8)
  @specialized(where Scalar == UInt16)
  public func equalized<Scalar: GreyScalar>(
    _ source: borrowing Volume<Scalar>, in box: VoxelBox
  ) -> Volume<Scalar> {
    precondition(
      source.channels == 1 && source.box.contains(self.source(of: box)),
      "the source lacks tiles that the box depends on")
    var result = Volume<Scalar>(box: box)
    let tileRows = rows.tiles(of: box.origin.y..<box.end.y)
    let places = (box.origin.x..<box.end.x).map { columns.place($0) }
    let tileColumns = columns.tiles(of: box.origin.x..<box.end.x)
    var maps = TileMaps<Scalar>(rows: tileRows, columns: tileColumns)
    for z in 0..<box.extent.z {
      fillMaps(&maps, from: source, z: box.origin.z - source.box.origin.z + z)
      for y in 0..<box.extent.y {
        let place = rows.place(box.origin.y + y)
        let input = source.row(
          z: box.origin.z - source.box.origin.z + z, y: box.origin.y - source.box.origin.y + y
        ).extracting(droppingFirst: box.origin.x - source.box.origin.x)
        var output = result.mutableRow(z: z, y: y)
        maps.map(input, at: place, places, into: &output)
      }
    }
    return result
  }

  /// Computes the map of every tile of a section.
  @inline(__always)
  private func fillMaps<Scalar: GreyScalar>(
    _ maps: inout TileMaps<Scalar>, from source: borrowing Volume<Scalar>, z: Int
  ) {
    let limit = countLimit(of: Scalar.self)
    let origin = source.box.origin
    for row in maps.rows {
      for column in maps.columns {
        var counts = [Int](repeating: 0, count: Scalar.greyCount)
        let wanted = columns.pixels(of: column)
        let inside = wanted.clamped(to: 0..<columns.length)
        for y in rows.pixels(of: row) {
          let values = source.row(z: z, y: rows.reflected(y) - origin.y)
          for x in inside { counts[values[x - origin.x].greyIndex] += 1 }
          for x in inside.upperBound..<max(inside.upperBound, wanted.upperBound) {
            counts[values[columns.reflected(x) - origin.x].greyIndex] += 1
          }
        }
        if limit > 0 { clip(&counts, at: limit) }
        maps.setMap(row: row, column: column, from: counts, pixelCount: pixelCount)
      }
    }
  }

  /// The pixels of one tile.
  private var pixelCount: Int { rows.side * columns.side }

  /// The highest count, or 0 where there is no limit.
  private func countLimit<Scalar: GreyScalar>(of type: Scalar.Type) -> Int {
    guard clipLimit > 0 else { return 0 }
    let limit = clipLimit * Double(pixelCount) / Double(Scalar.greyCount)
    return max(1, limit < Double(pixelCount) ? Int(limit) : pixelCount)
  }

  /// Cuts counts off at a limit and gives what was cut to all grey values alike.
  private func clip(_ counts: inout [Int], at limit: Int) {
    var excess = 0
    for grey in counts.indices where counts[grey] > limit {
      excess += counts[grey] - limit
      counts[grey] = limit
    }
    let share = excess / counts.count
    for grey in counts.indices { counts[grey] += share }
    var rest = excess - share * counts.count
    guard rest > 0 else { return }
    let step = max(1, counts.count / rest)
    var grey = 0
    while grey < counts.count, rest > 0 {
      counts[grey] += 1
      grey += step
      rest -= 1
    }
  }
}

/// The division of one axis of a section into tiles.
struct TileAxis: Hashable, Sendable {
  /// Where a pixel lies between the centres of two tiles.
  struct Place {
    var first: Int
    var second: Int
    /// How much the second tile counts, 0 to 1, and the first.
    var weight: Float
    var rest: Float
  }

  let length: Int
  let count: Int
  /// The pixels of one tile along the axis.
  let side: Int

  init(length: Int, count: Int, isWhole: Bool) {
    self.length = length
    self.count = count
    side = (isWhole ? length : length + count - length % count) / count
  }

  func place(_ pixel: Int) -> Place {
    let position = Float(pixel) * (1 / Float(side)) - 0.5
    let below = position.rounded(.down)
    let weight = position - below
    return Place(
      first: max(0, Int(below)), second: min(count - 1, Int(below) + 1), weight: weight,
      rest: 1 - weight)
  }

  /// The tiles whose maps pixels depend on.
  func tiles(of pixels: Range<Int>) -> Range<Int> {
    place(pixels.lowerBound).first..<place(pixels.upperBound - 1).second + 1
  }

  /// The pixels of a tile; those from ``length`` on are reflections.
  func pixels(of tile: Int) -> Range<Int> { tile * side..<(tile + 1) * side }

  /// The pixel that stands at a place at or beyond the last one, as in a mirror on the last.
  func reflected(_ pixel: Int) -> Int {
    guard pixel >= length, length > 1 else { return min(pixel, length - 1) }
    let period = 2 * (length - 1)
    let step = pixel % period
    return step < length ? step : period - step
  }

  /// The pixels that the tiles of some pixels are made of.
  func source(of pixels: Range<Int>) -> Range<Int> {
    let tiles = tiles(of: pixels)
    let wanted = tiles.lowerBound * side..<tiles.upperBound * side
    var first = min(wanted.lowerBound, pixels.lowerBound)
    for pixel in max(length, wanted.lowerBound)..<max(length, wanted.upperBound) {
      first = min(first, reflected(pixel))
    }
    return first..<max(pixels.upperBound, min(length, wanted.upperBound))
  }
}

/// What each tile of a section maps every grey value to.
private struct TileMaps<Scalar: GreyScalar> {
  let rows: Range<Int>
  let columns: Range<Int>
  private var values: [Float]

  init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
    values = [Float](repeating: 0, count: rows.count * columns.count * Scalar.greyCount)
  }

  private func start(row: Int, column: Int) -> Int {
    ((row - rows.lowerBound) * columns.count + column - columns.lowerBound) * Scalar.greyCount
  }

  /// Sets a tile's map to its cumulative histogram, scaled to the range of grey values.
  @inline(__always)
  mutating func setMap(row: Int, column: Int, from counts: [Int], pixelCount: Int) {
    let scale = Float(Scalar.greyCount - 1) / Float(pixelCount)
    let start = start(row: row, column: column)
    var sum = 0
    for grey in counts.indices {
      sum += counts[grey]
      let value = (Float(sum) * scale).rounded(.toNearestOrEven)
      values[start + grey] = min(value, Float(Scalar.greyCount - 1))
    }
  }

  /// Maps a row of pixels.
  @inline(__always)
  func map(
    _ input: Span<Scalar>, at row: TileAxis.Place, _ places: [TileAxis.Place],
    into output: inout MutableSpan<Scalar>
  ) {
    let above = start(row: row.first, column: columns.lowerBound)
    let below = start(row: row.second, column: columns.lowerBound)
    let values = values.span
    let places = places.span
    for x in 0..<output.count {
      let place = places[x]
      let grey = input[x].greyIndex
      let left = (place.first - columns.lowerBound) * Scalar.greyCount + grey
      let right = (place.second - columns.lowerBound) * Scalar.greyCount + grey
      let upper = values[above + left] * place.rest + values[above + right] * place.weight
      let lower = values[below + left] * place.rest + values[below + right] * place.weight
      let value = upper * row.rest + lower * row.weight
      output[x] = Scalar(grey: value.rounded(.toNearestOrEven))
    }
  }
}
