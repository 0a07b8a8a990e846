/// The tables of the edit log.
enum OperationSchema {
  static let sql = ""
}
