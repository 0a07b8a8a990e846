/// Runs the command that the arguments name and reports what goes wrong.
///
/// This is the only place that prints errors. Besides `commands`, it answers `help`,
/// `completions SHELL` and `documentation FOLDER`.
///
/// - Parameters:
///   - name: The tool's name.
///   - version: The tool's version.
///   - summary: What the tool is for, as one sentence.
///   - commands: The tool's commands, in the order help lists them.
///   - arguments: The words after the tool's name; nil takes those of the process.
///   - console: Where input comes from and output goes; nil takes the process's own.
/// - Returns: The exit status, one of ``ExitStatus``'s codes.
public func runTool(
  name: String, version: String, summary: String, commands: [any Command.Type],
  arguments: [String]? = nil, console: Console? = nil
) -> Int32 {
  if arguments == nil { ProcessMemory.keepFreed() }
  let tool = Tool(name: name, version: version, summary: summary, commands: commands)
  let words = arguments ?? Array(CommandLine.arguments.dropFirst())
  return tool.run(words, console: console ?? .process()).code
}

/// A tool: its commands and the answers that need none of them.
struct Tool: Sendable {
  let name: String
  let version: String
  let summary: String
  let commands: [any Command.Type]

  var pages: [CommandPage] { commands.map { page(of: $0) } }

  func run(_ words: [String], console: Console) -> ExitStatus {
    var call = name
    do {
      if let command = try command(in: words) {
        call = "\(name) \(commandName(command))"
        return try run(command, words, console)
      }
      return try answer(words, console)
    } catch {
      return report(error, call: call, console)
    }
  }

  /// The command whose name the words begin with; the longest, where several do.
  private func command(in words: [String]) throws(UsageError) -> (any Command.Type)? {
    let matching = commands.filter { command in
      let parts = nameParts(command)
      return words.count >= parts.count && zip(parts, words).allSatisfy { $0 == $1 }
    }
    return matching.max { nameParts($0).count < nameParts($1).count }
  }

  private func run<C: Command>(
    _ command: C.Type, _ words: [String], _ console: Console
  ) throws -> ExitStatus {
    let rest = Array(words.dropFirst(nameParts(command).count))
    let beforeTerminator = rest.prefix { $0 != "--" }
    if beforeTerminator.contains(where: { $0 == "--help" || $0 == "-h" }) {
      try showHelp(of: page(of: command), console)
      return .success
    }
    if beforeTerminator.contains("--version") {
      try console.output.write("\(name) \(version)\n")
      return .success
    }
    var invocation = Invocation<C>()
    var parser = ArgumentParser(Invocation<C>.arguments)
    try parser.parse(rest, into: &invocation)
    let context = CommandContext(
      tool: name, version: version, command: commandName(command), arguments: words,
      console: console, verbosity: invocation.common.verbosity,
      progressDisplay: invocation.common.progress)
    do {
      try invocation.command.run(context)
    } catch let error as any DiagnosedError {
      throw error
    } catch  where context.isCancelled {
      throw Interruption()
    }
    return .success
  }

  /// Answers words that name none of the commands.
  private func answer(_ words: [String], _ console: Console) throws -> ExitStatus {
    switch words.first {
    case nil, "--help", "-h":
      try showOverview(console)
    case "--version":
      try console.output.write("\(name) \(version)\n")
    case "help":
      try help(Array(words.dropFirst()), console)
    case "completions":
      try console.output.write(completions(Array(words.dropFirst())))
    case "documentation":
      try writeDocumentation(Array(words.dropFirst()))
    case let word?:
      let rest = words.dropFirst()
      let isQuestion = rest.isEmpty || rest.contains("--help") || rest.contains("-h")
      guard isQuestion, try showGroup(word, console) else { throw unknownCommand(words) }
    }
    return .success
  }

  private func help(_ words: [String], _ console: Console) throws {
    if words.isEmpty {
      try showOverview(console)
    } else if let command = try command(in: words) {
      try showHelp(of: page(of: command), console)
    } else if words.count > 1 {
      throw unknownCommand(words)
    } else if try !showGroup(words[0], console) {
      throw unknownCommand(words)
    }
  }

