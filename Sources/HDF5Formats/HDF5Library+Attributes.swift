import CHDF5
import VolumeStore
import Voxels

// The library's calls that read attributes; each use of an unsafe pointer states why it is sound.

extension HDF5Library {
  /// The numbers of an attribute, or nil where it is absent, long or not of numbers.
  func numbers(_ object: hid_t, _ name: String) -> [Double]? {
    guard H5Aexists(object, name) > 0 else { return nil }
    let attribute = HDF5Handle(H5Aopen(object, name, chdf5_default()))
    guard attribute.id >= 0 else { return nil }
    let space = HDF5Handle(H5Aget_space(attribute.id))
    let type = HDF5Handle(H5Aget_type(attribute.id))
    let count = H5Sget_simple_extent_npoints(space.id)
    guard count > 0, count <= 32,
      [H5T_INTEGER, H5T_FLOAT].contains(H5Tget_class(type.id))
    else { return nil }
    var values = [Double](repeating: 0, count: Int(count))
    // Sound: the array holds as many doubles as the attribute has values.
    let status = values.withUnsafeMutableBytes { bytes in
      H5Aread(attribute.id, DataType.float64.hdf5Type(isBigEndian: false), bytes.baseAddress)
    }
    return status >= 0 ? values : nil
  }

  /// The text of an attribute, or nil where it is absent or not one text.
  func text(_ object: hid_t, _ name: String) -> String? {
    guard H5Aexists(object, name) > 0 else { return nil }
    let attribute = HDF5Handle(H5Aopen(object, name, chdf5_default()))
    guard attribute.id >= 0 else { return nil }
    let space = HDF5Handle(H5Aget_space(attribute.id))
    let type = HDF5Handle(H5Aget_type(attribute.id))
    guard H5Sget_simple_extent_npoints(space.id) == 1, H5Tget_class(type.id) == H5T_STRING else {
      return nil
    }
    if H5Tis_variable_str(type.id) > 0 {
      var pointer: UnsafeMutablePointer<CChar>?
      // Sound: the library allocates a terminated text, which is copied and given back.
      guard H5Aread(attribute.id, type.id, &pointer) >= 0, let pointer else { return nil }
      defer { H5free_memory(pointer) }
      return String(cString: pointer)
    }
    let size = H5Tget_size(type.id)
    guard size > 0, size <= 1 << 20 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    // Sound: the array holds the type's size.
    let status = bytes.withUnsafeMutableBytes { H5Aread(attribute.id, type.id, $0.baseAddress) }
    return status >= 0 ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : nil
  }
}

extension HDF5Library {
  /// The texts of an attribute, or nil where it is absent, long or not of texts.
  func texts(_ object: hid_t, _ name: String) -> [String]? {
    guard H5Aexists(object, name) > 0 else { return nil }
    let attribute = HDF5Handle(H5Aopen(object, name, chdf5_default()))
    guard attribute.id >= 0 else { return nil }
    let space = HDF5Handle(H5Aget_space(attribute.id))
    let type = HDF5Handle(H5Aget_type(attribute.id))
    let count = Int(H5Sget_simple_extent_npoints(space.id))
    guard count > 0, count <= 4096, H5Tget_class(type.id) == H5T_STRING else { return nil }
    if H5Tis_variable_str(type.id) > 0 {
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      // Sound: the library allocates a terminated text for each, which is copied and given back.
      guard H5Aread(attribute.id, type.id, &pointers) >= 0 else { return nil }
      defer { for pointer in pointers { H5free_memory(pointer) } }
      return pointers.map { pointer in pointer.map { String(cString: $0) } ?? "" }
    }
    let size = H5Tget_size(type.id)
    guard size > 0, size <= 1 << 16 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size * count)
    // Sound: the array holds as many texts of the type's size.
    let status = bytes.withUnsafeMutableBytes { H5Aread(attribute.id, type.id, $0.baseAddress) }
    guard status >= 0 else { return nil }
    return (0..<count).map { index in
      let text = bytes[index * size..<(index + 1) * size]
      return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// The names of the dimension scales attached to each axis, as netCDF-4 names axes.
  ///
  /// Source: HDF5 Dimension Scale Specification, the attribute `DIMENSION_LIST`.
  func dimensionScaleNames(_ dataset: hid_t, rank: Int) -> [String]? {
    let name = "DIMENSION_LIST"
    guard H5Aexists(dataset, name) > 0 else { return nil }
    let attribute = HDF5Handle(H5Aopen(dataset, name, chdf5_default()))
    guard attribute.id >= 0 else { return nil }
    let space = HDF5Handle(H5Aget_space(attribute.id))
    let type = HDF5Handle(H5Aget_type(attribute.id))
    guard H5Sget_simple_extent_npoints(space.id) == Int64(rank),
      H5Tget_class(type.id) == H5T_VLEN
    else { return nil }
    let element = HDF5Handle(H5Tget_super(type.id))
    guard element.id >= 0, H5Tequal(element.id, chdf5_object_reference()) > 0 else { return nil }
    var lists = [hvl_t](repeating: hvl_t(), count: rank)
    // Sound: the library allocates a list for each axis, which is given back below.
    guard H5Aread(attribute.id, type.id, &lists) >= 0 else { return nil }
    defer { H5Dvlen_reclaim(type.id, space.id, chdf5_default(), &lists) }
    var names: [String] = []
    for list in lists {
      guard list.len > 0, let reference = list.p else { return nil }
      let scale = HDF5Handle(
        H5Rdereference2(dataset, chdf5_default(), H5R_OBJECT, reference))
      var text = [CChar](repeating: 0, count: 256)
      // Sound: the count is the array's; the text is terminated within it.
      guard scale.id >= 0, H5Iget_name(scale.id, &text, text.count) > 0 else { return nil }
      let path = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      names.append(
        path.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0, as: UTF8.self) }
          ?? "")
    }
    return names
  }
}
