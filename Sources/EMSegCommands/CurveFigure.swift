import Drawing
import Training

extension TrainingCurve {
  /// The curve as a picture: losses above, scores of the segmentation below.
  func drawn(as format: PictureFormat) throws(DrawingError) -> [UInt8] {
    let names = ["voi_split": "VOI split", "voi_merge": "VOI merge", "arand": "ARAND"]
    let range = 0...Double(max(steps.last ?? 1, 1))
    func series(_ columns: [String]) -> [LinePlot.Series] {
      columns.compactMap { column in
        let points = values(of: column).map { (x: Double($0.step), y: $0.value) }
        let name = names[column] ?? column.replacing("_", with: " ").replacing(".", with: ": ")
        return points.isEmpty ? nil : LinePlot.Series(name, points)
      }
    }
    let end = columns.firstIndex(of: "learning_rate") ?? columns.count
    // A sum of one term is that term.
    let terms = end > 2 ? Array(columns[1..<end]) : []
    var plots = [
      LinePlot(
        title: "Loss", xLabel: "steps", yLabel: "loss",
        series: series(["validation_loss", "loss"] + terms), hasLogarithmicY: true,
        xRange: range)
    ]
    let scores = series(["voi_split", "voi_merge", "arand"])
    if !scores.isEmpty {
      plots.append(
        LinePlot(
          title: "Segmentation of the validation volumes", xLabel: "steps",
          yLabel: "VOI (bits), ARAND", series: scores, xRange: range))
    }
    return try Figure(plots).drawn(as: format)
  }
}
