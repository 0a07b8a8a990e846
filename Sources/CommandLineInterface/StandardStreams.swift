import Glibc

/// What went wrong with writing a command's output.
public enum OutputError: DiagnosedError, Hashable {
  /// Whoever read the output has left.
  case closed
  /// The system refused to write; the number is `errno`.
  case failed(Int32)

  /// ``ExitStatus/outputClosed`` or ``ExitStatus/inputOutput``.
  public var exitStatus: ExitStatus {
    switch self {
    case .closed: .outputClosed
    case .failed: .inputOutput
    }
  }

  /// What happened.
  public var diagnosis: Diagnosis {
    switch self {
    case .closed: Diagnosis("standard output: closed by its reader")
    case .failed(let number):
      Diagnosis("standard output: cannot be written", cause: systemMessage(number))
    }
  }
}

/// The system's words for an `errno`.
package func systemMessage(_ number: Int32) -> String {
  // Sound: strerror gives a NUL-terminated text that lives at least until the thread's next call.
  guard let text = strerror(number) else { return "error \(number)" }
  return String(cString: text)
}

/// Writes all bytes to a file descriptor.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(OutputError) {
  var written = 0
  while written < bytes.count {
    // Sound: the pointer stays inside the closure and the count is what is left of the buffer.
    let count = bytes.withUnsafeBytes { buffer in
      write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
    }
    if count >= 0 {
      written += count
    } else if errno == EPIPE {
      throw .closed
    } else if errno != EINTR {
      throw .failed(errno)
    }
  }
}

/// The width of the terminal behind a file descriptor; nil where there is none.
func terminalWidth(_ descriptor: Int32) -> Int? {
  guard isatty(descriptor) == 1 else { return nil }
  var size = winsize()
  // Sound: TIOCGWINSZ fills exactly one winsize, which outlives the call.
  guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
  return Int(size.ws_col)
}

/// The value of an environment variable.
func environmentValue(_ name: String) -> String? {
  // Sound: getenv gives a NUL-terminated text, copied before anything could change it.
  guard let value = getenv(name) else { return nil }
  return String(cString: value)
}

/// Creates a folder and those above it.
func createFolder(_ path: String) throws(FileFault) {
  var built = path.hasPrefix("/") ? "/" : ""
  for part in path.split(separator: "/") {
    built += built.isEmpty || built == "/" ? String(part) : "/\(part)"
    guard mkdir(built, 0o777) == 0 || errno == EEXIST else { throw FileFault(built, errno) }
  }
}

/// Writes a text file; an earlier one is replaced at once or not at all.
func writeFile(_ text: String, to path: String) throws(FileFault) {
  let temporary = path + ".partial"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw FileFault(temporary, errno) }
  var fault: FileFault?
  do throws(OutputError) {
    try writeAll(Array(text.utf8), to: descriptor)
  } catch .failed(let number) {
    fault = FileFault(temporary, number)
  } catch {
    fault = FileFault(temporary, EPIPE)
  }
  if close(descriptor) != 0, fault == nil { fault = FileFault(temporary, errno) }
  if fault == nil, rename(temporary, path) != 0 { fault = FileFault(path, errno) }
  if let fault {
    unlink(temporary)
    throw fault
  }
}

/// A file that could not be written.
struct FileFault: DiagnosedError {
  var path: String
  var number: Int32

  init(_ path: String, _ number: Int32) {
    self.path = path
    self.number = number
  }

  var exitStatus: ExitStatus { .cannotCreate }
  var diagnosis: Diagnosis {
    Diagnosis("\(path): cannot be written", cause: systemMessage(number))
  }
}
