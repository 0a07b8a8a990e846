import PrecomputedStore
import TestSupport
import Testing
import VolumeStore
import Voxels

/// Volumes that must be refused, written by `tools/golden/bad-precomputed.py`.
private let folder = "\(volumes)/bad/precomputed"

private let codes: [String: VolumeError.Code] = [
  "not-json": .malformedMetadata, "mesh": .unsupportedFeature, "no-type": .malformedMetadata,
  "no-scales": .malformedMetadata, "type-of-nowhere": .malformedMetadata,
  "no-channels": .malformedMetadata, "scale-twice": .malformedMetadata,
  "key-outside": .unsupportedFeature, "key-absolute": .unsupportedFeature,
  "size-negative": .malformedMetadata, "size-two": .malformedMetadata,
  "size-endless": .limitExceeded, "chunk-endless": .limitExceeded,
  "chunk-zero": .malformedMetadata, "offset-of-half": .malformedMetadata,
  "resolution-zero": .malformedMetadata, "encoding-compresso": .unsupportedFeature,
  "jpeg-of-labels": .malformedMetadata, "labels-of-bytes": .malformedMetadata,
  "block-endless": .limitExceeded, "sharding-bits": .malformedMetadata,
  "sharding-unknown": .unsupportedFeature, "brotli": .unsupportedFeature,
  "shard-old": .unsupportedFeature,
]

@Suite struct BadVolumeTests {
  @Test func `there are cases`() { #expect(folderContents(folder).count == 50) }

  @Test(arguments: folderContents(folder)) func `a bad volume is refused`(_ name: String) {
    let error = volumeError {
      let source = VolumeSource("\(folder)/\(name)")
      #expect(try PrecomputedFormat.recognises(source))
      let reader = try PrecomputedFormat.open(source).reader
      func read<Scalar: VoxelScalar>(_ type: Scalar.Type) throws {
        _ = try reader.read(reader.metadata.box, as: type)
      }
      try read(reader.metadata.dataType.scalarType)
    }
    #expect(error?.code == codes[name] ?? .corruptChunk, "\(error as Any)")
    #expect(error?.remedy != nil && error?.path.contains(name) == true)
  }

  @Test func `addresses of other tools are understood`() throws {
    let path = "\(volumes)/golden/tensorstore-0.1.86/precomputed/cseg-uint64/volume"
    for address in ["precomputed://\(path)", "precomputed://file://\(path)", path] {
      let source = VolumeSource(address)
      #expect(try PrecomputedFormat.recognises(source))
      #expect(try PrecomputedFormat.open(source).levels.count == 2)
    }
    let second = try PrecomputedFormat.open(VolumeSource(path, dataset: "s1"))
    #expect(second.levels.count == 1 && second.reader.path == "\(path)/s1")
    let remote = VolumeSource("precomputed://gs://bucket/volume")
    #expect(volumeError { _ = try PrecomputedFormat.open(remote) }?.code == .unsupportedFeature)
    #expect(try !PrecomputedFormat.recognises(VolumeSource(volumes)))
  }
}
