import CHDF5
public import VolumeStore
import Voxels

/// Small datasets of an HDF5 file that are no volumes: columns of tables, and texts.
public enum HDF5Table {
  /// The values of a dataset or an attribute.
  public enum Values: Hashable, Sendable {
    /// Whole numbers of 64 bits.
    case unsigned([UInt64])
    /// Numbers of 64 bits.
    case numbers([Double])
    /// Texts of a common length in bytes.
    case texts([String])
    /// One text, for attributes.
    case text(String)

    fileprivate var count: Int {
      switch self {
      case .unsigned(let values): values.count
      case .numbers(let values): values.count
      case .texts(let values): values.count
      case .text: 1
      }
    }
  }

  /// A dataset to write.
  public struct Dataset: Hashable, Sendable {
    /// Its path in the file, its values, and its axes' lengths, slowest first.
    public var name: String, values: Values, lengths: [Int]

    /// Creates a dataset of as many values as the lengths say.
    public init(_ name: String, _ values: Values, lengths: [Int]) {
      precondition(values.count == lengths.reduce(1, *), "a dataset's values fill its shape")
      self.name = name
      self.values = values
      self.lengths = lengths
    }
  }

  /// An attribute to write.
  public struct Attribute: Hashable, Sendable {
    /// The object that has it, its name and its value.
    public var object: String, name: String, value: Values

    /// Creates an attribute of an object that a dataset's path leads through.
    public init(_ object: String, _ name: String, _ value: Values) {
      self.object = object
      self.name = name
      self.value = value
    }
  }

  /// Writes a new file, whole or not at all.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  public static func write(
    _ datasets: [Dataset], attributes: [Attribute] = [], to path: String, replacing: Bool
  ) throws(VolumeError) {
    var pending = try PendingFile(path: path, replacing: replacing)
    let partial = pending.partialPath
    try withHDF5 { (library) throws(VolumeError) in
      let file = try library.createFile(partial, for: path)
      for dataset in datasets {
        switch dataset.values {
        case .unsigned(let values):
          try library.writeTable(
            file.id, dataset.name, DataType.uint64.hdf5Type(isBigEndian: false), dataset.lengths,
            values.span.bytes, path: path)
        case .numbers(let values):
          try library.writeTable(
            file.id, dataset.name, DataType.float64.hdf5Type(isBigEndian: false), dataset.lengths,
            values.span.bytes, path: path)
        case .texts(let texts):
          let width = max(1, texts.map { $0.utf8.count }.max() ?? 1)
          let bytes = texts.flatMap { text in
            Array(text.utf8) + [UInt8](repeating: 0, count: width - text.utf8.count)
          }
          let type = try library.textType(width, path: path)
          try library.writeTable(
            file.id, dataset.name, type.id, dataset.lengths, bytes.span.bytes, path: path)
        case .text: preconditionFailure("one text is an attribute")
        }
      }
      for attribute in attributes {
        guard let object = library.openObject(file.id, attribute.object) else {
          preconditionFailure("an attribute's object is on the path of a dataset")
        }
        switch attribute.value {
        case .numbers(let values):
          try library.setNumbers(object.id, attribute.name, values, path: path)
        case .text(let text): try library.setText(object.id, attribute.name, text, path: path)
        case .unsigned, .texts: preconditionFailure("attributes are numbers or one text")
        }
      }
      try library.flush(file.id, path: path)
    }
    try pending.commit()
  }

  /// The numbers of an attribute; nil where there is none.
  ///
  /// - Throws: ``VolumeError`` with `notFound`, or where the file is none of HDF5.
  public static func numbers(
    ofAttribute name: String, of object: String, in path: String
  ) throws(VolumeError) -> [Double]? {
    try HDF5Datasets.check(path)
    return try withHDF5 { (library) throws(VolumeError) -> [Double]? in
      let file = try library.openFile(path)
      return library.withObject(file.id, object) { library.numbers($0, name) }
    }
  }
}

/// A dataset of texts in an HDF5 file.
public enum HDF5Texts {
  /// The most texts, and the most bytes of one.
  private static let mostTexts = 1 << 24, mostBytes = 1 << 12

  /// Reads all texts of a dataset with one axis, whether of a common length or not.
  ///
  /// - Throws: ``VolumeError`` with `notFound`; `dataTypeMismatch` where it holds no texts;
  ///   `limitExceeded` before anything is read; `corruptChunk`.
  public static func read(_ path: String, dataset: String) throws(VolumeError) -> [String] {
    try HDF5Datasets.check(path)
    return try withHDF5 { (library) throws(VolumeError) -> [String] in
      let file = try library.openFile(path)
      let handle = try library.openDataset(file.id, dataset, cache: nil, path: path)
      let lengths = try library.dimensions(handle.id, dataset, path: path)
      guard lengths.count == 1, lengths[0] <= mostTexts else {
        throw VolumeError(
          .limitExceeded, path: path, "dataset \(dataset) is no list of texts",
          found: lengths.sizesDescription, expected: "at most \(mostTexts) along one axis")
      }
      return try library.readTexts(
        handle.id, dataset, count: lengths[0], limit: mostBytes, path: path)
    }
  }
}
