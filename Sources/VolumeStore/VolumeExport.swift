public import Voxels

/// A kind of file that volumes are written to, from the first voxel to the last.
///
/// Chunked stores, whose chunks are written in any order, are ``VolumeWriter``s instead.
public protocol VolumeExport: SendableMetatype {
  /// The format's name, for messages.
  static var name: String { get }
  /// The endings of a file name that tell the format, such as `.tif`, lower case.
  static var fileEndings: [String] { get }
  /// Creates the file, under a partial name until it is whole.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` where it is there and may not be replaced,
  ///   `unsupportedFeature` where the format cannot hold such a volume, with the remedy.
  static func create(
    _ request: ExportRequest
  ) throws(VolumeError) -> any VolumeSink
}

/// What a new file is to hold.
public struct ExportRequest: Hashable, Sendable {
  /// The file to create.
  public var path: String
  /// The volume it is to hold; `storageUnit` is how its source is best read.
  public var metadata: VolumeMetadata
  /// Whether the values are object numbers: lossless compression, no predictor.
  public var isLabels: Bool
  /// The path within a file that holds several volumes; nil takes the format's usual one.
  public var dataset: String?
  /// Whether a file that is there goes once the new one is whole.
  public var isReplacing: Bool
  /// The threads that compress.
  public var threads: Int

  /// Creates a request.
  public init(
    path: String, metadata: VolumeMetadata, isLabels: Bool, dataset: String? = nil,
    isReplacing: Bool = false, threads: Int = 1
  ) {
    self.path = path
    self.metadata = metadata
    self.isLabels = isLabels
    self.dataset = dataset
    self.isReplacing = isReplacing
    self.threads = threads
  }
}

/// A file that is being written.
///
/// Boxes come in raster order of a grid whose cells are ``unit``, cut at the volume's far side.
public protocol VolumeSink: Sendable {
  /// The block of one write; an axis as long as the volume's is written whole.
  var unit: VoxelExtent { get }
  /// Writes the next box, all channels.
  func write<Scalar: VoxelScalar>(_ volume: borrowing Volume<Scalar>) throws(VolumeError)
  /// Makes the file durable and gives it its name.
  func finish() throws(VolumeError)
}

extension ExportRequest {
  /// Refuses values of 16-bit floats for a format that has none.
  package func refuseHalfPrecision(for format: String) throws(VolumeError) {
    guard metadata.dataType == .float16 else { return }
    throw VolumeError(
      .unsupportedFeature, path: path, "\(format) has no such values", found: "float16",
      expected: "integers, float32 or float64", remedy: "add --output-type float32")
  }
}
