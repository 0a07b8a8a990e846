/// A model's operators in an order in which each comes after those it reads from.
struct GraphOrder {
  /// The operators, without those that do nothing when a network runs.
  let nodes: [ONNXModel.Node]
  /// The operators that read a tensor, once for each time; by the tensor's name.
  let readers: [String: [Int]]
  /// The operator that writes a tensor; by the tensor's name.
  let producers: [String: Int]
  /// The names of the tensors that the graph gives out, after leaving out operators.
  let outputs: [String]

  init(_ model: ONNXModel) throws(ModelError) {
    var aliases: [String: String] = [:]
    var producers: [String: Int] = [:]
    for (index, node) in model.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard producers.updateValue(index, forKey: output) == nil,
          model.initializers[output] == nil
        else {
          throw ModelError(
            .malformed, "the tensor \"\(output)\" is written twice", node: node.label)
        }
      }
      // Dropout does nothing outside of training.
      if ["Identity", "Dropout"].contains(node.operatorType), let input = node.inputs.first,
        let output = node.outputs.first
      {
        aliases[output] = input
      }
    }
    /// The tensor that a name stands for; a chain as long as the graph is a cycle.
    func original(_ name: String) throws(ModelError) -> String {
      var name = name
      for _ in 0...model.nodes.count {
        guard let next = aliases[name] else { return name }
        name = next
      }
      throw ModelError(.malformed, "the graph goes in a circle at \"\(name)\"")
    }

    let known = Set(model.initializers.keys).union(model.inputs.map { $0.name })
    var waiting: [Int: Int] = [:]
    var dependants: [Int: [Int]] = [:]
    var inputs: [[String]] = []
    var ready: [Int] = []
    for (index, node) in model.nodes.enumerated() {
      var names: [String] = []
      for name in node.inputs { names.append(name.isEmpty ? "" : try original(name)) }
      inputs.append(names)
      var count = 0
      for name in Set(names) where !name.isEmpty {
        if let producer = producers[name] {
          dependants[producer, default: []].append(index)
          count += 1
        } else if !known.contains(name) {
          throw ModelError(
            .malformed, "the tensor \"\(name)\" is read but never written", node: node.label)
        }
      }
      waiting[index] = count
      if count == 0 { ready.append(index) }
    }
    ready.reverse()
    var order: [Int] = []
    while let next = ready.popLast() {
      order.append(next)
      var freed: [Int] = []
      for dependant in dependants[next] ?? [] {
        waiting[dependant, default: 0] -= 1
        if waiting[dependant] == 0 { freed.append(dependant) }
      }
      // Depth first in the file's order: tensors are used soon after they are made.
      ready += freed.sorted(by: >)
    }
    guard order.count == model.nodes.count else {
      let stuck = model.nodes.indices.first { (waiting[$0] ?? 0) > 0 }
      throw ModelError(
        .malformed, "the graph goes in a circle", node: stuck.map { model.nodes[$0].label })
    }

    var nodes: [ONNXModel.Node] = []
    // The file's order is kept where it is one, as it is in every exporter's output.
    let isSorted = order.sorted().indices.allSatisfy { index in
      inputs[index].allSatisfy { name in producers[name].map { $0 < index } ?? true }
    }
    for index in isSorted ? order.sorted() : order {
      var node = model.nodes[index]
      if let output = node.outputs.first, aliases[output] != nil { continue }
      node.inputs = inputs[index]
      nodes.append(node)
    }
    var outputs: [String] = []
    for output in model.outputs { outputs.append(try original(output.name)) }
    var patterns = GraphPatterns(nodes, outputs: outputs, initializers: model.initializers)
    self.nodes = Self.needed(patterns.simplified(), for: outputs)
    self.outputs = outputs
    var readers: [String: [Int]] = [:]
    var writers: [String: Int] = [:]
    for (index, node) in self.nodes.enumerated() {
      for name in node.inputs where !name.isEmpty { readers[name, default: []].append(index) }
      for name in node.outputs where !name.isEmpty { writers[name] = index }
    }
    self.readers = readers
    self.producers = writers
  }

  /// The operators that the outputs depend on.
  private static func needed(
    _ nodes: [ONNXModel.Node], for outputs: [String]
  ) -> [ONNXModel.Node] {
    var wanted = Set(outputs)
    var result: [ONNXModel.Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: { wanted.contains($0) }) {
      wanted.formUnion(node.inputs)
      result.append(node)
    }
    return result.reversed()
  }
}
