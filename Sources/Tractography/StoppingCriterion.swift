/// What becomes of a streamline that has reached a point.
public enum TrackingStatus: Hashable, Sendable {
  /// It goes on.
  case proceed
  /// It ends with this point.
  case finish
  /// It ends before this point.
  case leave
  /// It does not count at all.
  case reject
}

/// Where streamlines end, besides where they find no direction.
public protocol StoppingCriterion: Sendable {
  /// What becomes of a streamline at a point in scanner mm.
  func status(at point: SIMD3<Float>) -> TrackingStatus
}

/// Streamlines stay inside a region: the first point outside is left out.
public struct MaskCriterion: StoppingCriterion {
  private let region: Region

  /// Keeps streamlines inside a region.
  public init(_ region: Region) { self.region = region }

  /// What becomes of a streamline at a point in scanner mm.
  public func status(at point: SIMD3<Float>) -> TrackingStatus {
    region.contains(point) ? .proceed : .leave
  }
}

/// Streamlines that enter a region do not count.
public struct ExclusionCriterion: StoppingCriterion {
  private let region: Region

  /// Rejects streamlines that enter a region.
  public init(_ region: Region) { self.region = region }

  /// What becomes of a streamline at a point in scanner mm.
  public func status(at point: SIMD3<Float>) -> TrackingStatus {
    region.contains(point) ? .reject : .proceed
  }
}

/// Streamlines end with their first point inside a region.
public struct TargetCriterion: StoppingCriterion {
  private let region: Region

  /// Ends streamlines in a region.
  public init(_ region: Region) { self.region = region }

  /// What becomes of a streamline at a point in scanner mm.
  public func status(at point: SIMD3<Float>) -> TrackingStatus {
    region.contains(point) ? .finish : .proceed
  }
}
