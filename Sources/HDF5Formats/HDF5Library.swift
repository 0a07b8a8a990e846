import CHDF5
import Synchronization
import VolumeStore
import Voxels

/// The HDF5 C library, which may not be entered by two threads at once.
///
/// Every call of the library is a method of the one value in ``hdf5``, so none can be made without
/// the lock. Each use of an unsafe pointer states why it is sound.
struct HDF5Library: ~Copyable {
  fileprivate init() {}
}

private let library = Mutex(HDF5Library())

/// Calls a body with the library, alone.
///
/// Objects are closed under the lock by their handles; a handle must not outlive the body, and an
/// identifier that does is closed later by ``HDF5Library/close(_:)``.
func withHDF5<Result: Sendable, Failure: Error>(
  _ body: (borrowing HDF5Library) throws(Failure) -> Result
) throws(Failure) -> Result {
  try library.withLock { library throws(Failure) in
    // The setting belongs to the thread.
    chdf5_silence()
    return try body(library)
  }
}

/// An object of the library, closed when its owner ends, under the lock.
struct HDF5Handle: ~Copyable {
  let id: hid_t

  init(_ id: hid_t) { self.id = id }

  deinit { H5Idec_ref(id) }

  /// Gives up the object without closing it.
  consuming func released() -> hid_t {
    let id = id
    discard self
    return id
  }
}

extension HDF5Library {
  /// What the library says of the last failure.
  private var lastError: String? {
    var text = [CChar](repeating: 0, count: 400)
    // Sound: the count is the array's; the text is terminated within it.
    let message = text.withUnsafeMutableBufferPointer { buffer in
      chdf5_error(buffer.baseAddress, buffer.count)
      return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    return message.isEmpty ? nil : message
  }

  /// An error with what the library says of it.
  func failure(
    _ code: VolumeError.Code, path: String, _ message: String, remedy: String? = nil
  ) -> VolumeError {
    VolumeError(code, path: path, message, found: lastError, remedy: remedy)
  }

  func owned(_ id: hid_t, _ failure: @autoclosure () -> VolumeError) throws(VolumeError)
    -> HDF5Handle
  {
    guard id >= 0 else { throw failure() }
    return HDF5Handle(id)
  }

  /// Closes an object that was released from its handle; false where the library could not.
  @discardableResult
  func close(_ id: hid_t) -> Bool { H5Idec_ref(id) >= 0 }

  // MARK: Files

  func openFile(_ path: String) throws(VolumeError) -> HDF5Handle {
    let access = try owned(
      H5Pcreate(chdf5_file_access()), failure(.inputOutput, path: path, "cannot be opened"))
    H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG)
    return try owned(
      H5Fopen(path, chdf5_read_only(), access.id),
      failure(
        .malformedMetadata, path: path, "is not a readable HDF5 file",
        remedy: "check that the file was closed by its writer and copied whole"))
  }

  /// The paths of a file's datasets, from the root; of a file with millions, the first of them.
  func datasetPaths(_ file: hid_t, path: String) throws(VolumeError) -> [String] {
    var size = 1 << 16
    while true {
      var text = [CChar](repeating: 0, count: size)
      var used = 0
      // Sound: the count is the array's, and the function writes no more.
      let status = text.withUnsafeMutableBufferPointer { buffer in
        chdf5_list_datasets(file, buffer.baseAddress, buffer.count, &used)
      }
      guard status >= 0 else {
        throw failure(
          .malformedMetadata, path: path, "the list of datasets is damaged",
          remedy: "check that the file was closed by its writer and copied whole")
      }
      guard status == 0 || size >= 1 << 24 else {
        size *= 16
        continue
      }
      let names = text[..<used].map { UInt8(bitPattern: $0) }
      return names.split(separator: UInt8(ascii: "\n")).map {
        "/" + String(decoding: $0, as: UTF8.self)
      }
    }
  }

  /// Opens a group or dataset of this file, or nil where there is none.
  func openObject(_ file: hid_t, _ name: String) -> HDF5Handle? {
    guard let access = try? owned(H5Pcreate(chdf5_link_access()), none),
      chdf5_refuse_external_links(access.id) >= 0
    else { return nil }
    return try? owned(H5Oopen(file, name, access.id), none)
  }

  /// Gives a body a group or dataset of this file; nil where there is none.
  func withObject<Result>(_ file: hid_t, _ name: String, _ body: (hid_t) -> Result?) -> Result? {
    guard let object = openObject(file, name) else { return nil }
    return body(object.id)
  }

  private var none: VolumeError { VolumeError(.notFound, path: "", "is not there") }

  // MARK: Datasets

  func openDataset(_ file: hid_t, _ name: String, cache: HDF5Cache?, path: String)
    throws(VolumeError) -> HDF5Handle
  {
    let access = try owned(
      H5Pcreate(chdf5_dataset_access()),
      failure(.inputOutput, path: path, "\(name) cannot be opened"))
    guard chdf5_refuse_external_links(access.id) >= 0 else {
      throw failure(.inputOutput, path: path, "\(name) cannot be opened")
    }
    if let cache { H5Pset_chunk_cache(access.id, cache.slotCount, cache.byteCount, 1) }
    return try owned(
      H5Dopen2(file, name, access.id),
      failure(
        .notFound, path: path, "dataset \(name) cannot be opened",
        remedy: "name a dataset of this file by --dataset; links into other files are not followed")
    )
  }

