import CommandLineInterface
import Glibc
import TestSupport
import Testing

/// Runs a script; nil where the shell is not installed.
private func run(
  _ shell: String, _ arguments: [String], input: String
) -> (status: Int32, output: String)? {
  guard access(shell, X_OK) == 0 else { return nil }
  let folder = TemporaryFolder()
  overwrite(folder("script"), with: Array(input.utf8))
  overwrite(folder("output"), with: [])
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 1, folder("output"), O_WRONLY, 0)
  posix_spawn_file_actions_adddup2(&actions, 1, 2)
  var words = ([shell] + arguments + [folder("script")]).map { strdup($0) } + [nil]
  defer { for word in words { free(word) } }
  var process = pid_t()
  guard posix_spawn(&process, shell, &actions, nil, &words, environ) == 0 else { return nil }
  var status: Int32 = 0
  waitpid(process, &status, 0)
  return (
    status >> 8 & 0xff, String(decoding: contents(of: folder("output")), as: UTF8.self)
  )
}

@Suite struct CompletionScriptTests {
  @Test(.enabled(if: access("/bin/bash", X_OK) == 0, "bash is not installed"))
  func `bash accepts its script`() throws {
    let result = try #require(
      run("/bin/bash", ["-n"], input: emseg("completions", "bash").output))
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(
    .enabled(if: access("/bin/bash", X_OK) == 0, "bash is not installed"),
    arguments: [
      (["emseg", "se"], "segment"),
      (
        ["emseg", ""],
        "segment evaluate help completions "
          + "documentation --help --version"
      ), (["emseg", "evaluate", "sk"], "skeletons"),
      (["emseg", "evaluate", "segmentation", "--h"], "--help"),
      (["emseg", "segment", "--layout", ""], "plain sharded"),
      (["emseg", "segment", "--layout", "=", "sh"], "sharded"),
      (["emseg", "segment", "--layout", "="], "plain sharded"),
      (["emseg", "segment", "--thr"], "--threshold"),
      (["emseg", "segment", "--threshold", ""], ""),
      (["emseg", "completions", "z"], "zsh"),
    ])
  func `bash completes what may stand there`(words: [String], expected: String) throws {
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let script =
      emseg("completions", "bash").output + """
        COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1)
        _emseg
        echo "${COMPREPLY[*]}"
        """
    let result = try #require(run("/bin/bash", [], input: script))
    #expect(result.output == expected + "\n")
  }

  @Test(.enabled(if: access("/usr/bin/zsh", X_OK) == 0, "zsh is not installed"))
  func `zsh accepts its script`() throws {
    let result = try #require(
      run("/usr/bin/zsh", ["-n"], input: emseg("completions", "zsh").output))
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(.enabled(if: access("/usr/bin/fish", X_OK) == 0, "fish is not installed"))
  func `fish accepts its script`() throws {
    let result = try #require(
      run("/usr/bin/fish", ["-n"], input: emseg("completions", "fish").output))
    #expect(result.status == 0, "\(result.output)")
  }

  @Test(
    .enabled(if: access("/usr/bin/fish", X_OK) == 0, "fish is not installed"),
    arguments: [
      ("emseg seg", ["segment"]), ("emseg evaluate ", ["segmentation", "skeletons"]),
      ("emseg segment --layout ", ["plain", "sharded"]),
      ("emseg evaluate segmentation --progress ", ["auto", "lines", "none"]),
      ("emseg completions ", ["bash", "zsh", "fish"]), ("emseg segment --thr", ["--threshold"]),
    ])
  func `fish completes what may stand there`(line: String, expected: [String]) throws {
    // In an empty folder: fish would offer its files too.
    let script =
      "set folder (mktemp -d); cd $folder\n" + emseg("completions", "fish").output
      + "complete -C '\(line)'\ncd /; rmdir $folder\n"
    let result = try #require(run("/usr/bin/fish", [], input: script))
    let offered = result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    #expect(offered.sorted() == expected.sorted(), "\(result.output)")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `every option of every command is in every script`(shell: String) {
    let script = emseg("completions", shell).output
    for page in [
      CommandPage(SegmentCommand.self, tool: "emseg"),
      CommandPage(EvaluateCommand.self, tool: "emseg"),
    ] {
      for option in page.options {
        let name = shell == "fish" ? " -l \(option.name.dropFirst(2)) " : option.name
        #expect(script.contains(name), "\(option.name)")
      }
    }
  }

  @Test func `quotes in help do not end a word of the script`() {
    struct Quoting: Command {
      var path = ""
      static let manual = Manual<Self>(
        "quote", summary: "It's [a] test: \\ done.",
        arguments: [.option("--path", \.path, "A user's [path]: here.")])
      func run(_ context: CommandContext) {}
    }
    let script = CompletionScript(
      tool: "emseg", commands: [CommandPage(Quoting.self, tool: "emseg")])
    #expect(script.text(for: .zsh).contains(#"'--path=[A user'\''s \[path\]\: here]"#))
    #expect(script.text(for: .fish).contains(#"-d 'A user\'s [path]: here'"#))
    #expect(script.text(for: .fish).contains(#"-d 'It\'s [a] test: \\ done.'"#))
  }
}
