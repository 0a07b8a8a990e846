/// Reads the words after a command's name into the command's properties.
package struct ArgumentParser<Options> {
  private let declarations: [ArgumentDeclaration<Options>]
  /// How often each declaration was given.
  private var counts: [Int]
  private var positionals: [String] = []

  package init(_ arguments: [Argument<Options>]) {
    declarations = arguments.flatMap(\.declarations)
    counts = Array(repeating: 0, count: declarations.count)
  }

  /// Stores every argument's value.
  package mutating func parse(
    _ words: [String], into options: inout Options
  ) throws(UsageError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        positionals += rest
        break
      } else if isOption(word) {
        try parseOption(word, &rest, into: &options)
      } else {
        positionals.append(word)
      }
    }
    try storePositionals(into: &options)
    try checkRequired()
  }

  /// Whether a word is an option; `-` alone and negative numbers are values.
  private func isOption(_ word: String) -> Bool {
    guard word.hasPrefix("-"), word != "-" else { return false }
    return word.hasPrefix("--") || !isNumber(word)
  }

  private func isNumber(_ word: String) -> Bool {
    guard let first = word.dropFirst().first else { return false }
    return first.isASCII && (first.isNumber || first == ".")
  }

  private mutating func parseOption(
    _ word: String, _ rest: inout ArraySlice<String>, into options: inout Options
  ) throws(UsageError) {
    var name = word
    var attached: String?
    if word.hasPrefix("--"), let equals = word.firstIndex(of: "=") {
      name = String(word[..<equals])
      attached = String(word[word.index(after: equals)...])
    }
    guard let index = declarations.firstIndex(where: { $0.specification.answers(to: name) }) else {
      throw unknown(name)
    }
    let specification = declarations[index].specification
    if specification.kind == .flag {
      guard attached == nil else {
        throw UsageError(
          specification.name, "takes no value", found: word, remedy: "write \(specification.name)")
      }
      try store("", at: index, into: &options)
      return
    }
    if let attached {
      try store(attached, at: index, into: &options)
    } else if let next = rest.first, !isOption(next) {
      rest.removeFirst()
      try store(next, at: index, into: &options)
    } else {
      throw UsageError(
        specification.name, "a value is missing",
        found: rest.first.map { "the option \($0)" } ?? "the end of the command line",
        expected: specification.expectation,
        remedy: rest.first.map { "write \(specification.name)=\($0) if that is the value" }
          ?? "write \(specification.usage)")
    }
  }

  private mutating func storePositionals(into options: inout Options) throws(UsageError) {
    let indices = declarations.indices.filter {
      declarations[$0].specification.kind == .positional
    }
    var rest = positionals[...]
    for (place, index) in indices.enumerated() {
      let specification = declarations[index].specification
      // A repeatable argument leaves one word to each required one behind it.
      let kept =
        specification.isRepeatable
        ? indices[(place + 1)...].count {
          declarations[$0].specification.presence == .required
        } : 0
      let taken = specification.isRepeatable ? max(0, rest.count - kept) : 1
      for word in rest.prefix(taken) { try store(word, at: index, into: &options) }
      rest = rest.dropFirst(taken)
    }
    guard let surplus = rest.first else { return }
    let names = indices.map { declarations[$0].specification.usage }
    throw UsageError(
      nil, "one argument too many", found: "'\(surplus)'",
      expected: names.isEmpty ? "options only" : names.joined(separator: " "),
      remedy: "quote a value that holds spaces; list items are divided by commas without spaces")
  }

  private mutating func store(
    _ text: String, at index: Int, into options: inout Options
  ) throws(UsageError) {
    let specification = declarations[index].specification
    guard counts[index] == 0 || specification.isRepeatable else {
      throw UsageError(
        specification.name, "given more than once", found: "a second value '\(text)'",
        expected: "one value", remedy: "leave one of them out")
    }
    guard declarations[index].store(text, counts[index] == 0, &options) else {
      throw UsageError(
        specification.name, "the value is not one that is accepted", found: "'\(text)'",
        expected: specification.expectation, remedy: nearMiss(text, specification.completion))
    }
    counts[index] += 1
  }

  private func checkRequired() throws(UsageError) {
    let missing = zip(declarations, counts).filter { declaration, count in
      declaration.specification.presence == .required && count == 0
    }.map(\.0.specification)
    guard let first = missing.first else { return }
    throw UsageError(
      missing.count == 1 ? first.name : nil,
      missing.count == 1 ? "missing" : "required arguments are missing",
      expected: missing.map(\.usage).joined(separator: ", "))
  }

  private func nearMiss(_ text: String, _ completion: Completion) -> String? {
    guard case .words(let words) = completion else { return nil }
    return nearest(to: text, among: words).map { "did you mean \($0)?" }
  }

  private func unknown(_ name: String) -> UsageError {
    let names =
      declarations.map(\.specification).filter { $0.kind != .positional }.map(\.name) + ["--help"]
    let suggestion = nearest(to: name, among: names)
    return UsageError(
      name, "no such option",
      remedy: suggestion.map { "did you mean \($0)?" }
        ?? "write -- before a value that begins with a dash")
  }
}

extension ArgumentSpecification {
  /// Whether a word on the command line is this option's name.
  package func answers(to word: String) -> Bool {
    guard kind != .positional else { return false }
    return word == name || short.map { word == "-\($0)" } == true
  }
}