  private func showHelp(of page: CommandPage, _ console: Console) throws {
    var help = helpPage(console)
    try console.output.write(help.text(of: page))
  }

  private func showOverview(_ console: Console) throws {
    var help = helpPage(console)
    try console.output.write(help.text(of: name, summary: summary, commands: pages))
  }

  /// Lists the commands whose names begin with a noun; false where there are none.
  private func showGroup(_ noun: String, _ console: Console) throws -> Bool {
    let members = pages.filter { $0.name.hasPrefix(noun + " ") }
    guard !members.isEmpty else { return false }
    var help = helpPage(console)
    try console.output.write(
      help.text(of: name, summary: summary, commands: members, noun: noun))
    return true
  }

  private func helpPage(_ console: Console) -> HelpPage {
    HelpPage(
      width: console.output.terminalWidth ?? 80,
      isStyled: console.output.isTerminal && environmentValue("NO_COLOR") == nil)
  }

  private func completions(_ words: [String]) throws(UsageError) -> String {
    guard let word = words.first, let shell = Shell(argument: word), words.count == 1 else {
      throw UsageError(
        "completions SHELL", "one shell is to be named",
        found: words.isEmpty ? "nothing" : "'\(words.joined(separator: " "))'",
        expected: Shell.expectation)
    }
    return CompletionScript(tool: name, commands: pages).text(for: shell)
  }

  private func writeDocumentation(_ words: [String]) throws {
    guard words.count == 1, let folder = words.first, !folder.hasPrefix("-") else {
      throw UsageError(
        "documentation FOLDER", "one folder is to be named",
        found: words.isEmpty ? "nothing" : "'\(words.joined(separator: " "))'")
    }
    let manual = MarkdownManual()
    let pages = pages
    try createFolder(folder)
    try writeFile(
      manual.index(tool: name, summary: summary, commands: pages), to: "\(folder)/\(name).md")
    for page in pages {
      try writeFile(manual.text(of: page), to: "\(folder)/\(manual.fileName(of: page))")
    }
  }

  private func unknownCommand(_ words: [String]) -> UsageError {
    if let option = words.first, option.hasPrefix("-") {
      return UsageError(
        option, "no such option", remedy: "options stand behind the command they are for")
    }
    let names = commands.map { commandName($0) }
    let nouns = names.filter { $0.contains(" ") }.compactMap { $0.split(separator: " ").first }
    let wanted = words.prefix(2).prefix { !$0.hasPrefix("-") }
    let known = names + nouns.map(String.init) + ["help", "completions", "documentation"]
    let suggestion =
      nearest(to: wanted.joined(separator: " "), among: known)
      ?? nearest(to: words[0], among: known)
    return UsageError(
      words[0], "no such command",
      found: wanted.count > 1 ? "'\(wanted.joined(separator: " "))'" : nil,
      remedy: suggestion.map { "did you mean '\(name) \($0)'?" })
  }

  private func report(_ error: any Error, call: String, _ console: Console) -> ExitStatus {
    let status: ExitStatus
    var lines: [String]
    if let error = error as? any DiagnosedError {
      status = error.exitStatus
      // Who reads the output left on purpose, and needs no message.
      if status == .outputClosed { return status }
      lines = error.diagnosis.lines
      if status == .usage { lines.append("  see '\(call) --help'") }
    } else {
      status = .internalFault
      lines =
        Diagnosis(
          "a fault of the program: \(error)",
          remedy: "please report it with the command line and \(name) \(version)"
        ).lines
    }
    let text = "\(call): error: " + lines.joined(separator: "\n") + "\n"
    // Nobody is left to tell when standard error cannot be written; the status still says it.
    try? console.diagnostics.write(text)
    return status
  }

  private func page<C: Command>(of command: C.Type) -> CommandPage {
    CommandPage(command, tool: name)
  }
}

private func commandName<C: Command>(_ command: C.Type) -> String { C.manual.name }

private func nameParts<C: Command>(_ command: C.Type) -> [String] {
  C.manual.name.split(separator: " ").map(String.init)
}
