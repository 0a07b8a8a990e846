import Circuits
import Codecs
import CommandLineInterface
import Drawing
import FoundationEssentials
import VolumeStore

/// The command `emseg simulate`.
struct SimulateCommand: Command {
  var connectome = ""
  var output = ""
  var isReplacing = false
  var column = "weight"
  var synapseWeight = 0.3
  var transmitters: String?
  var inhibitory = ["gaba", "glutamate"]
  var stimulated: [UInt64] = []
  var silenced: [UInt64] = []
  var drive = 0.0
  var rate = 0.0
  var kick = 20.0
  var seed: UInt64 = 0
  var duration = 1000.0
  var step = 0.1
  var model = MembraneOptions()
  var memory = ByteCount.gibibytes(2)

  static let manual = Manual<Self>(
    "simulate",
    summary: "Run a connectome as a network of leaky integrate-and-fire neurons.",
    discussion: """
      Each neuron's potential falls back to rest with the time constant --membrane-time; above the \
      threshold it spikes, is reset, and rests for --refractory. A spike arrives after --delay and \
      adds --synapse-weight times the connection's strength to the receiver's drive, which fades \
      with --synaptic-time; it is taken away where the sender's transmitter is one of --inhibitory. \
      Stimulated neurons get a steady --drive, or kicks at random times (--rate). Equations are \
      solved exactly between steps of --step milliseconds.

      Transmitters are a column transmitter of the connections, or a table of neuron and \
      transmitter; without either all neurons excite. Written are spikes.csv (time_ms, neuron), \
      rates.csv (neuron, spikes, rate_hz), raster.svg of the neurons that spike most, and \
      simulation.json with everything that was set.
      """,
    arguments: [
      .positional(
        "CONNECTOME", \.connectome,
        "A folder of emseg connectome, or a table with columns pre, post and a strength."),
      .option(
        "--output", \.output, .required, placeholder: "FOLDER", "The folder to create."),
      .flag("--force", \.isReplacing, "Replace the output if it exists."),
      .group(
        "Synapses", \.self,
        [
          .option(
            "--strength", \.column, placeholder: "COLUMN",
            "The column of the strength: weight, count or another."),
          .option(
            "--synapse-weight", \.synapseWeight, accepting: .from(0...1e6),
            "What a spike adds for each unit of strength, in millivolts."),
          .option(
            "--transmitters", \.transmitters, placeholder: "FILE",
            "A table of two columns, neuron and transmitter."),
          .option(
            "--inhibitory", \.inhibitory, placeholder: "NAME,NAME,…",
            "The transmitters that inhibit, in any case of letters."),
        ]),
      .group(
        "Stimulation", \.self,
        [
          .option("--stimulate", \.stimulated, placeholder: "N,N,…", "The neurons to stimulate."),
          .option("--silence", \.silenced, placeholder: "N,N,…", "Neurons that never spike."),
          .option(
            "--drive", \.drive, accepting: .from(-1e6...1e6),
            "The steady drive of stimulated neurons, in millivolts."),
          .option(
            "--rate", \.rate, accepting: .from(0...1e6),
            "How often each stimulated neuron is kicked, a second."),
          .option(
            "--kick", \.kick, accepting: .from(-1e6...1e6), "What a kick adds, in millivolts."),
          .option("--seed", \.seed, "What random times follow from."),
        ]),
      .group("Neurons", \.model, MembraneOptions.arguments),
      .group(
        "Run", \.self,
        [
          .option(
            "--duration", \.duration, accepting: .from(0.001...1e9),
            "The time that is simulated, in milliseconds."),
          .option(
            "--step", \.step, accepting: .from(1e-4...100),
            "The length of a step in milliseconds."),
          .option("--memory", \.memory, "Memory that the spikes must fit in."),
        ]),
    ],
    examples: [
      Example(
        "emseg simulate connectome --output run --stimulate 812,845 --rate 150",
        "Two neurons kicked at random, 150 times a second each."),
      Example(
        "emseg simulate connectome --output cut --stimulate 812 --drive 25 --silence 845 "
          + "--transmitters transmitters.csv",
        "What changes without a neuron."),
    ],
    references: [
      "Shiu et al. 2024, doi:10.1038/s41586-024-07763-9",
      "Gerstner et al. 2014, Neuronal Dynamics, chapter 1.3",
    ])

