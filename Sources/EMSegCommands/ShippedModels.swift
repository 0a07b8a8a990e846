import FoundationEssentials
package import VolumeStore

/// The networks that come with the program, each a file `NAME.onnx` in one of a few folders.
package struct ShippedModels {
  /// The environment variable that names another folder.
  static let variable = "EMSEG_MODELS"

  /// Where models are looked for, the first folder first.
  package let folders: [String]

  /// The models of the program that runs.
  package static var installed: ShippedModels {
    let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return ShippedModels(
      folder: ProcessInfo.processInfo.environment[variable], executable: executable ?? "")
  }

  /// Finds the folders: the one stated, or those beside an executable, whether it is installed
  /// (`PREFIX/bin/emseg` with `PREFIX/share/emseg/models` or `PREFIX/models`) or lies in the
  /// package's build folder (`PACKAGE/.build/…/emseg` with `PACKAGE/models`).
  package init(folder: String?, executable: String) {
    if let folder, !folder.isEmpty {
      folders = [folder]
      return
    }
    guard executable.hasPrefix("/") else {
      folders = []
      return
    }
    let prefix = URL(filePath: executable).deletingLastPathComponent().deletingLastPathComponent()
    var folders = ["share/emseg/models", "models"].map { prefix.appending(path: $0).path }
    let components = executable.split(separator: "/")
    if let build = components.lastIndex(of: ".build") {
      let package = "/" + components[..<build].joined(separator: "/")
      folders.append(URL(filePath: package).appending(path: "models").path)
    }
    self.folders = folders
  }

  /// The models there are, by name; of two of the same name, the one in the earlier folder.
  package var list: [(name: String, path: String)] {
    var paths: [String: String] = [:]
    for folder in folders {
      for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      where file.hasSuffix(".onnx") && !file.hasPrefix(".") {
        let name = String(file.dropLast(".onnx".count))
        if paths[name] == nil { paths[name] = folder + "/" + file }
      }
    }
    return paths.sorted { $0.key < $1.key }.map { (name: $0.key, path: $0.value) }
  }

  /// The file that a user means: a path, or the name of a model that comes with the program.
  ///
  /// A text is taken as a path where a file is there, or where it looks like one (it has a slash or
  /// ends in `.onnx`).
  ///
  /// - Throws: `notFound`, which lists the models there are.
  package func path(of nameOrPath: String) throws(VolumeError) -> String {
    var isFolder = false
    let exists = FileManager.default.fileExists(atPath: nameOrPath, isDirectory: &isFolder)
    let looksLikePath = nameOrPath.contains("/") || nameOrPath.hasSuffix(".onnx")
    if exists && (!isFolder || looksLikePath) { return nameOrPath }
    let list = list
    guard !looksLikePath else {
      throw VolumeError(
        .notFound, path: nameOrPath, "there is no such model", remedy: "check the path")
    }
    if let found = list.first(where: { $0.name == nameOrPath }) { return found.path }
    let names = list.map { $0.name }.joined(separator: ", ")
    throw VolumeError(
      .notFound, path: nameOrPath, "no model of this name comes with the program",
      expected: names.isEmpty
        ? "a file: there are no models in \(folders.joined(separator: " or "))"
        : "a file, or one of \(names)",
      remedy: "see emseg model list, or name the models' folder in \(Self.variable)")
  }
}
