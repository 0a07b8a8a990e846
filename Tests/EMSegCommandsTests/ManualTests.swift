import EMSegCommands
import TestSupport
import Testing

@Suite struct ManualTests {
  private static let root = String(volumesFolder.dropLast("/volumes".count))

  @Test func `every command's file is in the list of commands`() {
    let files = folderContents(Self.root + "/Sources/EMSegCommands")
      .filter { $0.hasSuffix("Command.swift") }
    let listed = AllCommands.list.map { "\($0).swift" }
    #expect(files.count > 5)
    // Those of one noun, such as proofread, share a folder.
    #expect(Set(listed).isSuperset(of: files) && Set(listed).count == listed.count)
  }

  @Test func `the pages in docs/commands are those the tool writes`() {
    let folder = TemporaryFolder()
    let outcome = emseg("documentation", folder("pages"))
    #expect(outcome.status == 0, "\(outcome.diagnostics)")
    let pages = filesBelow(folder("pages")).filter { $0 != "emseg.md" }
    #expect(pages.count == AllCommands.list.count)
    for page in pages {
      let committed = Self.root + "/docs/commands/" + page
      #expect(
        filesBelow(Self.root + "/docs/commands").contains(page)
          && contents(of: committed) == contents(of: folder("pages/" + page)),
        "\(page) is stale: run tools/docs commands")
    }
    let committed = filesBelow(Self.root + "/docs/commands").filter { $0 != "emseg.md" }
    #expect(committed == pages)
  }
}
