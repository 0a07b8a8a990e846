import Labels
import Synapses
import VolumeStore
import Voxels

/// The objects of one channel of a prediction, block by block: what is at or above a threshold and
/// hangs together, small gaps within sections closed.
struct ObjectLabelling: BlockLabelling {
  let name = "objects"
  /// One channel of probabilities, as bytes or in [0, 1].
  let source: any VolumeReader
  let sourceIdentity: String
  let threshold: Double
  /// The width of gaps that are closed, in voxels along y and x, halved.
  let closing: Int

  var fingerprint: String {
    "method=objects 1\nthreshold=\(threshold)\nclosing=\(closing)\nsource=\(sourceIdentity)"
  }
  var halo: VoxelExtent { VoxelExtent(z: 1, y: 1 + 2 * closing, x: 1 + 2 * closing) }
  var volume: VoxelBox { source.metadata.box }
  // Values, masks, local labels, and runs where every few voxels start a new one.
  var bytesPerVoxel: Int { source.metadata.dataType.byteCount + 4 + 4 + 8 }

  func label(_ ownBox: VoxelBox) throws -> LabelledBlock {
    let box = BlockSeams.grownBox(of: ownBox, in: volume)
    let margin = VoxelExtent(z: 0, y: 2 * closing, x: 2 * closing)
    let looked = box.grown(by: margin).intersection(volume)
    let closed = closedInSections(try mask(looked), radius: closing).cropped(to: box)
    let found = connectedComponents(of: closed, neighbourhood: .corners)
    return LabelledBlock(labels: found.labels, count: found.count)
  }

  private func mask(_ box: VoxelBox) throws -> Volume<UInt8> {
    if source.metadata.dataType == .uint8 {
      let least = UInt8(nearest: max(1, (threshold * 255).rounded(.up)))
      return thresholded(try source.read(box, as: UInt8.self), atLeast: least)
    }
    let values = try source.read(box, as: Float.self)
    if let place = firstNaN(in: values) {
      throw VolumeError(
        .dataTypeMismatch, path: source.path, "a value is not a number",
        found: "nan at \(place.z),\(place.y),\(place.x)", expected: "probabilities")
    }
    return thresholded(values, atLeast: Float(threshold))
  }
}
