import TerminalScreen
import Testing

@Suite struct KeyDecoderTests {
  static let table: [(bytes: String, keys: [Key])] = [
    ("m", ["m"]), ("M", ["M"]), ("\r", [.enter]), ("\n", [.enter]), ("\t", [.tab]),
    ("\u{7F}", [.backspace]), ("\u{08}", [.backspace]), ("\u{3}", [.control("c")]),
    ("\u{0}", [.control(" ")]), ("\u{1C}", [.control("\\")]),
    ("é", ["é"]), ("日", ["日"]), ("😀", ["😀"]),
    ("\u{1B}[A", [.up]), ("\u{1B}[B", [.down]), ("\u{1B}[C", [.right]), ("\u{1B}[D", [.left]),
    ("\u{1B}OA", [.up]), ("\u{1B}OH", [Key(.home)]), ("\u{1B}[F", [Key(.end)]),
    ("\u{1B}[1~", [Key(.home)]), ("\u{1B}[4~", [Key(.end)]), ("\u{1B}[2~", [Key(.insert)]),
    ("\u{1B}[3~", [Key(.delete)]), ("\u{1B}[5~", [.pageUp]), ("\u{1B}[6~", [.pageDown]),
    ("\u{1B}[Z", [.backTab]), ("\u{1B}[1;2C", [Key(.right, .shift)]),
    ("\u{1B}[1;5A", [Key(.up, .control)]), ("\u{1B}[1;7B", [Key(.down, [.control, .alternate])]),
    ("\u{1B}[5;2~", [Key(.pageUp, .shift)]), ("\u{1B}OP", [Key(.function(1))]),
    ("\u{1B}[15~", [Key(.function(5))]), ("\u{1B}[17~", [Key(.function(6))]),
    ("\u{1B}[24~", [Key(.function(12))]), ("\u{1B}[[A", [Key(.function(1))]),
    ("\u{1B}[1;2P", [Key(.function(1), .shift)]),
    ("\u{1B}[97;5u", [Key(.character("a"), .control)]), ("\u{1B}[27u", [.escape]),
    ("\u{1B}x", [Key(.character("x"), .alternate)]),
    ("\u{1B}é", [Key(.character("é"), .alternate)]),
    // A position that nobody asked for, an answer of kitty, an unknown sequence: no keys.
    ("\u{1B}[24;80R", []), ("\u{1B}_Gi=1;OK\u{1B}\\m", ["m"]), ("\u{1B}]11;rgb:0/0/0\u{7}m", ["m"]),
    ("\u{1B}[?62;4c", []), ("\u{1B}[200~m", ["m"]),
    ("am\u{1B}[Ab", ["a", "m", .up, "b"]),
  ]

  @Test(arguments: table) func `bytes are decoded as keys`(_ row: (bytes: String, keys: [Key])) {
    var decoder = KeyDecoder()
    #expect(decoder.keys(of: Array(row.bytes.utf8)) == row.keys)
    #expect(!decoder.isPending)
  }

  @Test(arguments: table) func `pieces make no difference`(_ row: (bytes: String, keys: [Key])) {
    var decoder = KeyDecoder()
    #expect(row.bytes.utf8.flatMap { decoder.keys(of: [$0]) } == row.keys)
  }

  @Test func `escape alone is a key when nothing follows`() {
    var decoder = KeyDecoder()
    #expect(decoder.keys(of: [0x1B]).isEmpty)
    #expect(decoder.isPending)
    #expect(decoder.flush() == [.escape])
    #expect(!decoder.isPending)
    #expect(decoder.keys(of: [0x1B, 0x1B]) == [.escape])
    #expect(decoder.flush() == [.escape])
  }

  @Test func `broken characters are left out and what follows is kept`() {
    var decoder = KeyDecoder()
    #expect(decoder.keys(of: [0xC3, 0x6D]) == ["m"])
    #expect(decoder.keys(of: [0xFF, 0x6D]) == ["m"])
    #expect(decoder.keys(of: [0xE2, 0x82, 0x1B, 0x5B, 0x41]) == [.up])
    // A surrogate in three bytes is no character.
    #expect(decoder.keys(of: [0xED, 0xA0, 0x80, 0x6D]) == ["m"])
  }

  @Test func `sequences without end take no memory and give way`() {
    var decoder = KeyDecoder()
    _ = decoder.keys(of: [0x1B, 0x5B] + [UInt8](repeating: 0x31, count: 100_000))
    #expect(!decoder.isPending)
    _ = decoder.keys(of: [0x1B, 0x5F] + [UInt8](repeating: 0x41, count: 100_000))
    #expect(decoder.keys(of: [0x6D]) == ["m"])
  }

  @Test func `names lead to keys and back`() throws {
    let keys: [Key] = [
      "m", .up, .enter, .escape, .control("c"), Key(.right, .shift), Key(.function(12)), " ", "<",
      Key(.down, [.control, .alternate]), Key(.character("x"), .alternate),
    ]
    for key in keys { #expect(Key(name: key.description) == key) }
    #expect(
      try Key.script("m<up> n <space><lt><ctrl-c>") == ["m", .up, "n", " ", "<", .control("c")])
    #expect(throws: TerminalError.self) { try Key.script("<nothing>") }
    #expect(throws: TerminalError.self) { try Key.script("<up") }
    #expect(Key(name: "f25") == nil)
  }
}
