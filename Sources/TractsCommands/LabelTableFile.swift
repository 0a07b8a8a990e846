import Connectomes
import VolumeStore

/// A file with the names of labels.
enum LabelTableFile {
  /// Reads a table.
  ///
  /// - Throws: ``VolumeError`` where it is not there, or is none.
  static func read(_ path: String) throws(VolumeError) -> LabelTable {
    let status = try FileStatus.ofFile(path)
    guard status.byteCount <= 16 << 20 else {
      throw VolumeError(
        .limitExceeded, path: path, "the table is too large", found: "\(status.byteCount) bytes",
        expected: "16 MiB at most")
    }
    let text = try bytes(ofFile: path, count: status.byteCount)
    do {
      let table = try LabelTable(parsing: String(decoding: text, as: UTF8.self))
      guard !table.entries.isEmpty else {
        throw VolumeError(.malformedMetadata, path: path, "the table names no labels")
      }
      return table
    } catch let fault as LabelTable.Fault {
      throw VolumeError(
        .malformedMetadata, path: path, "line \(fault.line): \(fault.message)", found: fault.text,
        expected: "a line of a table of FreeSurfer, MRtrix3, AAL, ITK-SNAP or BIDS")
    } catch let error as VolumeError {
      throw error
    } catch {
      throw VolumeError(.malformedMetadata, path: path, "the table cannot be read", cause: error)
    }
  }
}
