import Codecs
import VolumeStore
import Voxels

/// What `header.json` of a TRX file says.
struct TRXDocument {
  var streamlineCount: Int
  var pointCount: Int
  var space: TractogramSpace?
  var notes: [String] = []

  init(streamlineCount: Int, pointCount: Int, space: TractogramSpace?) {
    self.streamlineCount = streamlineCount
    self.pointCount = pointCount
    self.space = space
  }

  init(_ source: TRXSource, path: String) throws(VolumeError) {
    let text = try source.bytes(of: "header.json", limit: 16 << 20)
    let object: JSONObject
    do {
      guard let found = try JSONValue(parsing: text).object else {
        throw VolumeError(.malformedMetadata, path: path, "header.json is no JSON object")
      }
      object = found
    } catch let error as VolumeError {
      throw error
    } catch {
      throw VolumeError(
        .malformedMetadata, path: path, "header.json cannot be read", cause: error)
    }
    func count(_ name: String) throws(VolumeError) -> Int {
      guard let value = object[name]?.int, value >= 0, value < 1 << 56 else {
        throw VolumeError(
          .malformedMetadata, path: path, "header.json does not state \(name)",
          expected: "a whole number from 0")
      }
      return value
    }
    pointCount = try count("NB_VERTICES")
    streamlineCount = try count("NB_STREAMLINES")
    let rows = object["VOXEL_TO_RASMM"]?.array?.map { $0.array?.compactMap(\.double) ?? [] } ?? []
    let lengths = object["DIMENSIONS"]?.array?.compactMap(\.int) ?? []
    if rows.count >= 3, rows[..<3].allSatisfy({ $0.count == 4 }), lengths.count == 3 {
      space = TractogramSpace(
        transform: ScannerTransform(rows: Array(rows[..<3])),
        extent: VoxelExtent(z: lengths[2], y: lengths[1], x: lengths[0]))
    } else {
      notes.append("header.json states no image space")
    }
  }

  /// The text of `header.json`.
  func encoded(path: String) throws(VolumeError) -> [UInt8] {
    let rows =
      (space?.transform.rows ?? [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]) + [[0, 0, 0, 1]]
    let extent = space?.extent ?? VoxelExtent(z: 1, y: 1, x: 1)
    let object: JSONObject = [
      "DIMENSIONS": .array([extent.x, extent.y, extent.z].map { .integer(Int64($0)) }),
      "VOXEL_TO_RASMM": .array(rows.map { .array($0.map { .number($0) }) }),
      "NB_VERTICES": .integer(Int64(pointCount)),
      "NB_STREAMLINES": .integer(Int64(streamlineCount)),
    ]
    do {
      return try JSONValue.object(object).encoded()
    } catch {
      throw VolumeError(
        .unsupportedFeature, path: path, "the image space is not finite", cause: error)
    }
  }
}
