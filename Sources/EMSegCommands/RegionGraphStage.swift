import Blockwise
import Segmentation
import VolumeStore
import Voxels

/// Gathers the contacts between the fragments of each block.
struct RegionGraphStage: BlockStage {
  let name = "region graph"
  let fragments: InputVolume
  /// The largest label that the fragments may have.
  let fragmentCount: Int
  let affinities: AffinityVolume
  let detail: ContactDetail
  let files: BlockFiles

  var halo: VoxelExtent { VoxelExtent(cube: 1) }
  var fingerprint: String {
    "method=region graph 2\ndetail=\(detail == .sums ? "sums" : "histograms")\n"
      + "fragments=\(fragments.identity)\naffinities=\(affinities.identity)"
  }
  var outputs: [any RecordedOutput] { [files] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let graph =
      affinities.reader.metadata.dataType == .uint8
      ? try graph(of: block, UInt8.self) : try graph(of: block, Float.self)
    if let last = graph.fragments.last, last.id > UInt64(fragmentCount) {
      throw VolumeError(
        .malformedMetadata, path: fragments.reader.path,
        "a fragment's label is above the stated number of fragments", found: "\(last.id)",
        expected: "at most \(fragmentCount)", remedy: "make the fragments again")
    }
    var table = BlockTable()
    table.append(graph.encoded)
    return BlockResult(report: NoReport(), written: [[try files.write(table, for: block)]])
  }

  private func graph<Affinity: AffinityScalar>(
    of block: Block, _ type: Affinity.Type
  ) throws -> RegionGraph {
    let volume = fragments.reader.metadata.box
    let near = VoxelBox(
      from: block.writeBox.origin - halo, to: block.writeBox.end
    ).intersection(volume)
    return regionGraph(
      affinities: try affinities.read(block.writeBox, as: type),
      fragments: try fragments.reader.read(near, as: UInt64.self), box: block.writeBox,
      volume: volume, detail: detail)
  }
}

/// Counts the voxels of each class in the fragments of each block.
struct FragmentClassStage: BlockStage {
  let name = "classes"
  let fragments: InputVolume
  let classes: InputVolume
  let files: BlockFiles

  var halo: VoxelExtent { .zero }
  var fingerprint: String {
    "method=fragment classes 1\nfragments=\(fragments.identity)\nclasses=\(classes.identity)"
  }
  var outputs: [any RecordedOutput] { [files] }

  func process(_ block: Block) throws -> BlockResult<NoReport> {
    let labels = try fragments.reader.read(block.writeBox, as: UInt64.self)
    let rows = fragmentClasses(
      fragments: labels, classes: try classes(in: block.writeBox), box: block.writeBox)
    var table = BlockTable()
    table.append(FragmentClass.encoded(rows))
    return BlockResult(report: NoReport(), written: [[try files.write(table, for: block)]])
  }

  /// The classes of a box, in bytes.
  private func classes(in box: VoxelBox) throws -> Volume<UInt8> {
    func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws -> Volume<UInt8> {
      let stored = try classes.reader.read(box, as: type)
      var bytes = Volume<UInt8>(box: box)
      let values = stored.span
      var target = bytes.mutableSpan
      for index in values.indices {
        let value = values[index].doubleValue
        guard value >= 0, value <= 255 else {
          throw VolumeError(
            .unsupportedFeature, path: classes.reader.path, "a class is no number from 0 to 255",
            found: shortText(value), remedy: "number the classes with emseg relabel")
        }
        target[index] = UInt8(value)
      }
      return bytes
    }
    let type = classes.reader.metadata.dataType
    return type == .uint8
      ? try classes.reader.read(box, as: UInt8.self) : try read(type.scalarType)
  }
}