  /// The dataset's number of axes and their lengths.
  func dimensions(_ dataset: hid_t, _ name: String, path: String) throws(VolumeError) -> [Int] {
    let space = try owned(
      H5Dget_space(dataset), failure(.malformedMetadata, path: path, "\(name) has no shape"))
    let rank = Int(H5Sget_simple_extent_ndims(space.id))
    guard rank > 0, rank <= 32 else { return [] }
    var lengths = [hsize_t](repeating: 0, count: rank)
    H5Sget_simple_extent_dims(space.id, &lengths, nil)
    return lengths.map { Int(exactly: $0) ?? .max }
  }

  /// The values' type, or nil with its description where it is none of ours.
  func dataType(
    _ dataset: hid_t
  ) -> (type: DataType?, isBigEndian: Bool, description: String) {
    let type = HDF5Handle(H5Dget_type(dataset))
    guard type.id >= 0 else { return (nil, false, "an unreadable type") }
    for candidate in DataType.allCases {
      for isBigEndian in [false, true]
      where H5Tequal(type.id, candidate.hdf5Type(isBigEndian: isBigEndian)) > 0 {
        return (candidate, isBigEndian, candidate.rawValue)
      }
    }
    let name =
      switch H5Tget_class(type.id) {
      case H5T_INTEGER: "integers"
      case H5T_FLOAT: "floating-point numbers"
      case H5T_STRING: "text"
      case H5T_COMPOUND: "compound values"
      case H5T_ENUM: "an enumeration, such as truth values"
      case H5T_REFERENCE: "references"
      case H5T_VLEN: "lists of varying length"
      case H5T_ARRAY: "arrays"
      default: "values"
      }
    return (nil, false, "\(H5Tget_size(type.id) * 8)-bit \(name)")
  }

  /// The number of chunks that were ever written.
  func writtenChunkCount(_ dataset: hid_t) -> Int? {
    let space = HDF5Handle(H5Dget_space(dataset))
    var count: hsize_t = 0
    guard space.id >= 0, H5Dget_num_chunks(dataset, space.id, &count) >= 0 else { return nil }
    return Int(exactly: count)
  }

  /// Reads a part of a dataset into a range of a span, converted to this machine's byte order.
  func read(
    _ dataset: hid_t, start: [Int], count: [Int], as type: DataType,
    into target: inout MutableRawSpan, _ range: Range<Int>, path: String
  ) throws(VolumeError) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= target.byteCount
        && range.count == count.reduce(type.byteCount, *), "the target does not fit the selection")
    let fileSpace = try selection(dataset, start: start, count: count, path: path)
    let memorySpace = try space(count, path: path)
    let status = target.withUnsafeMutableBytes { bytes in
      // Sound: the selection holds exactly the bytes of the range, which lies in the target.
      H5Dread(
        dataset, type.hdf5Type(isBigEndian: false), memorySpace.id, fileSpace.id,
        chdf5_default(), bytes.baseAddress.map { $0 + range.lowerBound })
    }
    guard status >= 0 else {
      throw failure(
        .corruptChunk, path: path,
        "the \(count.sizesDescription) values from \(start.sizesDescription) on cannot be read",
        remedy: "copy the file again; if that does not help, the volume is damaged there")
    }
  }

  /// Reads one value, to see that the library finds it or knows that it was never written.
  func check(
    _ dataset: hid_t, at start: [Int], as type: DataType, path: String
  ) throws(VolumeError) {
    let _: [UInt8] = try uninitializedValues(type.byteCount) { (target) throws(VolumeError) in
      try read(
        dataset, start: start, count: start.map { _ in 1 }, as: type, into: &target,
        0..<type.byteCount, path: path)
    }
  }

  func space(_ lengths: [Int], path: String) throws(VolumeError) -> HDF5Handle {
    let lengths = lengths.map { hsize_t($0) }
    return try owned(
      H5Screate_simple(Int32(lengths.count), lengths, nil),
      failure(.limitExceeded, path: path, "the shape is not allowed"))
  }

  func selection(
    _ dataset: hid_t, start: [Int], count: [Int], path: String
  ) throws(VolumeError) -> HDF5Handle {
    let space = try owned(
      H5Dget_space(dataset), failure(.malformedMetadata, path: path, "the dataset has no shape"))
    let start = start.map { hsize_t($0) }
    let count = count.map { hsize_t($0) }
    guard H5Sselect_hyperslab(space.id, H5S_SELECT_SET, start, nil, count, nil) >= 0 else {
      throw failure(.outOfBounds, path: path, "the region reaches outside the dataset")
    }
    return space
  }
}

extension DataType {
  /// The library's name of the type.
  func hdf5Type(isBigEndian: Bool) -> hid_t {
    let kind: Unicode.Scalar =
      switch self {
      case .uint8, .uint16, .uint32, .uint64: "u"
      case .int8, .int16, .int32, .int64: "i"
      case .float16, .float32, .float64: "f"
      }
    return chdf5_number_type(
      CChar(truncatingIfNeeded: kind.value), Int32(byteCount), isBigEndian ? 1 : 0)
  }
}

extension [Int] {
  /// The lengths as `z × y × x`.
  var sizesDescription: String { map { String($0) }.joined(separator: " × ") }
}
