/// Lays out help for a terminal.
package struct HelpPage {
  private let width: Int
  private let isStyled: Bool
  private var lines: [String] = []

  /// Creates an empty page.
  ///
  /// - Parameters:
  ///   - width: The width in columns; wider than 100 is not used, since long lines read badly.
  ///   - isStyled: Whether headings are set in bold.
  package init(width: Int, isStyled: Bool) {
    self.width = min(100, max(40, width))
    self.isStyled = isStyled
  }

  /// The page of one command.
  package mutating func text(of page: CommandPage) -> String {
    lines = wrapped("\(page.call): \(page.summary)", width: width)
    section("Usage", wrapped(page.synopsis, width: width, indent: 2, hanging: 4))
    if !page.discussion.isEmpty {
      section("Description", wrapped(page.discussion, width: width, indent: 2))
    }
    section("Arguments", definitions(page.positionals.map { ($0.signature, $0.fullHelp) }))
    for (heading, options) in page.groups {
      section(heading, definitions(options.map { ($0.signature, $0.fullHelp) }))
    }
    section(
      "Examples",
      page.examples.flatMap { example in
        ["  \(example.command)"] + wrapped(example.explanation, width: width, indent: 6)
      })
    section(
      "References", page.references.flatMap { wrapped($0, width: width, indent: 2, hanging: 4) })
    return lines.joined(separator: "\n") + "\n"
  }

  /// The page of a tool, or of those of its commands that share a first word.
  package mutating func text(
    of tool: String, summary: String, commands: [CommandPage], noun: String? = nil
  ) -> String {
    let call = noun.map { "\(tool) \($0)" } ?? tool
    lines = wrapped("\(call): \(summary)", width: width)
    section("Usage", ["  \(call) COMMAND [arguments]"])
    section("Commands", definitions(commands.map { ($0.name, $0.summary) }))
    if noun == nil {
      section(
        "Also",
        definitions([
          ("help COMMAND", "Show a command's page."),
          ("completions SHELL", "Print completions for bash, zsh or fish."),
          ("documentation FOLDER", "Write every command's page as Markdown."),
          ("--version", "Show the version."),
        ]))
    }
    lines += ["", "'\(tool) help COMMAND' explains a command."]
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func section(_ heading: String, _ body: [String]) {
    guard !body.isEmpty else { return }
    lines += ["", isStyled ? "\u{1B}[1m\(heading)\u{1B}[0m" : "\(heading):"] + body
  }

  /// Terms on the left, what they mean beside them or, under a long term, below.
  private func definitions(_ entries: [(term: String, meaning: String)]) -> [String] {
    let longest = entries.map(\.term.count).filter { $0 <= 28 }.max() ?? 0
    let column = longest + 4
    return entries.flatMap { term, meaning in
      let body = wrapped(meaning, width: width, indent: column)
      guard term.count <= longest, let first = body.first else { return ["  \(term)"] + body }
      let head = rightPadded("  \(term)", to: column)
      return [head + first.dropFirst(column)] + body.dropFirst()
    }
  }
}
