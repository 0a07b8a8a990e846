import Glibc

extension VolumeError {
  /// The error of a system call, with the system's words and, where there is one, the remedy.
  package init(errno code: Int32, path: String, _ message: String) {
    let remedy: String? =
      switch code {
      case ENOSPC, EDQUOT: "free some space or choose an output on another disk, then run again"
      case EROFS: "choose an output on a disk that can be written"
      case EACCES, EPERM: "check the permissions of the file and the folders above it"
      case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
      case ENAMETOOLONG: "choose a shorter path"
      default: nil
      }
    // Sound: strerror returns a terminated string that is copied at once.
    self.init(
      code == ENOENT ? .notFound : .inputOutput, path: path,
      "\(message): \(String(cString: strerror(code))) (errno \(code))", remedy: remedy)
  }
}
