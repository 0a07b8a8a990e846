import Codecs
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4 (NIST "Examples with Intermediate Values", SHA256) and of the
  /// SHA test vectors for byte-oriented messages.
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
          + "lmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ])
  func `digests are the standard's`(message: String, digest: String) {
    #expect(SHA256(of: message).description == digest)
  }

  @Test func `a message of many blocks has the standard's digest`() {
    let message = [UInt8](repeating: UInt8(ascii: "a"), count: 100_000)
    // Python 3.13: hashlib.sha256(b"a" * 100000).hexdigest()
    #expect(
      SHA256(of: message.span).description
        == "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee")
  }

  @Test func `every length around a block has a digest of its own`() {
    var digests = Set<SHA256>()
    for count in 0..<130 { digests.insert(SHA256(of: [UInt8](repeating: 0, count: count).span)) }
    #expect(digests.count == 130)
  }

  @Test func `digits are read back, and nothing else is`() throws {
    let digest = SHA256(of: "abc")
    #expect(SHA256(digest.description) == digest)
    #expect(SHA256(digest.description.uppercased()) == nil)
    #expect(SHA256(String(digest.description.dropLast())) == nil)
    #expect(SHA256("+" + digest.description.dropFirst()) == nil)
  }
}
