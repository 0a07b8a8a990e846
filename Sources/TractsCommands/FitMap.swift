import CommandLineInterface
import Diffusion

/// An image that `tracts fit` writes, named as its file.
enum FitMap: String, CaseIterable, ArgumentValue {
  case tensor, s0, fa, md, ad, rd, mode, cl, cp, cs, eigenvalues, v1, v2, v3, predicted, residual

  /// What is written unless a user says otherwise.
  static let usual = allCases.filter { $0 != .predicted && $0 != .residual }

  /// The tensor's map of this name.
  var tensorMap: TensorMap? { TensorMap(rawValue: rawValue) }

  /// The volumes of the image; nil for an image of three axes.
  func volumes(of count: Int) -> Int? {
    switch self {
    case .tensor: 6
    case .predicted, .residual: count
    case .eigenvalues, .v1, .v2, .v3: 3
    case .s0, .fa, .md, .ad, .rd, .mode, .cl, .cp, .cs: nil
    }
  }

  /// Whether the image holds directions.
  var isDirection: Bool { self == .v1 || self == .v2 || self == .v3 }
}
