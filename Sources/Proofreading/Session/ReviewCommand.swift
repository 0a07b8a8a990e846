import TerminalScreen

/// What a reviewer can ask a session for, each with a key.
public enum ReviewCommand: Hashable, Sendable {
  case verdict(Verdict)
  case note, undo
  /// Moves in the plane, by eighths of what is seen.
  case move(right: Int, down: Int)
  /// Moves through the plane, by sections.
  case scroll(Int)
  case plane(Int)
  case zoom(Int)
  /// Goes back to where the task began.
  case home
  case overlay, neighbours
  /// Goes along the contact.
  case contact(Int)
  case link, help, redraw, quit

  /// A line of the help: keys, and what they do.
  struct Line {
    var keys: [(key: Key, command: ReviewCommand)]
    var shown: String
    var explanation: String

    init(_ shown: String, _ explanation: String, _ keys: [(Key, ReviewCommand)]) {
      self.keys = keys.map { (key: $0.0, command: $0.1) }
      self.shown = shown
      self.explanation = explanation
    }
  }

  /// Every key, in the order of the help.
  static let lines: [(title: String, lines: [Line])] = [
    (
      "Verdicts, taken down at once",
      [
        Line("m", "merge: the two are one neuron", [("m", .verdict(.merge))]),
        Line("k", "keep apart, or sound as it is", [("k", .verdict(.keepApart))]),
        Line("s", "split: two neurons in one, parted here", [("s", .verdict(.split))]),
        Line("u", "unsure: I cannot tell", [("u", .verdict(.unsure))]),
        Line("space", "skip: leave it to others", [(" ", .verdict(.skip))]),
        Line("n", "note, kept with the verdict", [("n", .note)]),
        Line("z", "undo the last verdict", [("z", .undo), (.backspace, .undo)]),
      ]
    ),
    (
      "Looking",
      [
        Line(
          "arrows", "move in the marked plane (shift: far)",
          [
            (.left, .move(right: -1, down: 0)), (.right, .move(right: 1, down: 0)),
            (.up, .move(right: 0, down: -1)), (.down, .move(right: 0, down: 1)),
            (Key(.left, .shift), .move(right: -4, down: 0)),
            (Key(.right, .shift), .move(right: 4, down: 0)),
            (Key(.up, .shift), .move(right: 0, down: -4)),
            (Key(.down, .shift), .move(right: 0, down: 4)),
          ]),
        Line(
          ", . < >", "one or ten sections back or on",
          [
            (",", .scroll(-1)), (".", .scroll(1)), ("<", .scroll(-10)), (">", .scroll(10)),
            (.pageUp, .scroll(-1)), (.pageDown, .scroll(1)),
            (Key(.pageUp, .shift), .scroll(-10)), (Key(.pageDown, .shift), .scroll(10)),
          ]),
        Line("tab", "mark the next plane", [(.tab, .plane(1)), (.backTab, .plane(-1))]),
        Line("+ -", "zoom in, out", [("+", .zoom(1)), ("=", .zoom(1)), ("-", .zoom(-1))]),
        Line("[ ]", "back or on along the contact", [("[", .contact(-1)), ("]", .contact(1))]),
        Line("0", "back to where the task is", [("0", .home), (Key(.home), .home)]),
        Line("o", "colours, outlines, image only", [("o", .overlay)]),
        Line("b", "colour the neighbours too", [("b", .neighbours)]),
        Line("l", "link to this place", [("l", .link)]),
        Line("?", "this help", [("?", .help), ("h", .help)]),
        Line(
          "q", "leave; the task goes back",
          [("q", .quit), (.control("c"), .quit), (.control("d"), .quit), (.control("l"), .redraw)]),
      ]
    ),
  ]

  /// The command of a key; nil where it has none.
  init?(_ key: Key) {
    for (_, lines) in Self.lines {
      for line in lines {
        guard let found = line.keys.first(where: { $0.key == key }) else { continue }
        self = found.command
        return
      }
    }
    return nil
  }
}
