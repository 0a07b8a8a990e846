/// Whether an argument must be given.
public enum Presence: Hashable, Sendable {
  /// Leaving the argument out is an error.
  case required
  /// Leaving the argument out gives the property's initial value.
  case optional
}

/// Which values of its type an argument accepts.
public struct Accepted<Value>: Sendable {
  /// What is accepted, as it stands in an error after the type's expectation.
  package var description: String?
  package var contains: @Sendable (Value) -> Bool

  /// Creates a condition; `description` completes a sentence such as "a whole number, at least 1".
  public init(_ description: String, where contains: @escaping @Sendable (Value) -> Bool) {
    self.description = description
    self.contains = contains
  }

  private init() {
    description = nil
    contains = { _ in true }
  }

  /// Every value.
  public static var every: Accepted { Accepted() }
}

extension Accepted where Value: Comparable & Sendable {
  /// Values not below a bound.
  public static func atLeast(_ bound: Value) -> Accepted {
    Accepted("at least \(bound)") { $0 >= bound }
  }
  /// Values above a bound.
  public static func above(_ bound: Value) -> Accepted {
    Accepted("above \(bound)") { $0 > bound }
  }
  /// Values in a range, bounds included.
  public static func from(_ range: ClosedRange<Value>) -> Accepted {
    Accepted("from \(range.lowerBound) to \(range.upperBound)") { range.contains($0) }
  }
}

extension Accepted {
  /// Values that, where there are any, fulfil a condition.
  public static func ifGiven<Wrapped>(_ condition: Accepted<Wrapped>) -> Accepted
  where Value == Wrapped? {
    var accepted = Accepted<Value>.every
    accepted.description = condition.description
    accepted.contains = { value in value.map(condition.contains) ?? true }
    return accepted
  }
}

/// One argument of a command, or a group of them, tied to properties by key path.
public struct Argument<Options>: Sendable {
  package let declarations: [ArgumentDeclaration<Options>]

  package init(_ declarations: [ArgumentDeclaration<Options>]) {
    self.declarations = declarations
  }
}

/// What is shown and checked of an argument, apart from the type that holds its value.
package struct ArgumentSpecification: Sendable, Hashable {
  /// How an argument is written.
  package enum Kind: Sendable, Hashable {
    case positional
    case option
    case flag
  }
  package var kind: Kind
  /// `STACK`, or `--voxel-size`.
  package var name: String
  package var short: Character?
  package var placeholder: String
  package var help: String
  package var presence: Presence
  package var isRepeatable: Bool
  package var expectation: String
  package var completion: Completion
  /// The group's heading; nil for the command's own.
  package var heading: String?
  /// The initial value; filled in where the options' type is known.
  package var defaultText: String?

  /// `--voxel-size Z,Y,X`, or `STACK`.
  package var usage: String {
    switch kind {
    case .positional: isRepeatable ? "\(placeholder)..." : placeholder
    case .option: "\(name) \(placeholder)"
    case .flag: name
    }
  }
}

/// An argument and how its value is stored.
package struct ArgumentDeclaration<Options>: Sendable {
  package var specification: ArgumentSpecification
  /// Stores the value read from a text; false where the text is not what was expected.
  package var store: @Sendable (_ text: String, _ isFirst: Bool, _ options: inout Options) -> Bool
  package var defaultText: @Sendable (Options) -> String?
}

extension Argument {
  /// An argument known by its place, required.
  ///
  /// - Parameters:
  ///   - name: What stands for the value, in capitals, such as `STACK`.
  ///   - property: What receives the value.
  ///   - accepted: Which values are accepted.
  ///   - help: What the argument means, as sentences.
  /// - Returns: The declaration.
  public static func positional<Value: ArgumentValue>(
    _ name: String, _ property: any WritableKeyPath<Options, Value> & Sendable,
    accepting accepted: Accepted<Value> = .every, _ help: String
  ) -> Argument {
    positional(name, property, .required, accepting: accepted, help)
  }

  /// An argument known by its place.
  ///
  /// - Parameters:
  ///   - name: What stands for the value, in capitals, such as `STACK`.
  ///   - property: What receives the value.
  ///   - presence: Whether it must be given; one that may be left out stands after all others.
  ///   - accepted: Which values are accepted.
  ///   - help: What the argument means, as sentences.
  /// - Returns: The declaration.
  public static func positional<Value: ArgumentValue>(
    _ name: String, _ property: any WritableKeyPath<Options, Value> & Sendable,
    _ presence: Presence, accepting accepted: Accepted<Value> = .every, _ help: String
  ) -> Argument {
    valued(
      .positional, name, property, presence, placeholder: name, accepting: accepted, help)
  }

  /// Arguments known by their place, at least one, each one element.
  ///
  /// - Parameters:
  ///   - name: What stands for one value, in capitals, such as `SOURCE`.
  ///   - property: What receives the values.
  ///   - help: What the arguments mean, as sentences.
  /// - Returns: The declaration.
  public static func positionals<Element: ArgumentValue>(
    _ name: String, _ property: any WritableKeyPath<Options, [Element]> & Sendable,
    _ help: String
  ) -> Argument {
    positionals(name, property, .required, help)
  }

