/// A place on a surface, in the unit of the voxel size it was made with.
public struct SurfacePoint: Hashable, Sendable {
  /// The coordinates, slowest axis first.
  public var z: Float, y: Float, x: Float

  /// Creates a point.
  @inlinable
  public init(z: Float, y: Float, x: Float) {
    self.z = z
    self.y = y
    self.x = x
  }
}

/// Three vertices of a mesh, seen counterclockwise from outside in a right-handed x, y, z frame.
public struct SurfaceTriangle: Hashable, Sendable {
  /// Places in the list of vertices.
  public var first: UInt32, second: UInt32, third: UInt32

  /// Creates a triangle.
  @inlinable
  public init(_ first: UInt32, _ second: UInt32, _ third: UInt32) {
    self.first = first
    self.second = second
    self.third = third
  }
}

/// A surface made of triangles, or the piece of one that lies in a block.
public struct SurfaceMesh: Equatable, Sendable {
  /// The vertices, those on a seam with another block first.
  public var vertices: [SurfacePoint]
  /// The triangles.
  public var triangles: [SurfaceTriangle]
  /// The number of vertices at the front that lie on a seam, and so keep their places.
  public var seamCount: Int

  /// Creates a mesh.
  public init(vertices: [SurfacePoint], triangles: [SurfaceTriangle], seamCount: Int = 0) {
    precondition(seamCount >= 0 && seamCount <= vertices.count, "seam vertices are vertices")
    self.vertices = vertices
    self.triangles = triangles
    self.seamCount = seamCount
  }

  /// Joins the pieces of a surface at the seam vertices they share.
  ///
  /// Vertices are the same where they lie on a seam at the very same place.
  ///
  /// - Returns: The surface, with no seam left.
  /// - Complexity: O(*n*) in the vertices and triangles.
  public static func joining(_ pieces: [SurfaceMesh]) -> SurfaceMesh {
    guard pieces.count > 1 else {
      return SurfaceMesh(
        vertices: pieces.first?.vertices ?? [], triangles: pieces.first?.triangles ?? [])
    }
    var vertices: [SurfacePoint] = []
    var triangles: [SurfaceTriangle] = []
    vertices.reserveCapacity(pieces.reduce(0) { $0 + $1.vertices.count })
    triangles.reserveCapacity(pieces.reduce(0) { $0 + $1.triangles.count })
    var seams: [SurfacePoint: UInt32] = [:]
    for piece in pieces {
      var places: [UInt32] = []
      places.reserveCapacity(piece.vertices.count)
      for (index, vertex) in piece.vertices.enumerated() {
        if index < piece.seamCount {
          if let place = seams[vertex] {
            places.append(place)
            continue
          }
          seams[vertex] = UInt32(vertices.count)
        }
        places.append(UInt32(vertices.count))
        vertices.append(vertex)
      }
      for triangle in piece.triangles {
        triangles.append(
          SurfaceTriangle(
            places[Int(triangle.first)], places[Int(triangle.second)],
            places[Int(triangle.third)]))
      }
    }
    return SurfaceMesh(vertices: vertices, triangles: triangles)
  }
}

extension SurfaceMesh {
  /// The surface's area, in the square of its unit.
  public var area: Double {
    triangles.reduce(0) { $0 + normal(of: $1).length / 2 }
  }

  /// The volume the surface encloses, in the cube of its unit.
  ///
  /// Pieces of a closed surface add up to it, whatever lies between them.
  public var enclosedVolume: Double {
    triangles.reduce(0) { sum, triangle in
      let normal = normal(of: triangle)
      return sum + normal.dot(Vector(vertices[Int(triangle.first)])) / 6
    }
  }

  /// How the triangles hang together.
  public var topology: SurfaceTopology { SurfaceTopology(of: self) }

  private func normal(of triangle: SurfaceTriangle) -> Vector {
    let first = Vector(vertices[Int(triangle.first)])
    return (Vector(vertices[Int(triangle.second)]) - first).cross(
      Vector(vertices[Int(triangle.third)]) - first)
  }
}

/// A direction with a length.
struct Vector {
  var x: Double, y: Double, z: Double

  init(x: Double, y: Double, z: Double) {
    self.x = x
    self.y = y
    self.z = z
  }

  init(_ point: SurfacePoint) {
    self.init(x: Double(point.x), y: Double(point.y), z: Double(point.z))
  }

  var point: SurfacePoint { SurfacePoint(z: Float(z), y: Float(y), x: Float(x)) }
  var length: Double { dot(self).squareRoot() }

  func dot(_ other: Vector) -> Double { x * other.x + y * other.y + z * other.z }

  func cross(_ other: Vector) -> Vector {
    Vector(
      x: y * other.z - z * other.y, y: z * other.x - x * other.z, z: x * other.y - y * other.x)
  }

  static func - (left: Vector, right: Vector) -> Vector {
    Vector(x: left.x - right.x, y: left.y - right.y, z: left.z - right.z)
  }

  /// The point between two others.
  func middle(to other: Vector) -> Vector {
    Vector(x: (x + other.x) / 2, y: (y + other.y) / 2, z: (z + other.z) / 2)
  }
}