  func run(_ context: CommandContext) throws {
    let folder = SimulationFolder(path: output)
    if isReplacing {
      try ExistingOutput.checkApart(output, from: [connectome] + (transmitters.map { [$0] } ?? []))
    }
    try folder.checkFree(replacing: isReplacing)
    let model = try model.checked()
    let source = try ConnectionSource(
      connectome, column: column, transmitters: transmitters, inhibitory: inhibitory)
    if source.isUnsigned {
      context.warn(
        "no transmitters are known: all neurons excite (--transmitters FILE, or a column)")
    }
    let circuit = Circuit(source.connections(weight: synapseWeight))
    try check(stimulated, "--stimulate", circuit)
    try check(silenced, "--silence", circuit)
    guard stimulated.isEmpty || drive != 0 || rate > 0 else {
      throw UsageError(
        "--stimulate", "the neurons are not driven", expected: "--drive or --rate besides")
    }
    var stimulation = Stimulation()
    (stimulation.neurons, stimulation.silenced) = (Set(stimulated), Set(silenced))
    (stimulation.drive, stimulation.rate) = (drive, rate)
    (stimulation.kick, stimulation.seed) = (kick, seed)
    let simulation = CircuitSimulation(
      of: model, step: step, mostSpikes: max(1, memory.bytes / 64))
    let stepCount = (duration / step).rounded()
    guard stepCount < 1e12 else {
      throw UsageError("--duration", "there are too many steps", found: shortText(stepCount))
    }
    let spikes = try run(simulation, circuit, stimulation, Int(stepCount), context)
    try folder.write(
      SimulationResult(
        circuit: circuit, spikes: spikes, step: step, duration: duration,
        stimulated: Set(stimulated), facts: facts(model, source)), replacing: isReplacing)
    try context.print("neurons\t\(circuit.neurons.count)")
    try context.print("connections\t\(circuit.connectionCount)")
    try context.print("spikes\t\(spikes.count)")
    try context.print("active_neurons\t\(Set(spikes.map { $0.neuron }).count)")
  }

  private func run(
    _ simulation: CircuitSimulation, _ circuit: Circuit, _ stimulation: Stimulation,
    _ stepCount: Int, _ context: CommandContext
  ) throws -> [Spike] {
    do {
      return try simulation.spikes(of: circuit, under: stimulation, stepCount: stepCount) {
        context.isCancelled
      }
    } catch {
      switch error {
      case .stopped:
        try context.checkCancellation()
        return []
      case .tooManySpikes(let step):
        throw VolumeError(
          .limitExceeded, path: connectome, "there are more spikes than fit in memory",
          found: "\(simulation.mostSpikes) by \(shortText(Double(step) * self.step)) ms",
          remedy: "weaken --synapse-weight or --drive, shorten --duration, or raise --memory")
      }
    }
  }

  /// - Throws: `UsageError` where a neuron is not in the circuit.
  private func check(_ neurons: [UInt64], _ option: String, _ circuit: Circuit) throws(UsageError) {
    for neuron in neurons where circuit.index(of: neuron) == nil {
      throw UsageError(
        option, "the connectome has no such neuron", found: "\(neuron)",
        expected: "one of its \(circuit.neurons.count) neurons")
    }
  }

  /// Everything that was set.
  private func facts(_ model: MembraneModel, _ source: ConnectionSource) -> JSONObject {
    [
      "connections": .string(source.path), "connections_hash": .string("\(source.digest)"),
      "strength": .string(column), "synapse_weight_mv": .number(synapseWeight),
      "inhibitory": .array(inhibitory.map { .string($0) }),
      "stimulated": .array(stimulated.map { .unsigned($0) }),
      "silenced": .array(silenced.map { .unsigned($0) }), "drive_mv": .number(drive),
      "rate_hz": .number(rate), "kick_mv": .number(kick), "seed": .unsigned(seed),
      "duration_ms": .number(duration), "step_ms": .number(step),
      "rest_mv": .number(model.restingPotential), "threshold_mv": .number(model.threshold),
      "reset_mv": .number(model.resetPotential), "membrane_ms": .number(model.membraneTime),
      "synaptic_ms": .number(model.synapticTime), "refractory_ms": .number(model.refractoryTime),
      "delay_ms": .number(model.delay),
    ]
  }
}

/// The options of what neurons are.
struct MembraneOptions {
  var model = MembraneModel()

  static let arguments: [Argument<MembraneOptions>] = [
    .option("--rest", \.model.restingPotential, "The resting potential in millivolts."),
    .option("--threshold", \.model.threshold, "The potential above which a spike is sent."),
    .option("--reset", \.model.resetPotential, "The potential after a spike."),
    .option(
      "--membrane-time", \.model.membraneTime, "The membrane's time constant in milliseconds."),
    .option(
      "--synaptic-time", \.model.synapticTime,
      "The time constant of what spikes add, in milliseconds."),
    .option(
      "--refractory", \.model.refractoryTime, "How long a neuron rests after a spike, in ms."),
    .option("--delay", \.model.delay, "How long a spike travels, in milliseconds."),
  ]

  /// The model.
  ///
  /// - Throws: `UsageError` where it makes no sense.
  func checked() throws(UsageError) -> MembraneModel {
    guard let problem = model.problem else { return model }
    throw UsageError("--threshold", "the neurons cannot be simulated: \(problem)")
  }
}
