/// A shell that completions can be made for.
package enum Shell: String, CaseIterable, ArgumentValue {
  case bash
  case zsh
  case fish
}

/// Makes completion scripts from the declarations of a tool's commands.
package struct CompletionScript {
  private let tool: String
  private let commands: [CommandPage]

  package init(tool: String, commands: [CommandPage]) {
    self.tool = tool
    self.commands = commands
  }

  /// The script, to be sourced by the shell or put into its folder of completions.
  package func text(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  private let builtIns = ["help", "completions", "documentation"]

  /// The words that may come first.
  private var firstWords: [String] {
    var words: [String] = []
    for command in commands {
      let word = String(command.name.prefix { $0 != " " })
      if !words.contains(word) { words.append(word) }
    }
    return words + builtIns
  }

  /// The words that may follow a noun.
  private func secondWords(_ noun: String) -> [String] {
    commands.map(\.name).filter { $0.hasPrefix(noun + " ") }
      .map { String($0.dropFirst(noun.count + 1)) }
  }

  private var nouns: [String] { firstWords.filter { !secondWords($0).isEmpty } }

  // MARK: bash

  private var bash: String {
    var script = """
      # Completions of \(tool) for bash; source this file.
      _\(tool)() {
        local current="${COMP_WORDS[COMP_CWORD]}"
        local previous="${COMP_WORDS[COMP_CWORD-1]}"
        # Bash splits --name=value at the sign.
        if [[ $current == "=" ]]; then
          current=""
        elif [[ $previous == "=" ]]; then
          previous="${COMP_WORDS[COMP_CWORD-2]}"
        fi
        COMPREPLY=()
        if [[ $COMP_CWORD -eq 1 ]]; then
          COMPREPLY=($(compgen -W "\(firstWords.joined(separator: " ")) --help --version" -- "$current"))
          return
        fi
        local command="${COMP_WORDS[1]}"

      """
    if !nouns.isEmpty {
      script += "  case \"$command\" in\n"
      for noun in nouns {
        let words = secondWords(noun).joined(separator: " ")
        script += """
              \(noun))
                if [[ $COMP_CWORD -eq 2 ]]; then
                  COMPREPLY=($(compgen -W "\(words)" -- "$current"))
                  return
                fi
                command="$command ${COMP_WORDS[2]}" ;;

          """
      }
      script += "  esac\n"
    }
    script += "  case \"$command\" in\n"
    for command in commands { script += bashCase(command) }
    script += """
          help)
            COMPREPLY=($(compgen -W "\(firstWords.joined(separator: " "))" -- "$current")) ;;
          completions)
            COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")) ;;
          *)
            COMPREPLY=($(compgen -f -- "$current")) ;;
        esac
      }
      complete -o filenames -F _\(tool) \(tool)

      """
    return script
  }

  private func bashCase(_ command: CommandPage) -> String {
    var text = "    \(quoted(command.name)))\n      case \"$previous\" in\n"
    for option in command.options where option.kind == .option {
      let names = ([option.name] + (option.short.map { ["-\($0)"] } ?? [])).joined(separator: "|")
      switch option.completion {
      case .files:
        text += "        \(names)) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
      case .words(let words):
        text += "        \(names)) COMPREPLY=($(compgen -W "
        text += "\"\(words.joined(separator: " "))\" -- \"$current\")); return ;;\n"
      case .nothing:
        text += "        \(names)) return ;;\n"
      }
    }
    let names = command.options.map(\.name).joined(separator: " ")
    text += """
            esac
            if [[ $current == -* ]]; then
              COMPREPLY=($(compgen -W "\(names)" -- "$current"))
            else
              COMPREPLY=($(compgen -f -- "$current"))
            fi ;;

      """
    return text
  }

  // MARK: zsh

  private var zsh: String {
    var script = """
      #compdef \(tool)
      # Completions of \(tool) for zsh; save as _\(tool) in a folder of $fpath.
      _\(tool)() {
        local -a words_here
        if (( CURRENT == 2 )); then
          words_here=(\(zshDescribed(topLevel)))
          _describe 'command' words_here
          return
        fi
        local command="${words[2]}"
        local skipped=1

      """
    for noun in nouns {
      let members = commands.filter { $0.name.hasPrefix(noun + " ") }
        .map { (String($0.name.dropFirst(noun.count + 1)), $0.summary) }
      script += """
          if [[ $command == \(noun) ]]; then
            if (( CURRENT == 3 )); then
              words_here=(\(zshDescribed(members)))
              _describe 'command' words_here
              return
            fi
            command="$command ${words[3]}"
            skipped=2
          fi

        """
    }
    script += """
        shift $skipped words
        (( CURRENT -= skipped ))
        case "$command" in

      """
    for command in commands {
      script += "    \(quoted(command.name)))\n      _arguments -s"
      for option in command.options {
        for word in zshOption(option) { script += " \\\n        \(word)" }
      }
      for place in command.positionals {
        script += " \\\n        "
        script += quoted(
          "\(place.isRepeatable ? "*" : ""):\(zshEscaped(place.name)):\(zshAction(place))")
      }
      script += " ;;\n"
    }
    script += """
          help) _values 'command' \(firstWords.map(quoted).joined(separator: " ")) ;;
          completions) _values 'shell' bash zsh fish ;;
          *) _files ;;
        esac
      }
      # Loaded from $fpath, the file is the function's first call; sourced, it registers it.
      if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
        _\(tool) "$@"
      else
        compdef _\(tool) \(tool)
      fi

      """
    return script
  }

  private var topLevel: [(String, String)] {
    firstWords.filter { !builtIns.contains($0) }.map { word in
      (word, commands.first { $0.name == word }?.summary ?? "Commands on \(word).")
    } + [
      ("help", "Show a command's page."), ("completions", "Print shell completions."),
      ("documentation", "Write every command's page as Markdown."),
    ]
  }

  private func zshDescribed(_ entries: [(String, String)]) -> String {
    entries.map { quoted("\($0.0):\($0.1)") }.joined(separator: " ")
  }

  /// One specification for each name of an option.
  private func zshOption(_ option: ArgumentSpecification) -> [String] {
    var tail = "[\(zshEscaped(firstSentence(option.help)))]"
    if option.kind == .option { tail += ":\(zshEscaped(option.placeholder)):\(zshAction(option))" }
    let star = option.isRepeatable ? "*" : ""
    let long = option.kind == .flag ? option.name : "\(option.name)="
    let names = [long] + (option.short.map { ["-\($0)"] } ?? [])
    return names.map { quoted(star + $0 + tail) }
  }

  private func zshAction(_ argument: ArgumentSpecification) -> String {
    switch argument.completion {
    case .files: "_files"
    case .words(let words): "(\(words.joined(separator: " ")))"
    case .nothing: " "
    }
  }

  private func zshEscaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      if "[]:\\".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
    return escaped
  }

  // MARK: fish

  private var fish: String {
    var script = """
      # Completions of \(tool) for fish; save as \(tool).fish in a folder of completions.
      function __\(tool)_command
        set -l given (commandline -opc)
        set -l wanted (string split ' ' -- $argv[1])
        set -l last (math 1 + (count $wanted))
        test (count $given) -ge $last
        and test "$given[2..$last]" = "$argv[1]"
      end
      function __\(tool)_at
        set -l given (commandline -opc)
        test (count $given) -eq $argv[1]
        and test "$given[2..-1]" = "$argv[2]"
      end

      """
    for (word, summary) in topLevel {
      script +=
        "complete -c \(tool) -f -n '__fish_use_subcommand' -a \(word) -d \(fishQuoted(summary))\n"
    }
    for noun in nouns {
      for command in commands where command.name.hasPrefix(noun + " ") {
        let word = command.name.dropFirst(noun.count + 1)
        script += "complete -c \(tool) -f -n '__\(tool)_at 2 \(noun)' -a \(word)"
        script += " -d \(fishQuoted(command.summary))\n"
      }
    }
    script += "complete -c \(tool) -f -n '__\(tool)_command completions' -a 'bash zsh fish'\n"
    for command in commands {
      for option in command.options {
        script += "complete -c \(tool) -n \(fishQuoted("__\(tool)_command '\(command.name)'"))"
        script += " -l \(option.name.dropFirst(2))"
        if let short = option.short { script += " -s \(short)" }
        if option.kind == .option {
          switch option.completion {
          case .files: script += " -r -F"
          case .words(let words): script += " -x -a \(fishQuoted(words.joined(separator: " ")))"
          case .nothing: script += " -x"
          }
        }
        script += " -d \(fishQuoted(firstSentence(option.help)))\n"
      }
    }
    return script
  }

  /// The text as one word of fish: only the backslash and the quote are special between quotes.
  private func fishQuoted(_ text: String) -> String {
    var escaped = ""
    for character in text {
      if character == "'" || character == "\\" { escaped.append("\\") }
      escaped.append(character)
    }
    return "'\(escaped)'"
  }

  /// The text as one word of a POSIX shell.
  private func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }

  private func firstSentence(_ text: String) -> String {
    guard let end = text.firstRange(of: ". ") else {
      return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
    return String(text[..<end.lowerBound])
  }
}
