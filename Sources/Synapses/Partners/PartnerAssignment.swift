/// A way to tell which neurons an object that a network found joins, and in which direction.
///
/// An object is looked at with what lies around it, alone, so that the answer depends on nothing
/// else: not on blocks, threads or the order of objects.
public protocol PartnerAssignment: Sendable {
  /// The word for it in commands and tables, such as `cleft`.
  static var name: String { get }

  /// How far beyond an object's own box it looks, in nanometres.
  var reach: Double { get }

  /// Finds the synapses of a scene's object.
  ///
  /// - Returns: One synapse for each neuron that receives; none where the object joins no two. Their
  ///   neurons are the segments at their points, their supervoxels those there, and neither is 0.
  /// - Complexity: O(*n*) in the scene's voxels.
  func synapses(in scene: SynapseScene) -> [Synapse]
}
