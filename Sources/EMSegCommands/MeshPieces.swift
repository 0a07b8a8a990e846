import CommandLineInterface
import Meshes
import VolumeStore
import Voxels

/// A piece of a label's surface, stored.
struct MeshPiece: Sendable {
  let label: UInt64
  /// The file it lies in.
  let key: String
  /// Where in the file it lies.
  let offset: Int, byteCount: Int
  let seamCount: Int
  let vertexCount: Int, triangleCount: Int
  let area: Double, enclosedVolume: Double
}

/// Draws the surfaces of labels block by block, into files of pieces.
struct MeshBlocks {
  /// Bytes that a block takes for each voxel, its labels included.
  static let bytesPerVoxel = 96

  let reader: any VolumeReader
  let runner: StageRunner
  /// The shape of the blocks.
  let block: VoxelExtent
  let voxelSize: VoxelSize
  /// The bound of simplification in nanometres.
  let error: Double
  let wanted: Set<UInt64>?
  /// The pieces of a label lie in a file each, as Neuroglancer wants them, or in one for a block.
  let areApart: Bool

  /// Draws them all.
  ///
  /// - Returns: The pieces in the order of the blocks, and of labels within each.
  /// - Throws: ``VolumeError``; `MemoryBudgetError`; `Interruption`.
  func draw(into store: FileStore) throws -> [MeshPiece] {
    var walk = VolumeWalk(
      reader: reader, runner: runner, label: "mesh", bytesPerVoxel: Self.bytesPerVoxel)
    walk.blockExtent = block
    let volume = reader.metadata.box
    let (offset, unit) = (reader.metadata.offset, voxelSize.unit.nanometers)
    let first = PhysicalPosition(z: offset.z * unit, y: offset.y * unit, x: offset.x * unit)
    let size = voxelSize.converted(to: .nanometer)
    return try walk.results { box -> [MeshPiece] in
      let read = VoxelBox(origin: box.origin, extent: box.extent + VoxelExtent(cube: 1))
      let surfaces = LabelSurfaces(
        of: try reader.readConverting(read.intersection(volume), to: UInt64.self), block: box,
        volume: volume, wanted: { label in wanted?.contains(label) ?? true })
      var pieces: [MeshPiece] = []
      var bytes: [UInt8] = []
      var group = WriteGroup(to: store)
      for (index, label) in surfaces.labels.enumerated() {
        let mesh = surfaces.mesh(index, voxelSize: size, offset: first).simplified(within: error)
        let fragment = MeshFragment.bytes(of: mesh)
        let key = areApart ? "\(label):0:\(box.fragmentName)" : box.fragmentName
        pieces.append(
          MeshPiece(
            label: label, key: key, offset: areApart ? 0 : bytes.count, byteCount: fragment.count,
            seamCount: mesh.seamCount, vertexCount: mesh.vertices.count,
            triangleCount: mesh.triangles.count, area: mesh.area,
            enclosedVolume: mesh.enclosedVolume))
        if areApart {
          try group.write(fragment.rawSpan, to: key)
        } else {
          bytes += fragment
        }
      }
      if !bytes.isEmpty { try group.write(bytes.rawSpan, to: box.fragmentName) }
      try group.finish()
      return pieces
    }.flatMap { $0 }
  }
}

extension VoxelBox {
  /// The box as Neuroglancer names chunks, `x0-x1_y0-y1_z0-z1`.
  fileprivate var fragmentName: String {
    "\(origin.x)-\(end.x)_\(origin.y)-\(end.y)_\(origin.z)-\(end.z)"
  }
}

/// Makes the files of whole labels out of pieces.
struct MeshAssembly {
  let runner: StageRunner
  let pieces: FileStore
  let output: FileStore

  /// Joins the pieces of each label into one file.
  ///
  /// - Returns: The table of the meshes.
  /// - Throws: ``VolumeError`` with `limitExceeded` where one does not fit in memory.
  func joinLabels(_ members: [[MeshPiece]], as file: MeshFile) throws -> CommaSeparatedTable {
    var table = Self.table
    let line = runner.context.progress("join", total: members.count, unit: .items("labels"))
    var group = WriteGroup(to: output)
    for parts in members {
      try runner.context.checkCancellation()
      try checkSize(parts)
      let mesh = SurfaceMesh.joining(
        try parts.map { part in
          let bytes = try pieces.openFile(part.key)?.read(at: part.offset, count: part.byteCount)
          guard let bytes,
            let mesh = MeshFragment.mesh(from: bytes.span, seamCount: part.seamCount)
          else {
            throw VolumeError(
              .malformedMetadata, path: pieces.path(of: part.key),
              "a piece of a mesh is not as it was written", remedy: "run this again")
          }
          return mesh
        })
      let name = "\(parts[0].label).\(file.rawValue)"
      let comment = "label \(parts[0].label), coordinates in nanometres"
      try group.write(file.bytes(of: mesh, comment: comment).rawSpan, to: name)
      table.append(
        Self.row(
          parts, vertexCount: mesh.vertices.count, area: mesh.area, volume: mesh.enclosedVolume))
      line.advance(by: 1)
    }
    try group.finish()
    _ = line.finish()
    return table
  }

  /// Writes the lists of each label's pieces, and says what the folder is.
  ///
  /// - Returns: The table of the meshes; vertices on a seam count in each of their pieces.
  func listPieces(_ members: [[MeshPiece]]) throws -> CommaSeparatedTable {
    var table = Self.table
    var group = WriteGroup(to: output)
    for parts in members {
      try runner.context.checkCancellation()
      let names = parts.map { "\"\($0.key)\"" }.joined(separator: ",")
      try group.write(Array("{\"fragments\":[\(names)]}".utf8).rawSpan, to: "\(parts[0].label):0")
      table.append(
        Self.row(
          parts, vertexCount: parts.reduce(0) { $0 + $1.vertexCount },
          area: parts.reduce(0) { $0 + $1.area },
          volume: parts.reduce(0) { $0 + $1.enclosedVolume }))
    }
    let info = "{\"@type\":\"neuroglancer_legacy_mesh\"}"
    try group.write(Array(info.utf8).rawSpan, to: "info")
    try group.finish()
    return table
  }

  private static var table: CommaSeparatedTable {
    CommaSeparatedTable(columns: ["label", "vertices", "triangles", "area_nm2", "volume_nm3"])
  }

  private static func row(
    _ parts: [MeshPiece], vertexCount: Int, area: Double, volume: Double
  ) -> [String] {
    [
      "\(parts[0].label)", "\(vertexCount)", "\(parts.reduce(0) { $0 + $1.triangleCount })",
      shortText(area), shortText(volume),
    ]
  }

  private func checkSize(_ parts: [MeshPiece]) throws {
    let bytes = 8 * parts.reduce(0) { $0 + $1.byteCount } + (64 << 20)
    guard bytes <= runner.options.memory.bytes else {
      throw VolumeError(
        .limitExceeded, path: output.root,
        "the mesh of label \(parts[0].label) does not fit in memory",
        found: "\(ByteCount(bytes)) needed", expected: "at most \(runner.options.memory)",
        remedy: "use --format precomputed, a larger --error, or raise --memory")
    }
  }
}
