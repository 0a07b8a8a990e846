import CommandLineInterface
import Diffusion
import ScannerImages
import VolumeStore
import Voxels

/// The methods of `tracts fit`, as users name them.
enum FitMethod: String, CaseIterable, ArgumentValue {
  case ols, wls, iwls, nlls, restore
}

/// The weights of an iterated fit's first step, as users name them.
enum FitStart: String, CaseIterable, ArgumentValue {
  case wls, ols
}

/// Whose order and axes tensors are written in, as users name them.
enum FitOrder: String, CaseIterable, ArgumentValue {
  case mrtrix, fsl, dipy

  var tensorOrder: TensorOrder {
    switch self {
    case .mrtrix: .mrtrix
    case .fsl: .fsl
    case .dipy: .dipy
    }
  }
}

/// How image files are written.
enum ImageFileFormat: String, CaseIterable, ArgumentValue {
  case packedNIfTI = "nii.gz"
  case nifti = "nii"
  case mif
}

/// The command `tracts fit`.
struct FitCommand: Command {
  var image = ""
  var gradients = GradientOptions()
  var mask: String?
  var method = FitMethod.iwls
  var iterations: Int?
  var start: FitStart?
  var noise: Double?
  var isClipping = false
  var output = ""
  var maps = FitMap.usual
  var order = FitOrder.mrtrix
  var format = ImageFileFormat.packedNIfTI
  var isReplacing = false
  var resources = ResourceOptions()

  static let manual = Manual<Self>(
    "fit",
    summary: "Fit diffusion tensors to a diffusion-weighted image, and write their maps.",
    discussion: """
      Writes one image for each of --maps into the folder --output: tensor (six values, mm²/s), s0 \
      (the signal without weighting), fa, md, ad, rd, mode, cl, cp, cs, eigenvalues (the largest \
      first), v1, v2, v3 (unit eigenvectors), and where they are asked for predicted and residual \
      (one volume for each of the input's). Diffusivities are in mm²/s.

      Tensors and vectors are in scanner axes, the tensor in the order xx, yy, zz, xy, xz, yz, as \
      MRtrix has them. --order fsl and dipy give both along the axes of FSL's gradient vectors, the \
      tensor as xx, xy, xz, yy, yz, zz or as xx, xy, yy, xz, yz, zz.

      Methods: ols and wls fit the logarithm of the signals once, with equal weights or weighted \
      by the signals; iwls fits it again with the weights that the fit before predicts, twice unless \
      --iterations says otherwise, as MRtrix's dwi2tensor does; nlls fits the signals themselves; \
      restore does so without the volumes of a voxel that lie further than three standard \
      deviations of the noise from the fit. DIPY's "WLS" is iwls with --start ols --iterations 1.

      Signals below a millionth of the voxel's largest count as that. Negative eigenvalues are kept, \
      so that fa can be above 1 in bad voxels; --clip raises eigenvalues to a small positive one \
      as DIPY does. Voxels without a positive signal are zero.
      """,
    arguments: [
      .positional(
        "DWI", \.image, "The diffusion-weighted image: NIfTI, MIF or MGH, or - for a pipe."),
      .group("Gradients", \.gradients, GradientOptions.arguments),
      .option(
        "--mask", \.mask, placeholder: "FILE", "Fit only where this image is above zero."),
      .option("--method", \.method, "How signals are fitted."),
      .option(
        "--iterations", \.iterations, accepting: .ifGiven(.from(0...100)),
        "How often iwls fits again; 2 when left out."),
      .option(
        "--start", \.start, "The weights of the first fit of iwls, wls when left out."),
      .option(
        "--noise", \.noise, accepting: .ifGiven(.above(0)),
        "The noise's standard deviation for restore; estimated in each voxel when left out."),
      .flag(
        "--clip", \.isClipping,
        "Raise eigenvalues to a millionth divided by the largest b-value."),
      .option("--output", \.output, .required, placeholder: "FOLDER", "Where the maps go."),
      .option("--maps", \.maps, "The maps to write."),
      .option("--order", \.order, "The axes and the order of tensors; the axes of v1, v2, v3."),
      .option("--format", \.format, "How images are written."),
      .flag("--force", \.isReplacing, "Replace maps that are there."),
      .group("Resources", \.resources, ResourceOptions.arguments),
    ],
    examples: [
      Example(
        "tracts fit dwi.nii.gz --bvec dwi.bvec --bval dwi.bval --mask mask.nii.gz --output dti",
        "Fit tensors as MRtrix does, and write the usual maps."),
      Example(
        "tracts fit dwi.mif --method restore --maps fa,md,v1 --output dti",
        "Fit without outliers, with the gradients of the header, and write three maps."),
    ],
    references: [
      "Veraart et al. 2013, NeuroImage 81:335", "Chang et al. 2005, Magn Reson Med 53:1088",
      "Westin et al. 2002, Med Image Anal 6:93",
    ])

  /// The method with its options.
  ///
  /// - Throws: ``UsageError`` where an option belongs to another method.
  func tensorMethod() throws(UsageError) -> TensorFit.Method {
    guard method == .iwls || (iterations == nil && start == nil) else {
      throw UsageError(
        iterations == nil ? "--start" : "--iterations", "only iwls fits again",
        found: "--method \(method.rawValue)", expected: "--method iwls")
    }
    guard method == .restore || noise == nil else {
      throw UsageError(
        "--noise", "only restore uses the noise", found: "--method \(method.rawValue)",
        expected: "--method restore")
    }
    return switch method {
    case .ols: .linear(start: .equal, iterations: 0)
    case .wls: .linear(start: .signals, iterations: 0)
    case .iwls:
      .linear(start: start == .ols ? .equal : .signals, iterations: iterations ?? 2)
    case .nlls: .nonlinear
    case .restore: .robust(noise: noise)
    }
  }

  func run(_ context: CommandContext) throws {
    let method = try tensorMethod()
    let image = try ScannerImage(image)
    for note in image.header.notes { context.warn("\(image.path): \(note)") }
    let table = try gradients.gradients(of: image, context)
    let mask = try mask.map { try MaskImage($0, of: image) }
    if let distance = mask?.displacement(from: image) {
      context.warn(
        "the mask lies up to \(hundredths(distance)) mm from the image; voxels are taken as they are"
      )
    }
    try TensorFitRun(
      command: self, image: image, gradients: table, mask: mask,
      fit: TensorFit(table, method: method)
    ).run(context)
  }
}

/// A number with two decimals.
func hundredths(_ number: Double) -> String {
  let scaled = Int((abs(number) * 100).rounded())
  let fraction = scaled % 100
  return "\(number < 0 ? "-" : "")\(scaled / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}
