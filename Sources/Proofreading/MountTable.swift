import FoundationEssentials
import VolumeStore

/// Which file systems are mounted where, as the kernel lists them.
///
/// Source: Linux manual, proc_pid_mountinfo(5).
public struct MountTable: Sendable {
  private let mounts: [(point: String, type: String)]

  /// Reads a table in the form of `/proc/self/mountinfo`; lines of another form are passed over.
  public init(_ text: String) {
    mounts = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash > 4, dash + 1 < fields.count else {
        return nil
      }
      return (Self.unescaped(fields[4]), String(fields[dash + 1]))
    }
  }

  /// What is mounted now.
  public static var current: MountTable {
    let bytes = SystemFile.contents(of: "/proc/self/mountinfo", limit: 1 << 22) ?? []
    return MountTable(String(decoding: bytes, as: UTF8.self))
  }

  /// File systems whose files other machines reach too, or that have no dependable locks.
  private static let networkTypes: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "ceph", "beegfs", "glusterfs",
    "afs", "ocfs2", "gfs2", "orangefs", "pvfs2", "fuse.sshfs", "fuse.glusterfs",
    "fuse.ceph", "fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.juicefs",
    "fuse.beegfs", "davfs", "panfs", "wekafs",
  ]

  /// The type of the network file system that a path lies on.
  ///
  /// - Parameter path: a file or folder; it need not be there yet.
  /// - Returns: the type, such as `nfs4`; nil where the path lies on a local file system.
  public func networkFileSystem(of path: String) -> String? {
    let full = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    // Of two mounts on one folder the later one is seen.
    var holder: (length: Int, type: String)?
    for (point, type) in mounts {
      guard point == "/" || full == point || full.hasPrefix(point + "/") else { continue }
      if point.utf8.count >= holder?.length ?? 0 { holder = (point.utf8.count, type) }
    }
    return holder.flatMap { Self.networkTypes.contains($0.type) ? $0.type : nil }
  }

  /// A field with its octal escapes, such as `\040` for a space, resolved.
  private static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
