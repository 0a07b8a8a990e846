/// Writes the pages of `docs/commands`, one for each command and one that lists them.
package struct MarkdownManual {
  package init() {}

  /// The name of a command's file, such as `emseg-evaluate-segmentation.md`.
  package func fileName(of page: CommandPage) -> String {
    page.call.split(separator: " ").joined(separator: "-") + ".md"
  }

  /// The page of one command.
  package func text(of page: CommandPage) -> String {
    var text = "# \(page.call)\n\n\(escaped(page.summary))\n\n"
    text += "```\n\(page.synopsis)\n```\n"
    if !page.discussion.isEmpty { text += "\n\(discussion(page.discussion))" }
    text += section("Arguments", page.positionals)
    for (heading, options) in page.groups { text += section(heading, options) }
    if !page.examples.isEmpty {
      text += "\n## Examples\n"
      for example in page.examples {
        text += "\n\(escaped(example.explanation))\n\n```\n\(example.command)\n```\n"
      }
    }
    if !page.references.isEmpty {
      text += "\n## References\n\n"
      text += page.references.map { "- \(escaped($0))\n" }.joined()
    }
    return text
  }

  /// The page that lists a tool's commands.
  package func index(tool: String, summary: String, commands: [CommandPage]) -> String {
    var text = "# \(tool)\n\n\(escaped(summary))\n\n| command | what it does |\n|---|---|\n"
    for page in commands {
      text += "| [`\(page.call)`](\(fileName(of: page))) | \(escaped(page.summary)) |\n"
    }
    return text
  }

  private func section(_ heading: String, _ arguments: [ArgumentSpecification]) -> String {
    guard !arguments.isEmpty else { return "" }
    return "\n## \(heading)\n\n"
      + arguments.map { "- `\($0.signature)`: \(escaped($0.fullHelp))\n" }.joined()
  }

  /// The discussion's paragraphs; lines set in by two spaces become code.
  private func discussion(_ text: String) -> String {
    var lines: [String] = []
    var isCode = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let startsCode = line.hasPrefix("  ")
      if startsCode != isCode {
        lines.append("```")
        isCode = startsCode
      }
      lines.append(isCode ? String(line.dropFirst(2)) : escaped(String(line)))
    }
    if isCode { lines.append("```") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The text without anything that Markdown would read as markup.
  private func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      if "\\`*_<>|[]#".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
    return escaped
  }
}
