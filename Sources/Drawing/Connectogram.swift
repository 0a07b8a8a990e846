import Glibc

/// Nodes on a circle, left ones at the left, and the connections between them as curves.
public struct Connectogram: Sendable {
  /// On which side of the circle a node stands.
  public enum Side: Hashable, Sendable {
    /// On the left, from the top.
    case left
    /// On the right, from the top.
    case right
    /// At the bottom, between both.
    case middle
  }

  /// A node.
  public struct Node: Hashable, Sendable {
    /// What stands beside it; may be empty.
    public var name: String
    /// Where it stands.
    public var side: Side

    /// Creates a node.
    public init(_ name: String, side: Side) {
      self.name = name
      self.side = side
    }
  }

  /// A connection.
  public struct Edge: Hashable, Sendable {
    /// The nodes, by their places.
    public var source: Int, target: Int
    /// How strong it is: the stronger, the darker and wider, and in front.
    public var weight: Double

    /// Creates a connection.
    public init(_ source: Int, _ target: Int, weight: Double) {
      self.source = source
      self.target = target
      self.weight = weight
    }
  }

  /// What stands above; may be empty.
  public var title: String
  /// What weights are; stands at the colour bar and may be empty.
  public var label: String
  /// The nodes; those of a side stand in this order, from the top.
  public var nodes: [Node]
  /// The connections.
  public var edges: [Edge]
  /// Whether equal factors have equally different colours.
  public var isLogarithmic: Bool

  /// Creates a picture.
  ///
  /// - Precondition: Connections join nodes that are there.
  public init(
    title: String = "", label: String = "", nodes: [Node], edges: [Edge],
    isLogarithmic: Bool = false
  ) {
    precondition(
      edges.allSatisfy { nodes.indices.contains($0.source) && nodes.indices.contains($0.target) },
      "connections join nodes of the picture")
    self.title = title
    self.label = label
    self.nodes = nodes
    self.edges = edges
    self.isLogarithmic = isLogarithmic
  }

  /// The most nodes whose names can be read.
  private static let mostNames = 250

  /// Draws the picture: the same bytes for the same graph and fonts.
  ///
  /// - Parameters:
  ///   - format: What it becomes.
  ///   - width: The width in points, at least 300.
  /// - Returns: A file of the format.
  /// - Throws: ``DrawingError`` where there is too little memory.
  public func drawn(
    as format: PictureFormat, width: Double = 760
  ) throws(DrawingError) -> [UInt8] {
    precondition(width >= 300, "a circle needs room for its names")
    let areNamed = nodes.count <= Self.mostNames && nodes.contains { !$0.name.isEmpty }
    let places = CirclePlaces(nodes)
    // A name is as high as its node's share of the circle allows.
    var (nameRoom, textSize) = (8.0, 9.0)
    var radius = width / 2 - 30
    if areNamed {
      let scratch = try Canvas(width: 10, height: 10, format: .svg)
      let widest = nodes.reduce(0) { max($0, scratch.width(of: $1.name, size: 10)) }
      for _ in 0..<4 {
        textSize = min(9.5, radius * places.step * 0.95)
        nameRoom = widest * textSize / 10 + 10
        radius = width / 2 - 24 - nameRoom
      }
    }
    let top = title.isEmpty ? 10.0 : 34
    let height = top + 2 * (radius + nameRoom + 14) + 56
    let canvas = try Canvas(width: width, height: height, format: format)
    if !title.isEmpty { canvas.text(title, at: (16, 22), size: 13, isBold: true) }
    let centre = (x: width / 2, y: top + radius + nameRoom + 14)
    // The strongest connections of many differ little beside their distance from 0.
    let scale = ColourScale(
      holding: edges.map(\.weight), isLogarithmic: isLogarithmic, startsAtZero: false)
    drawEdges(scale, places, centre, radius: radius - 3, on: canvas)
    drawNodes(
      places, centre, radius: radius, textSize: areNamed ? textSize : 0, on: canvas)
    if nodes.contains(where: { $0.side == .left }), nodes.contains(where: { $0.side == .right }) {
      canvas.text("Left", at: (16, top + 22), size: 12, colour: .axis, isBold: true)
      canvas.text(
        "Right", at: (width - 16, top + 22), size: 12, colour: .axis, anchor: .end, isBold: true)
    }
    if !edges.isEmpty {
      scale.drawLying(
        x: width / 2 - 130, y: height - 34, width: 260, label: label, on: canvas)
    }
    return try canvas.bytes()
  }

