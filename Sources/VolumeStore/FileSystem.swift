import Glibc

/// The names in a folder, hidden ones left out, in no particular order.
package func fileNames(inFolder path: String) throws(VolumeError) -> [String] {
  var names: [String] = []
  let isFolder = try forEachEntry(ofFolder: path) { (name, _) throws(VolumeError) in
    if !name.hasPrefix(".") { names.append(name) }
  }
  guard isFolder else { throw VolumeError(.notFound, path: path, "no such folder") }
  return names
}

/// The paths that match a shell pattern, in no particular order; none is no error.
package func paths(matching pattern: String) throws(VolumeError) -> [String] {
  var matches = glob_t()
  defer { globfree(&matches) }
  // Sound: the result is freed above, after its strings were copied.
  let status = glob(pattern, GLOB_NOSORT, nil, &matches)
  guard status != GLOB_NOMATCH else { return [] }
  guard status == 0 else {
    throw VolumeError(.inputOutput, path: pattern, "the pattern cannot be searched")
  }
  var paths: [String] = []
  for index in 0..<Int(matches.gl_pathc) {
    guard let path = matches.gl_pathv[index] else { continue }
    paths.append(String(cString: path))
  }
  return paths
}

/// Bytes of a file from an offset on, fewer where it ends before.
package func bytes(ofFile path: String, from offset: Int = 0, count: Int) throws(VolumeError)
  -> [UInt8]
{
  guard let file = try StoredFile(path: path), offset < file.byteCount else { return [] }
  return try file.read(at: offset, count: min(count, file.byteCount - offset))
}
