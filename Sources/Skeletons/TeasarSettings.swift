/// How skeletons are drawn through voxels; lengths in nanometres.
public struct TeasarSettings: Hashable, Sendable {
  /// A path covers voxels as far from it as its radius times this, plus ``constant``.
  public var scale = 1.5
  /// How far from it a path covers voxels besides.
  public var constant = 300.0
  /// How much a step at the surface costs; the cost of a step in the middle is at most 1.
  public var penaltyScale = 100_000.0
  /// How fast costs fall towards the middle.
  public var penaltyExponent = 4
  /// Where the radius is above this, there may be a cell body: holes in the object are filled.
  public var somaDetection = 750.0
  /// Where the radius is above this with holes filled, there is one: its middle is the root.
  public var somaAcceptance = 3500.0
  /// A cell body covers voxels as far from its middle as its radius times this, plus
  /// ``somaConstant``.
  public var somaScale = 2.0
  /// How far from its middle a cell body covers voxels besides.
  public var somaConstant = 300.0

  /// Creates the usual settings.
  ///
  /// - Parameters:
  ///   - scale: A path covers voxels as far from it as its radius times this, plus `constant`.
  ///   - constant: How far from it a path covers voxels besides, in nanometres.
  public init(scale: Double = 1.5, constant: Double = 300) {
    precondition(scale >= 0 && constant >= 0, "what a path covers is not negative")
    self.scale = scale
    self.constant = constant
  }
}
