/// A model in the Open Neural Network Exchange format: a graph of operators with its weights.
///
/// Source: https://github.com/onnx/onnx/blob/main/docs/IR.md
public struct ONNXModel: Sendable {
  /// One operator of the graph.
  public struct Node: Hashable, Sendable {
    /// The node's name; may be empty.
    public var name = ""
    /// The operator, such as `Conv`.
    public var operatorType = ""
    /// The operator's domain; empty for ONNX's own.
    public var domain = ""
    /// The names of the tensors read; empty for an optional one left out.
    public var inputs: [String] = []
    /// The names of the tensors written.
    public var outputs: [String] = []
    /// The operator's parameters by name.
    public var attributes: [String: Attribute] = [:]

    /// Creates a node without an operator.
    public init() {}

    /// The node as error messages name it.
    public var label: String {
      "\(operatorType) \"\(name.isEmpty ? outputs.first ?? "" : name)\""
    }
  }

  /// A parameter of an operator.
  public enum Attribute: Hashable, Sendable {
    /// A number.
    case float(Float), integer(Int64)
    /// A text.
    case string(String)
    /// Numbers.
    case floats([Float]), integers([Int64])
    /// Texts.
    case strings([String])
    /// A constant tensor.
    case tensor(Constant)
    /// A kind that no supported operator has, such as a graph.
    case other
  }

  /// A constant tensor.
  public struct Constant: Hashable, Sendable {
    /// The values.
    public enum Values: Hashable, Sendable {
      /// Floating-point values, stored as float32, float16, bfloat16 or float64.
      case floats([Float])
      /// Whole numbers and truth values.
      case integers([Int64])
    }
    /// The tensor's name.
    public var name: String
    /// The length along each axis; empty for a single value.
    public var lengths: [Int]
    /// The values, last axis fastest.
    public var values: Values

    /// Creates a constant.
    public init(name: String = "", lengths: [Int], values: Values) {
      self.name = name
      self.lengths = lengths
      self.values = values
    }
  }

  /// A length of an input's or output's axis.
  public enum Length: Hashable, Sendable {
    /// A fixed length.
    case fixed(Int)
    /// A length that each run may choose; the name may be empty.
    case symbolic(String)
  }

  /// An input or output of the graph.
  public struct Port: Hashable, Sendable {
    /// The tensor's name.
    public var name = ""
    /// ONNX's number of the element type; 1 is float32.
    public var elementType = 0
    /// The lengths of the axes; nil where the file does not say.
    public var lengths: [Length]?

    /// Creates a port without a name.
    public init() {}
  }

  /// The file, as error messages name it.
  public var path = ""
  /// The version of ONNX's own operators that the graph is written for.
  public var operatorSetVersion = 0
  /// Who wrote the file, such as `pytorch`.
  public var producer = ""
  /// The version of the program that wrote the file.
  public var producerVersion = ""
  /// The properties by which authors say what a model is for.
  public var metadata: [String: String] = [:]
  /// The operators, in the file's order.
  public var nodes: [Node] = []
  /// The weights, by name.
  public var initializers: [String: Constant] = [:]
  /// The graph's inputs that are not weights.
  public var inputs: [Port] = []
  /// The graph's outputs.
  public var outputs: [Port] = []

  /// Creates a model without a graph.
  public init() {}
}
