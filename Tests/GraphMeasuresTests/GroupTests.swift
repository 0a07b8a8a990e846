import Codecs
import Connectomes
import GraphMeasures
import TestSupport
import Testing

@Suite struct GroupTests {
  private struct Case {
    var file: JSONObject
    var comparison: GroupComparison
    var threshold: Double

    init(_ name: String) throws {
      let file = try jsonObject("\(volumesFolder)/golden/bctpy-0.6.1/groups/\(name).json")
      let count = try #require(file["count"]?.int)
      func group(_ key: String) -> [ConnectomeMatrix] {
        (file[key]?.array ?? []).map {
          ConnectomeMatrix(count: count, values: numbers($0), isSymmetric: true)
        }
      }
      comparison = try GroupComparison(
        group("first"), group("second"), isPaired: file["paired"]?.bool ?? false)
      threshold = try #require(file["threshold"]?.double)
      self.file = file
    }
  }

  @Test(arguments: ["unpaired", "paired"])
  func `t, p and false discovery rates of connections equal SciPy's`(name: String) throws {
    let golden = try Case(name)
    #expect(golden.comparison.rows == wholeNumbers(golden.file["rows"]))
    #expect(golden.comparison.columns == wholeNumbers(golden.file["columns"]))
    expectEqual(golden.comparison.statistics, numbers(golden.file["t"]), absolute: 1e-12, "t")
    let chances = golden.comparison.chances
    expectEqual(chances, numbers(golden.file["p"]), relative: 1e-9, "p")
    expectEqual(
      FalseDiscoveryRate.adjusted(chances), numbers(golden.file["q"]), relative: 1e-9, "q")
  }

  @Test(arguments: ["unpaired", "paired"], GroupComparison.Tail.allCases)
  func `components and, of all relabellings, their chances are exact`(
    name: String, tail: GroupComparison.Tail
  ) throws {
    let golden = try Case(name)
    let key = [.both: "both", .less: "left", .greater: "right"][tail] ?? ""
    let expected = golden.file["tails"]?.object?[key]?.object
    let found = try NetworkBasedStatistic(
      golden.comparison, threshold: golden.threshold, tail: tail, relabelling: .exhaustive,
      threads: 2)
    #expect(found.components.map(\.edges.count) == wholeNumbers(expected?["sizes"]))
    expectEqual(found.components.map(\.chance), numbers(expected?["p"]), "chances")
    for (number, component) in found.components.enumerated() {
      #expect(component.edges.allSatisfy { found.membership[$0] == number })
      #expect(component.edges.allSatisfy { component.nodes.contains(golden.comparison.rows[$0]) })
    }
  }

  @Test(arguments: ["unpaired", "paired"])
  func `chances of random relabellings approach the exact ones, whatever the threads`(
    name: String
  ) throws {
    let golden = try Case(name)
    func run(_ seed: UInt64, threads: Int) throws -> NetworkBasedStatistic {
      try NetworkBasedStatistic(
        golden.comparison, threshold: golden.threshold,
        relabelling: .random(count: 4000, seed: seed), threads: threads)
    }
    let one = try run(3, threads: 1)
    #expect(try run(3, threads: 4) == one)
    #expect(try run(4, threads: 4).chanceSizes != one.chanceSizes)
    let exact = numbers(golden.file["tails"]?.object?["both"]?.object?["p"])
    // Four standard errors of a share of 4000 draws are at most 0.032.
    expectEqual(one.components.map(\.chance), exact, relative: 0, absolute: 0.033, "chances")
    #expect(one.components.allSatisfy { $0.chance > 0 })
  }

  @Test func `connections that do not vary are no tests`() throws {
    func matrix(_ value: Double) -> ConnectomeMatrix {
      ConnectomeMatrix(
        count: 3, values: [0, 0.1, 0, 0.1, 0, value, 0, value, 0], isSymmetric: true)
    }
    let comparison = try GroupComparison(
      [matrix(1), matrix(2), matrix(1.5)], [matrix(4), matrix(3)])
    #expect(comparison.statistics[0] == 0)
    #expect(comparison.statistics[1] == 0)
    #expect(comparison.statistics[2] < -2)
    #expect(comparison.chances[1].isNaN)
    let rates = FalseDiscoveryRate.adjusted(comparison.chances)
    #expect(rates[1].isNaN && rates[2] == comparison.chances[2])
  }

  @Test func `groups that do not fit each other are refused`() throws {
    func matrices(_ count: Int, nodes: Int = 3, value: Double = 1) -> [ConnectomeMatrix] {
      (0..<count).map { _ in
        ConnectomeMatrix(
          count: nodes, values: [Double](repeating: value, count: nodes * nodes), isSymmetric: true)
      }
    }
    #expect(throws: GraphError.self) { try GroupComparison(matrices(1), matrices(3)) }
    #expect(throws: GraphError.self) {
      try GroupComparison(matrices(2), matrices(3), isPaired: true)
    }
    #expect(throws: GraphError.self) { try GroupComparison(matrices(2), matrices(3, nodes: 4)) }
    #expect(throws: GraphError.self) {
      try GroupComparison(matrices(2), matrices(3, value: .infinity))
    }
    let large = try GroupComparison(matrices(30), matrices(30))
    #expect(throws: GraphError.self) {
      try NetworkBasedStatistic(large, threshold: 1, relabelling: .exhaustive, threads: 1)
    }
  }
}
