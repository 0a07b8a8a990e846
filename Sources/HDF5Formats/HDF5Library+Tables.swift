import CHDF5
import VolumeStore
import Voxels

// The library's calls for tables and texts; each use of an unsafe pointer states why it is sound.

extension HDF5Library {
  /// Creates a dataset without chunks, in the groups it lies in, and writes it whole.
  func writeTable(
    _ file: hid_t, _ name: String, _ type: hid_t, _ lengths: [Int], _ bytes: RawSpan,
    path: String
  ) throws(VolumeError) {
    let error = VolumeError(.inputOutput, path: path, "dataset \(name) cannot be written")
    let space = try space(lengths, path: path)
    let links = try owned(H5Pcreate(chdf5_link_creation()), error)
    let creation = try owned(H5Pcreate(chdf5_dataset_creation()), error)
    H5Pset_create_intermediate_group(links.id, 1)
    // Times of creation would make equal tables unequal files.
    H5Pset_obj_track_times(creation.id, false)
    let dataset = try owned(
      H5Dcreate2(file, name, type, space.id, links.id, creation.id, chdf5_default()),
      failure(.inputOutput, path: path, "dataset \(name) cannot be created"))
    guard bytes.byteCount > 0 else { return }
    let status = bytes.withUnsafeBytes { bytes in
      // Sound: the caller gives as many values of the type as the shape holds.
      H5Dwrite(
        dataset.id, type, chdf5_whole(), chdf5_whole(), chdf5_default(), bytes.baseAddress)
    }
    guard status >= 0 else {
      throw failure(.inputOutput, path: path, "cannot be written", remedy: spaceRemedy)
    }
  }

  /// The type of texts of a length in bytes, filled up with zeros.
  func textType(_ width: Int, path: String) throws(VolumeError) -> HDF5Handle {
    let type = try owned(
      H5Tcopy(chdf5_c_string()), failure(.inputOutput, path: path, "texts cannot be written"))
    H5Tset_size(type.id, width)
    H5Tset_strpad(type.id, H5T_STR_NULLPAD)
    return type
  }

  /// Reads a dataset of texts.
  func readTexts(
    _ dataset: hid_t, _ name: String, count: Int, limit: Int, path: String
  ) throws(VolumeError) -> [String] {
    let type = HDF5Handle(H5Dget_type(dataset))
    guard type.id >= 0, H5Tget_class(type.id) == H5T_STRING else {
      throw VolumeError(
        .dataTypeMismatch, path: path, "dataset \(name) holds no texts",
        found: dataType(dataset).description, expected: "texts")
    }
    guard count > 0 else { return [] }
    let damaged = VolumeError(.corruptChunk, path: path, "dataset \(name) cannot be read")
    if H5Tis_variable_str(type.id) > 0 {
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      // Sound: the library allocates a terminated text for each, which is copied and given back.
      guard
        H5Dread(
          dataset, type.id, chdf5_whole(), chdf5_whole(), chdf5_default(), &pointers) >= 0
      else { throw damaged }
      defer { for pointer in pointers { H5free_memory(pointer) } }
      return pointers.map { pointer in pointer.map { String(cString: $0) } ?? "" }
    }
    let width = H5Tget_size(type.id)
    guard width > 0, width <= limit else {
      throw VolumeError(
        .limitExceeded, path: path, "the texts of dataset \(name) are too long",
        found: "\(width) bytes", expected: "at most \(limit)")
    }
    var bytes = [UInt8](repeating: 0, count: width * count)
    // Sound: the array holds as many texts of the type's size.
    let status = bytes.withUnsafeMutableBytes {
      H5Dread(
        dataset, type.id, chdf5_whole(), chdf5_whole(), chdf5_default(), $0.baseAddress)
    }
    guard status >= 0 else { throw damaged }
    return (0..<count).map { index in
      let text = bytes[index * width..<(index + 1) * width]
      return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
