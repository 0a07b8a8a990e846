/// Everything that is shown of a command: its manual without the type that holds its values.
package struct CommandPage: Sendable, Hashable {
  package var tool: String
  package var name: String
  package var summary: String
  package var discussion: String
  package var arguments: [ArgumentSpecification]
  package var examples: [Example]
  package var references: [String]

  /// The command as it is called, such as `emseg evaluate segmentation`.
  package var call: String { "\(tool) \(name)" }

  /// The page of a command.
  package init<C: Command>(_ command: C.Type, tool: String) {
    let manual = C.manual
    self.tool = tool
    name = manual.name
    summary = manual.summary
    discussion = manual.discussion
    let invocation = Invocation<C>()
    arguments =
      Invocation<C>.arguments.flatMap(\.declarations).map { declaration in
        var specification = declaration.specification
        if specification.presence == .optional {
          specification.defaultText = declaration.defaultText(invocation)
        }
        return specification
      } + universalArguments
    examples = manual.examples
    references = manual.references
    let names = arguments.map(\.name) + arguments.compactMap { $0.short.map { "-\($0)" } }
    precondition(
      Set(names).count == names.count, "'\(manual.name)' declares an argument name twice")
  }

  /// The arguments known by their place.
  package var positionals: [ArgumentSpecification] { arguments.filter { $0.kind == .positional } }
  /// The arguments known by name.
  package var options: [ArgumentSpecification] { arguments.filter { $0.kind != .positional } }

  /// The command line in short: `emseg segment STACK --model ONNX [options]`.
  package var synopsis: String {
    let required = options.filter { $0.presence == .required }.map(\.usage)
    let places = positionals.map { $0.presence == .required ? $0.usage : "[\($0.usage)]" }
    return ([call] + places + required + ["[options]"]).joined(separator: " ")
  }

  /// The options under their headings, in the order of declaration.
  package var groups: [(heading: String, options: [ArgumentSpecification])] {
    var groups: [(heading: String, options: [ArgumentSpecification])] = []
    for option in options {
      let heading = option.heading ?? "Options"
      if let index = groups.firstIndex(where: { $0.heading == heading }) {
        groups[index].options.append(option)
      } else {
        groups.append((heading, [option]))
      }
    }
    return groups
  }
}

extension ArgumentSpecification {
  /// The name as help shows it: `-q, --quiet`, `--model ONNX`.
  package var signature: String {
    (short.map { "-\($0), " } ?? "") + usage + (kind == .option && isRepeatable ? " ..." : "")
  }

  /// The help text with what follows from the declaration: choices, default, whether required.
  package var fullHelp: String {
    var text = help
    if case .words(let words) = completion, kind == .option, words != ["yes", "no"],
      placeholder != words.joined(separator: "|")
    {
      text += " One of \(words.joined(separator: ", "))."
    }
    if kind == .option, presence == .required { text += " Required." }
    if let defaultText { text += " Default: \(defaultText)." }
    return text
  }
}

/// A command with the options that every command has.
package struct Invocation<C: Command> {
  package var command = C()
  package var common = CommonOptions()

  package init() {}

  package static var arguments: [Argument<Invocation>] {
    C.manual.arguments.map { $0.lifted(to: \Invocation.command) } + [
      .group(commonHeading, \.common, CommonOptions.arguments)
    ]
  }
}

extension Argument {
  /// The argument as one of a value that holds this argument's options.
  fileprivate func lifted<Whole>(
    to property: any WritableKeyPath<Whole, Options> & Sendable
  ) -> Argument<Whole> {
    Argument<Whole>(
      declarations.map { declaration in
        let store = declaration.store
        let defaultText = declaration.defaultText
        return ArgumentDeclaration(
          specification: declaration.specification,
          store: { store($0, $1, &$2[keyPath: property]) },
          defaultText: { defaultText($0[keyPath: property]) })
      })
  }
}

/// What every command can be told.
package struct CommonOptions: Sendable {
  package var isQuiet = false
  package var isVerbose = false
  package var progress = ProgressDisplay.automatic

  package var verbosity: Verbosity { isQuiet ? .quiet : isVerbose ? .verbose : .normal }

  static let arguments: [Argument<CommonOptions>] = [
    .option(
      "--progress", \.progress,
      "How progress is shown: one line on a terminal (auto), a line every ten seconds for log "
        + "files (lines), or not at all (none)."),
    .flag("--quiet", \.isQuiet, short: "q", "Say nothing but errors and warnings."),
    .flag("--verbose", \.isVerbose, "Say more."),
  ]
}

private let commonHeading = "Common options"

/// What is answered before any command's arguments are read.
private let universalArguments: [ArgumentSpecification] = [
  ArgumentSpecification(
    kind: .flag, name: "--help", short: "h", placeholder: "", help: "Show this page.",
    presence: .optional, isRepeatable: true, expectation: "no value", completion: .nothing,
    heading: commonHeading),
  ArgumentSpecification(
    kind: .flag, name: "--version", placeholder: "", help: "Show the version.",
    presence: .optional, isRepeatable: true, expectation: "no value", completion: .nothing,
    heading: commonHeading),
]
