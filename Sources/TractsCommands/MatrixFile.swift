import Codecs
import CommandLineInterface
import Connectomes
import VolumeStore

/// A format of files of matrices.
enum MatrixFormat: String, CaseIterable, ArgumentValue {
  /// Rows of values divided by commas, as MRtrix3 writes them.
  case csv
  /// Rows of values divided by blanks.
  case txt
  /// A table with names.
  case tsv
  /// A NumPy array.
  case npy
  /// A graph.
  case graphml
  /// A list of connections.
  case edges

  /// The contents of a file.
  func contents(of matrix: ConnectomeMatrix) -> [UInt8] {
    switch self {
    case .csv: MatrixText.rows(matrix)
    case .txt: MatrixText.rows(matrix, delimiter: " ")
    case .tsv: MatrixText.table(matrix)
    case .npy: MatrixText.numPy(matrix)
    case .graphml: MatrixText.graphML(matrix)
    case .edges: MatrixText.edges(matrix)
    }
  }
}

/// A file that is written whole, or not at all.
enum WholeFile {
  /// Writes a file.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists` or `inputOutput`.
  static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws(VolumeError) {
    var file = try NewFile(path: path, replacing: replacing)
    try file.write(bytes.rawSpan, at: 0)
    try file.commit()
  }

  /// Checks that an output can be created, before the work begins.
  ///
  /// - Throws: ``VolumeError`` with `alreadyExists`.
  static func checkFree(_ path: String, replacing: Bool) throws(VolumeError) {
    guard let status = try FileStatus(path) else { return }
    guard replacing, status.isRegularFile else {
      throw VolumeError(
        .alreadyExists, path: path, "is there already",
        remedy: status.isRegularFile
          ? "choose another output, or replace this one with --force" : "choose another output")
    }
  }
}