  /// Arguments known by their place, any number of them, each one element.
  ///
  /// - Parameters:
  ///   - name: What stands for one value, in capitals, such as `SOURCE`.
  ///   - property: What receives the values.
  ///   - presence: Whether at least one must be given.
  ///   - help: What the arguments mean, as sentences.
  /// - Returns: The declaration.
  public static func positionals<Element: ArgumentValue>(
    _ name: String, _ property: any WritableKeyPath<Options, [Element]> & Sendable,
    _ presence: Presence, _ help: String
  ) -> Argument {
    let specification = ArgumentSpecification(
      kind: .positional, name: name, placeholder: name, help: help, presence: presence,
      isRepeatable: true, expectation: Element.expectation, completion: Element.completion)
    return Argument([
      ArgumentDeclaration(
        specification: specification,
        store: { text, isFirst, options in
          guard let element = Element(argument: text) else { return false }
          if isFirst { options[keyPath: property] = [] }
          options[keyPath: property].append(element)
          return true
        },
        defaultText: { $0[keyPath: property].argumentText })
    ])
  }

  /// An argument with a name and a value, that may be left out.
  ///
  /// - Parameters:
  ///   - name: The name with its dashes, such as `--voxel-size`.
  ///   - property: What receives the value; its initial value is the default shown in help.
  ///   - short: A letter that stands for the name.
  ///   - placeholder: What stands for the value in a synopsis; the type's own where nil.
  ///   - accepted: Which values are accepted.
  ///   - help: What the argument means, as sentences.
  /// - Returns: The declaration.
  public static func option<Value: ArgumentValue>(
    _ name: String, _ property: any WritableKeyPath<Options, Value> & Sendable,
    short: Character? = nil, placeholder: String? = nil,
    accepting accepted: Accepted<Value> = .every, _ help: String
  ) -> Argument {
    option(
      name, property, .optional, short: short, placeholder: placeholder, accepting: accepted, help)
  }

  /// An argument with a name and a value.
  ///
  /// - Parameters:
  ///   - name: The name with its dashes, such as `--voxel-size`.
  ///   - property: What receives the value.
  ///   - presence: Whether it must be given.
  ///   - short: A letter that stands for the name.
  ///   - placeholder: What stands for the value in a synopsis; the type's own where nil.
  ///   - accepted: Which values are accepted.
  ///   - help: What the argument means, as sentences.
  /// - Returns: The declaration.
  public static func option<Value: ArgumentValue>(
    _ name: String, _ property: any WritableKeyPath<Options, Value> & Sendable,
    _ presence: Presence, short: Character? = nil, placeholder: String? = nil,
    accepting accepted: Accepted<Value> = .every, _ help: String
  ) -> Argument {
    precondition(name.hasPrefix("--"), "an option's name is declared with its dashes")
    return valued(
      .option, name, property, presence, short: short,
      placeholder: placeholder ?? Value.placeholder, accepting: accepted, help)
  }

  /// A name that, when given, sets a truth value.
  ///
  /// - Parameters:
  ///   - name: The name with its dashes, such as `--force`.
  ///   - property: What is set.
  ///   - value: What it is set to.
  ///   - short: A letter that stands for the name.
  ///   - help: What the flag does, as sentences.
  /// - Returns: The declaration.
  public static func flag(
    _ name: String, _ property: any WritableKeyPath<Options, Bool> & Sendable,
    setting value: Bool = true, short: Character? = nil, _ help: String
  ) -> Argument {
    precondition(name.hasPrefix("--"), "a flag's name is declared with its dashes")
    let specification = ArgumentSpecification(
      kind: .flag, name: name, short: short, placeholder: "", help: help, presence: .optional,
      isRepeatable: true, expectation: "no value", completion: .nothing)
    return Argument([
      ArgumentDeclaration(
        specification: specification,
        store: { _, _, options in
          options[keyPath: property] = value
          return true
        },
        defaultText: { _ in nil })
    ])
  }

  /// Arguments that several commands share, declared with the type that holds their values.
  ///
  /// - Parameters:
  ///   - heading: What they are shown under, such as `Blocks and workers`.
  ///   - property: What receives their values.
  ///   - arguments: Their declarations.
  /// - Returns: All of them as one declaration.
  public static func group<Group>(
    _ heading: String, _ property: any WritableKeyPath<Options, Group> & Sendable,
    _ arguments: [Argument<Group>]
  ) -> Argument {
    Argument(
      arguments.flatMap(\.declarations).map { declaration in
        var specification = declaration.specification
        specification.heading = specification.heading ?? heading
        let store = declaration.store
        let defaultText = declaration.defaultText
        return ArgumentDeclaration(
          specification: specification,
          store: { store($0, $1, &$2[keyPath: property]) },
          defaultText: { defaultText($0[keyPath: property]) })
      })
  }

  private static func valued<Value: ArgumentValue>(
    _ kind: ArgumentSpecification.Kind, _ name: String,
    _ property: any WritableKeyPath<Options, Value> & Sendable, _ presence: Presence,
    short: Character? = nil, placeholder: String, accepting accepted: Accepted<Value>,
    _ help: String
  ) -> Argument {
    let specification = ArgumentSpecification(
      kind: kind, name: name, short: short, placeholder: placeholder, help: help,
      presence: presence, isRepeatable: kind == .option && Value.isRepeatable,
      expectation: Value.expectation + (accepted.description.map { ", \($0)" } ?? ""),
      completion: Value.completion)
    return Argument([
      ArgumentDeclaration(
        specification: specification,
        store: { text, isFirst, options in
          guard let value = Value(argument: text), accepted.contains(value) else { return false }
          if isFirst {
            options[keyPath: property] = value
          } else {
            options[keyPath: property].append(value)
          }
          return true
        },
        defaultText: { $0[keyPath: property].argumentText })
    ])
  }
}
