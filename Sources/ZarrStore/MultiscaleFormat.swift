import Codecs
import VolumeStore
import Voxels

/// The formats that multiscale images are written in.
public enum MultiscaleFormat: String, Hashable, Sendable, CaseIterable {
  /// The working store: OME-NGFF 0.5 on Zarr v3, compressed by zstd behind a CRC-32C.
  case omeZarr05 = "OME-Zarr 0.5"
  /// For readers of before 2025: OME-NGFF 0.4 on Zarr v2, compressed by gzip.
  ///
  /// Of the compressors of Zarr v2, gzip is the one that zarr-python, tensorstore, n5-zarr (Fiji,
  /// BigDataViewer, MoBIE), Neuroglancer, GDAL and cloud-volume all have without a library to add;
  /// cloud-volume takes zlib for gzip and fails, and needs a package for blosc. Its CRC-32 notices
  /// damage, which blosc does not.
  case omeZarr04 = "OME-Zarr 0.4"
  /// For BigDataViewer, Paintera and their kin: N5, compressed by gzip.
  case n5 = "N5"

  /// The store that the image's arrays are in.
  public var store: StoreFormat {
    switch self {
    case .omeZarr05: .zarr3
    case .omeZarr04: .zarr2
    case .n5: .n5
    }
  }

  /// Whether chunks can be joined in shards; where they cannot, each is a file.
  public var hasShards: Bool { self == .omeZarr05 }

  /// The folder of a level within the image.
  func levelName(_ index: Int) -> String { self == .n5 ? "s\(index)" : String(index) }
}

extension StoreFormat {
  /// The codecs of new arrays of a type, from the values outwards.
  func usualCodecs(for type: DataType) -> [any BytesCodec] {
    switch self {
    case .zarr3: CodecChain.standard(for: type)
    case .zarr2, .n5: [GzipCodec(level: 5)]
    }
  }
}
