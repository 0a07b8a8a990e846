import Connectomes
import TestSupport
import Testing

private let printed: [(Double, String)] = [
  (0, "0"), (1, "1"), (-3, "-3"), (0.1, "0.1"), (1.0 / 3, "0.333333333333333"),
  (2.0 / 3, "0.666666666666667"), (100_000, "100000"), (1e15, "1e+15"), (1e14, "100000000000000"),
  (1.2345678901234568e17, "1.23456789012346e+17"), (0.0001, "0.0001"), (0.00001, "1e-05"),
  (3.88562420994276e-05, "3.88562420994276e-05"), (0.999_999_999_999_999_9, "1"),
  (9.999_999_999_999_999_9e22, "1e+23"),
  (1.797_693_134_862_315_7e308, "1.79769313486232e+308"), (2.5, "2.5"), (-0.5, "-0.5"),
  (.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf"),
]

private let halfway: [(Double, String)] = [
  (0.1234567890123455, "0.123456789012345"), (1.000000000000005, "1.00000000000001"),
  (1.000000000000015, "1.00000000000002"), (8_388_608.000000005, "8388608.00000001"),
  (562_949_953_421_312.5, "562949953421312"), (562_949_953_421_313.5, "562949953421314"),
]

@Suite struct `Decimal text` {
  @Test(arguments: printed)
  func `numbers are printed as C prints them`(_ value: Double, _ text: String) {
    #expect(DecimalText.text(value) == text)
  }

  // Each lies so near the middle between two texts that the shortest digits end in 5; the texts are
  // what glibc prints.
  @Test(arguments: halfway)
  func `what lies near the middle is rounded by its exact value`(_ value: Double, _ text: String) {
    #expect(DecimalText.text(value) == text)
  }

  @Test func `a text lies within half a unit of its last digit`() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next() & ~(0x7 << 60))
      guard value.isNormal else { continue }
      let found = Double(DecimalText.text(value)) ?? .nan
      #expect(abs(found - value) <= abs(value) * 5.1e-15, "\(value)")
    }
  }
}
