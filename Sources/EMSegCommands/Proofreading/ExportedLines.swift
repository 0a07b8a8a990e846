import Codecs
import CommandLineInterface
import Proofreading
import VolumeStore

/// Rows on their way to a file.
struct ExportedLines {
  let path: String
  private let isJSON: Bool
  private var text = ""

  init(path: String, columns: [String]) {
    self.path = path
    isJSON = path.hasSuffix(".jsonl")
    if !isJSON { text = columns.joined(separator: ",") + "\n" }
  }

  mutating func append(_ row: [String], _ object: JSONObject) {
    if isJSON {
      let bytes = (try? JSONValue.object(object).encoded()) ?? []
      text += String(decoding: bytes, as: UTF8.self) + "\n"
    } else {
      text += row.map(CommaSeparatedRows.quoted).joined(separator: ",") + "\n"
    }
  }

  func write(replacing: Bool) throws {
    guard replacing || !ExistingOutput.exists(path) else {
      throw ExistingOutput.error(path, "it is there already")
    }
    try ReportFile.write(Array(text.utf8), to: path)
  }
}
