import TerminalScreen
import TestSupport
import Testing

@Suite struct FrameWriterTests {
  private func encoder(_ form: PictureForm, _ environment: [String: String] = [:]) -> PictureEncoder
  {
    PictureEncoder(
      environment: ["TERM": "xterm-256color", "COLORTERM": "truecolor"].merging(environment) { $1 },
      form: form)
  }

  /// Left half of one colour, right half of another.
  private func picture(_ left: [UInt8], _ right: [UInt8], width: Int = 40, height: Int = 32)
    -> ScreenPicture
  {
    let row = (0..<width).flatMap { $0 < width / 2 ? left : right }
    return ScreenPicture(width: width, height: height, bytes: (0..<height).flatMap { _ in row })
  }

  @Test func `text is cut at the edge and wide characters take two cells`() {
    var text = ScreenText(ScreenExtent(rows: 2, columns: 10))
    #expect(text.write("日本語", row: 0, column: 1) == 7)
    #expect(text.write("0123456789abc", row: 1, column: 4) == 10)
    text.write("beyond", row: 5, column: 0)
    #expect(text.lines == [" 日本語", "    01234…"])
    #expect(ScreenText.fitting("日本語", width: 5) == "日本…")
    #expect(ScreenText.fitting("a\u{1B}[2Jb", width: 9) == "a[2Jb")
  }

  @Test func `a frame becomes what the terminal shows, and then only changes are sent`() {
    let size = ScreenExtent(rows: 3, columns: 20)
    var model = ScreenModel(rows: 3, columns: 20)
    let writer = FrameWriter(encoder(.symbols))
    var text = ScreenText(size)
    text.write("title", row: 0, column: 0, style: .bold)
    text.write("日 second", row: 1, column: 2)
    model.take(writer.bytes(for: ScreenFrame(text), cell: (8, 16)))
    #expect(model.lines == text.lines)
    #expect(model.styles[0][0] == "0;1")
    let before = model.drawnCells
    text.write("X", row: 1, column: 5)
    model.take(writer.bytes(for: ScreenFrame(text), cell: (8, 16)))
    #expect(model.lines == text.lines)
    #expect(model.drawnCells == before + 1)
    #expect(writer.bytes(for: ScreenFrame(text), cell: (8, 16)).isEmpty)
    writer.forget()
    var fresh = ScreenModel(rows: 3, columns: 20)
    fresh.take(writer.bytes(for: ScreenFrame(text), cell: (8, 16)))
    #expect(fresh.lines == text.lines)
  }

  @Test func `a random series of frames always leaves the last one`() {
    var generator = SeededGenerator(seed: 7)
    let size = ScreenExtent(rows: 6, columns: 24)
    var model = ScreenModel(rows: 6, columns: 24)
    let writer = FrameWriter(encoder(.symbols))
    for _ in 0..<60 {
      var text = ScreenText(size)
      for _ in 0..<Int.random(in: 0..<8, using: &generator) {
        let words = ["neuron", "日本", "x", "0123456789", "…"]
        text.write(
          words.randomElement(using: &generator) ?? "", row: .random(in: 0..<6, using: &generator),
          column: .random(in: 0..<24, using: &generator),
          style: Bool.random(using: &generator) ? .bold : .plain)
      }
      model.take(writer.bytes(for: ScreenFrame(text), cell: (8, 16)))
      #expect(model.lines == text.lines)
    }
  }

  @Test func `symbols show the colours of a picture in its area`() {
    var model = ScreenModel(rows: 6, columns: 20)
    let writer = FrameWriter(encoder(.symbols))
    var text = ScreenText(ScreenExtent(rows: 6, columns: 20))
    text.write("hidden", row: 2, column: 6)
    text.write("below", row: 5, column: 0)
    let area = ScreenArea(row: 1, column: 5, rows: 4, columns: 10)
    let placed = ScreenFrame.Placed(picture([200, 10, 10], [10, 10, 200]), in: area)
    model.take(writer.bytes(for: ScreenFrame(text, pictures: [placed]), cell: (8, 16)))
    #expect(model.lines[5] == "below")
    #expect(!model.lines.joined().contains("hidden"))
    #expect(model.styles[2][6].contains("200;10;10"))
    #expect(model.styles[2][13].contains("10;10;200"))
    #expect(!model.styles[2][4].contains("200;10;10"))
    // Without the picture, the text below it is there again.
    model.take(writer.bytes(for: ScreenFrame(text), cell: (8, 16)))
    #expect(model.lines == text.lines)
  }

  @Test func `pixels are sent once and again only when they change`() {
    for form in [PictureForm.sixels, .kitty] {
      var model = ScreenModel(rows: 6, columns: 20)
      let writer = FrameWriter(encoder(form))
      let text = ScreenText(ScreenExtent(rows: 6, columns: 20))
      let area = ScreenArea(row: 1, column: 5, rows: 4, columns: 10)
      let first = ScreenFrame.Placed(picture([200, 10, 10], [10, 10, 200]), in: area)
      let second = ScreenFrame.Placed(picture([1, 100, 10], [10, 10, 200]), in: area)
      func count() -> Int { form == .kitty ? model.kittyCount : model.sixelCount }
      model.take(writer.bytes(for: ScreenFrame(text, pictures: [first]), cell: (8, 16)))
      #expect(count() == 1)
      var other = text
      other.write("note", row: 0, column: 0)
      model.take(writer.bytes(for: ScreenFrame(other, pictures: [first]), cell: (8, 16)))
      #expect(count() == 1)
      #expect(model.lines[0] == "note")
      model.take(writer.bytes(for: ScreenFrame(other, pictures: [second]), cell: (8, 16)))
      #expect(count() == 2)
    }
  }

  @Test func `colours follow what the terminal can`() {
    #expect(PictureEncoder(environment: ["TERM": "xterm-kitty"]).form == .kitty)
    #expect(PictureEncoder(environment: ["TERM": "xterm-kitty", "NO_COLOR": "1"]).form == .symbols)
    #expect(PictureEncoder(environment: ["TERM": "xterm-kitty", "NO_COLOR": "1"]).depth == .none)
    #expect(PictureEncoder(environment: ["TERM": "linux"]).form == .symbols)
    #expect(PictureEncoder(environment: ["TERM": "mlterm"]).form == .sixels)
    var model = ScreenModel(rows: 4, columns: 10)
    let writer = FrameWriter(encoder(.symbols, ["NO_COLOR": "1"]))
    var text = ScreenText(ScreenExtent(rows: 4, columns: 10))
    text.write("red", row: 0, column: 0, style: ScreenStyle(.rgb(255, 0, 0), isBold: true))
    let area = ScreenArea(row: 1, column: 0, rows: 2, columns: 10)
    let placed = ScreenFrame.Placed(picture([250, 250, 250], [0, 0, 0]), in: area)
    model.take(writer.bytes(for: ScreenFrame(text, pictures: [placed]), cell: (8, 16)))
    #expect(model.styles[0][0] == "0;1")
    let codes = model.styles.joined().flatMap { $0.split(separator: ";") }.compactMap { Int($0) }
    #expect(codes.allSatisfy { $0 < 30 })
    // Bright and dark still differ.
    let shown = model.characters[1]
    #expect(shown[1] != shown[8] || model.styles[1][1] != model.styles[1][8])
  }
}
