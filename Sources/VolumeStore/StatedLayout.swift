public import Voxels

/// What the user states of a source, above what its files say.
///
/// A format uses what it needs and leaves the rest; it never guesses over a statement.
public struct StatedLayout: Hashable, Sendable {
  /// The axes of the stored array, slowest first (`--axes`).
  public var axes: VolumeAxes?
  /// The lengths of the stored array in the order of ``axes`` (`--shape`); needed by raw binary.
  public var shape: [Int]?
  /// The type of one value (`--data-type`); needed by raw binary.
  public var dataType: DataType?
  /// Whether the bytes of a value start with the highest (`--big-endian`), in raw binary.
  public var isBigEndian = false
  /// The bytes before the first value (`--header-bytes`), in raw binary.
  public var headerByteCount = 0
  /// Whether the three colours of a pixel are one label, red the highest byte (`--rgb-labels`).
  public var hasColourLabels = false

  /// Nothing is stated.
  public static let none = StatedLayout()

  /// Creates a layout that states nothing.
  public init() {}
}
