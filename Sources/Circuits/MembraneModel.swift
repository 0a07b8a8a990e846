/// A leaky integrate-and-fire neuron with a synaptic drive that decays.
///
/// τ dv/dt = V_rest − v + g + I and τ_syn dg/dt = −g, in millivolts and milliseconds. Above the
/// threshold a spike is sent and v held at the reset for the refractory time; a spike that arrives
/// adds its connection's weight to g.
///
/// Source: Gerstner et al. 2014, Neuronal Dynamics, chapter 1.3; Shiu et al. 2024,
/// doi:10.1038/s41586-024-07763-9.
public struct MembraneModel: Hashable, Sendable {
  /// Potentials in millivolts.
  public var restingPotential = -70.0, threshold = -55.0, resetPotential = -75.0
  /// The time in which a deviation from rest falls to 1/e, in milliseconds.
  public var membraneTime = 20.0
  /// The time in which the synaptic drive falls to 1/e, in milliseconds.
  public var synapticTime = 5.0
  /// How long the potential is held after a spike, in milliseconds.
  public var refractoryTime = 2.0
  /// How long a spike takes to its receivers, in milliseconds.
  public var delay = 1.8

  /// Creates the model with the values above.
  public init() {}

  /// Why the model cannot be simulated; nil where it can.
  public var problem: String? {
    let potentials = [restingPotential, threshold, resetPotential]
    guard potentials.allSatisfy(\.isFinite) else { return "a potential is not a number" }
    guard resetPotential < threshold else { return "the reset does not lie below the threshold" }
    guard membraneTime > 0, synapticTime > 0, membraneTime.isFinite, synapticTime.isFinite else {
      return "a time constant is not above 0"
    }
    guard refractoryTime >= 0, delay >= 0, refractoryTime.isFinite, delay.isFinite else {
      return "a time is below 0"
    }
    return nil
  }
}

/// What is done to neurons from outside.
public struct Stimulation: Hashable, Sendable {
  /// The neurons that are driven.
  public var neurons: Set<UInt64> = []
  /// A steady drive of these, in millivolts above rest.
  public var drive = 0.0
  /// Further steady drives by neuron, in millivolts above rest.
  public var steadyDrives: [UInt64: Double] = [:]
  /// How often each is kicked at random times, a second.
  public var rate = 0.0
  /// What a kick adds to the potential, in millivolts.
  public var kick = 20.0
  /// What the random times follow from.
  public var seed: UInt64 = 0
  /// Neurons that never spike.
  public var silenced: Set<UInt64> = []

  /// Creates a stimulation of nothing.
  public init() {}
}
