import Glibc
import VolumeStore

/// A temporary file that another of MRtrix's programs has written and named on the standard input.
///
/// Whoever reads such a file removes it, as the name's owner expects.
final class PipedFile: Sendable {
  let path: String

  /// Reads the next name from the standard input.
  init() throws(VolumeError) {
    guard let line = readLine(), !line.isEmpty else {
      throw VolumeError(
        .notFound, path: "-", "the standard input names no image",
        expected: "the name of a temporary file, as MRtrix's programs write it for \"-\"",
        remedy: "pipe the output of an MRtrix program that ends in \"-\" into this one")
    }
    path = line
  }

  deinit {
    let name = path.split(separator: "/").last ?? ""
    // Only what was made for the pipe; a name that a user typed is left alone.
    if name.hasPrefix("mrtrix-tmp-") { unlink(path) }
  }
}
