import CHDF5
import VolumeStore
import Voxels

// The library's calls that write; each use of an unsafe pointer states why it is sound.

extension HDF5Library {
  // MARK: Files

  func createFile(_ partialPath: String, for path: String) throws(VolumeError) -> HDF5Handle {
    let access = try owned(
      H5Pcreate(chdf5_file_access()), failure(.inputOutput, path: path, "cannot be created"))
    H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG)
    return try owned(
      H5Fcreate(partialPath, chdf5_truncate(), chdf5_default(), access.id),
      failure(.inputOutput, path: path, "cannot be created"))
  }

  /// Writes everything the library holds back.
  func flush(_ file: hid_t, path: String) throws(VolumeError) {
    guard H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0 else {
      throw failure(.inputOutput, path: path, "cannot be written", remedy: spaceRemedy)
    }
  }

  var spaceRemedy: String { "check the space left on the disk" }

  // MARK: Attributes

  /// Writes an attribute of numbers.
  func setNumbers(
    _ object: hid_t, _ name: String, _ values: [Double], path: String
  ) throws(VolumeError) {
    let type = DataType.float64.hdf5Type(isBigEndian: false)
    let space = try space([values.count], path: path)
    let attribute = try owned(
      H5Acreate2(object, name, type, space.id, chdf5_default(), chdf5_default()),
      failure(.inputOutput, path: path, "attribute \(name) cannot be written"))
    // Sound: the array holds as many doubles as the attribute.
    guard values.withUnsafeBytes({ H5Awrite(attribute.id, type, $0.baseAddress) }) >= 0 else {
      throw failure(.inputOutput, path: path, "attribute \(name) cannot be written")
    }
  }

  /// Writes an attribute of one text.
  func setText(
    _ object: hid_t, _ name: String, _ value: String, path: String
  ) throws(VolumeError) {
    let error = VolumeError(.inputOutput, path: path, "attribute \(name) cannot be written")
    let type = try owned(H5Tcopy(chdf5_c_string()), error)
    let space = try owned(H5Screate(H5S_SCALAR), error)
    // Of variable length, as h5py writes text: readers compare it with text.
    H5Tset_size(type.id, chdf5_variable_size())
    H5Tset_cset(type.id, H5T_CSET_UTF8)
    let attribute = try owned(
      H5Acreate2(object, name, type.id, space.id, chdf5_default(), chdf5_default()), error)
    // Sound: the library copies the terminated text before the call returns.
    let status = value.withCString { text in
      withUnsafePointer(to: text) { H5Awrite(attribute.id, type.id, $0) }
    }
    guard status >= 0 else {
      throw error
    }
  }

  // MARK: Datasets

  /// Creates a chunked dataset and the groups it lies in.
  func createDataset(
    _ file: hid_t, _ name: String, type: DataType, lengths: [Int], chunk: [Int],
    compressionLevel: Int, cache: HDF5Cache, path: String
  ) throws(VolumeError) -> HDF5Handle {
    let error = VolumeError(.inputOutput, path: path, "dataset \(name) cannot be created")
    let space = try space(lengths, path: path)
    let links = try owned(H5Pcreate(chdf5_link_creation()), error)
    let creation = try owned(H5Pcreate(chdf5_dataset_creation()), error)
    let access = try owned(H5Pcreate(chdf5_dataset_access()), error)
    H5Pset_create_intermediate_group(links.id, 1)
    // Times of creation would make equal volumes unequal files.
    H5Pset_obj_track_times(creation.id, false)
    H5Pset_chunk(creation.id, Int32(chunk.count), chunk.map { hsize_t($0) })
    if type.byteCount > 1 { H5Pset_shuffle(creation.id) }
    H5Pset_deflate(creation.id, UInt32(compressionLevel))
    H5Pset_chunk_cache(access.id, cache.slotCount, cache.byteCount, 1)
    return try owned(
      H5Dcreate2(
        file, name, type.hdf5Type(isBigEndian: false), space.id, links.id, creation.id, access.id),
      failure(.inputOutput, path: path, "dataset \(name) cannot be created"))
  }

  /// Writes a part of a dataset from a range of a span.
  func write(
    _ dataset: hid_t, start: [Int], count: [Int], as type: DataType, from source: RawSpan,
    path: String
  ) throws(VolumeError) {
    precondition(
      source.byteCount == count.reduce(type.byteCount, *), "the source does not fit the selection")
    let fileSpace = try selection(dataset, start: start, count: count, path: path)
    let memorySpace = try space(count, path: path)
    let status = source.withUnsafeBytes { bytes in
      // Sound: the selection holds exactly the source's bytes.
      H5Dwrite(
        dataset, type.hdf5Type(isBigEndian: false), memorySpace.id, fileSpace.id,
        chdf5_default(), bytes.baseAddress)
    }
    guard status >= 0 else {
      throw failure(.inputOutput, path: path, "cannot be written", remedy: spaceRemedy)
    }
  }

  /// Writes a chunk that has gone through the dataset's filters already.
  func writeChunk(
    _ dataset: hid_t, at start: [Int], _ encoded: [UInt8], path: String
  ) throws(VolumeError) {
    let offset = start.map { hsize_t($0) }
    // Sound: the count is the array's.
    let status = encoded.withUnsafeBytes {
      H5Dwrite_chunk(dataset, chdf5_default(), 0, offset, $0.count, $0.baseAddress)
    }
    guard status >= 0 else {
      throw failure(.inputOutput, path: path, "cannot be written", remedy: spaceRemedy)
    }
  }
}