  private func drawEdges(
    _ scale: ColourScale, _ places: CirclePlaces, _ centre: (x: Double, y: Double), radius: Double,
    on canvas: borrowing Canvas
  ) {
    let sorted = edges.enumerated().sorted {
      (abs($0.element.weight), $0.offset) < (abs($1.element.weight), $1.offset)
    }
    func at(_ angle: Double, _ share: Double) -> (x: Double, y: Double) {
      (centre.x + radius * share * cos(angle), centre.y + radius * share * sin(angle))
    }
    for (_, edge) in sorted where edge.source != edge.target {
      let (from, to) = (places.angles[edge.source], places.angles[edge.target])
      // Neighbours are joined near the rim, opposite nodes through the centre.
      let apart = abs(remainder(from - to, 2 * .pi)) / .pi
      let depth = 0.82 - 0.72 * apart.squareRoot()
      let raw = scale.fraction(of: edge.weight)
      let strength = min(max(scale.map == .diverging ? abs(2 * raw - 1) : raw, 0), 1)
      canvas.curve(
        from: at(from, 1), towards: at(from, depth), at(to, depth), to: at(to, 1),
        colour: scale.colour(of: edge.weight, opacity: 0.35 + 0.6 * strength),
        width: 0.5 + 2.3 * strength)
    }
  }

  private func drawNodes(
    _ places: CirclePlaces, _ centre: (x: Double, y: Double), radius: Double, textSize: Double,
    on canvas: borrowing Canvas
  ) {
    let half = places.step * 0.46
    for (node, angle) in zip(nodes.indices, places.angles) {
      canvas.ring(
        around: centre, radii: radius...radius + 8, angles: angle - half...angle + half,
        colour: ColourMap.hue(places.turns[node]))
      guard textSize > 0, !nodes[node].name.isEmpty else { continue }
      let isLeft = cos(angle) < -1e-9
      // A little further along the circle, so that the text's middle lies on the ray.
      let shift = textSize * 0.34 / radius * (isLeft ? -1 : 1)
      let place = (
        x: centre.x + (radius + 12) * cos(angle + shift),
        y: centre.y + (radius + 12) * sin(angle + shift)
      )
      canvas.text(
        nodes[node].name, at: place, angle: isLeft ? angle + .pi : angle, size: textSize,
        anchor: isLeft ? .end : .start)
    }
  }
}

/// Where nodes stand on the circle.
private struct CirclePlaces {
  /// Each node's angle, clockwise from the right.
  var angles: [Double]
  /// Each node's place among those of its side, 0 to 1: the same for both sides' same places.
  var turns: [Double]
  /// The angle between neighbours.
  var step: Double

  init(_ nodes: [Connectogram.Node]) {
    let left = nodes.indices.filter { nodes[$0].side == .left }
    let right = nodes.indices.filter { nodes[$0].side == .right }
    let middle = nodes.indices.filter { nodes[$0].side == .middle }
    angles = [Double](repeating: 0, count: nodes.count)
    turns = angles
    guard !left.isEmpty || !right.isEmpty else {
      // Without sides the circle is full, from the top.
      step = 2 * .pi / Double(max(nodes.count, 1))
      for (place, node) in middle.enumerated() {
        angles[node] = -.pi / 2 + (Double(place) + 0.5) * step
        turns[node] = Double(place) / Double(nodes.count)
      }
      return
    }
    // Both sides have as much room as the larger needs, and gaps at the top and around the middle.
    let most = max(left.count, right.count)
    let gaps = middle.isEmpty ? 4.0 : 6
    step = 2 * .pi / (Double(2 * most + middle.count) + gaps)
    for (nodesOfSide, sign) in [(left, -1.0), (right, 1.0)] {
      for (place, node) in nodesOfSide.enumerated() {
        angles[node] = -.pi / 2 + sign * (Double(place) + 1.5) * step
        turns[node] = 0.06 + 0.88 * Double(place) / Double(max(most, 1))
      }
    }
    for (place, node) in middle.enumerated() {
      angles[node] = .pi / 2 + (Double(middle.count - 1) / 2 - Double(place)) * step
      turns[node] = 0.97
    }
  }
}
