// swift-tools-version: 6.3

import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Functions that return a Span; see docs/architecture.md.
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// Settings of the targets that may hold no unsafe code at all.
let safe = settings + [.strictMemorySafety()]

func system(_ name: String, pkgConfig: String? = nil, package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = settings
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tool(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

// The layers, from the ground up. A target imports only from rows below its own, and only what
// its line lists (within the storage row: VolumeFormats → the stores, sections and scanner images →
// VolumeStore).
let package = Package(
  name: "fascicle",
  products: [
    .executable(name: "emseg", targets: ["emseg"]),
    .executable(name: "tracts", targets: ["tracts"]),
    // What tools/bench measures, as it ships.
    .library(
      name: "FascicleKernels",
      targets: [
        "Voxels", "Codecs", "VolumeStore", "ZarrStore", "SectionFormats", "HDF5Formats",
        "VolumeFormats", "Labels", "Segmentation", "Networks",
      ]),
  ],
  targets: [
    // System: one C library each; a module map and a header, nothing else.
    system("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    system("CDeflate", pkgConfig: "libdeflate", package: "libdeflate-dev"),
    system("CZstd", pkgConfig: "libzstd", package: "libzstd-dev"),
    system("CBlosc", pkgConfig: "blosc", package: "libblosc-dev"),
    system("CXXHash", pkgConfig: "libxxhash", package: "libxxhash-dev"),
    system("CTIFF", pkgConfig: "libtiff-4", package: "libtiff-dev"),
    system("CSPNG", pkgConfig: "spng", package: "libspng-dev"),
    system("CTurboJPEG", pkgConfig: "libturbojpeg", package: "libturbojpeg0-dev"),
    system("CExpat", pkgConfig: "expat", package: "libexpat1-dev"),
    system("CHDF5", pkgConfig: "hdf5-serial", package: "libhdf5-dev"),
    system("COneDNN", package: "libdnnl-dev"),
    system("CCairo", pkgConfig: "cairo", package: "libcairo2-dev"),
    system("CLAPACK", pkgConfig: "lapacke", package: "liblapacke-dev"),
    system("CIgraph", pkgConfig: "igraph", package: "libigraph-dev"),
    system("CZip", pkgConfig: "libzip", package: "libzip-dev"),
    system("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
    system("CChafa", pkgConfig: "chafa", package: "libchafa-dev"),
    .systemLibrary(name: "CSystem"),

    // Our own C: convolution kernels in processor intrinsics, chosen at run time.
    .target(name: "CConvolution"),

    // Ground: imports nothing of ours.
    library("Voxels"),
    library("Codecs", ["CZlib", "CDeflate", "CZstd", "CBlosc", "CXXHash"]),
    library("CommandLineInterface", ["CSystem"]),
    library("Drawing", ["CCairo"]),
    library("TerminalScreen", ["CChafa"]),

    // Storage: volumes on disk.
    library("VolumeStore", ["Voxels", "Codecs", "CSystem"]),
    library("ZarrStore", ["Voxels", "Codecs", "VolumeStore"]),
    library("PrecomputedStore", ["Voxels", "Codecs", "VolumeStore", "CTurboJPEG"]),
    library("SectionFormats", ["Voxels", "Codecs", "VolumeStore", "CTIFF", "CSPNG", "CExpat"]),
    library("HDF5Formats", ["Voxels", "Codecs", "VolumeStore", "CHDF5"]),
    library("ScannerImages", ["Voxels", "Codecs", "VolumeStore"]),
    library(
      "VolumeFormats",
      [
        "Voxels", "Codecs", "VolumeStore", "ZarrStore", "PrecomputedStore", "SectionFormats",
        "HDF5Formats", "ScannerImages",
      ]),

    library("SQLite", ["VolumeStore", "CSQLite"]),
    library("StreamlineFormats", ["Voxels", "Codecs", "VolumeStore", "ScannerImages", "CZip"]),

    // Running and arithmetic.
    library("Blockwise", ["Voxels", "Codecs", "VolumeStore"], settings: safe),
    library("Tensors", ["Voxels", "COneDNN", "CConvolution"]),
    library("LinearAlgebra", ["CLAPACK"]),

    // Models.
    library("Networks", ["Voxels", "Codecs", "Tensors"], settings: safe),
    library("Labels", ["Voxels"], settings: safe),
    library("Skeletons", ["Voxels"], settings: safe),
    library("Synapses", ["Voxels"], settings: safe),
    library(
      "SynapseFormats",
      ["Voxels", "Codecs", "VolumeStore", "HDF5Formats", "SQLite", "Synapses"], settings: safe),
    library("Diffusion", ["Voxels", "LinearAlgebra"], settings: safe),
    library("Connectomes", ["Voxels", "Codecs"], settings: safe),
    library("Circuits", ["Voxels", "Connectomes"], settings: safe),
    library("GraphMeasures", ["Voxels", "Codecs", "Connectomes", "CIgraph"]),

    // Methods.
    library("Segmentation", ["Voxels", "Labels"], settings: safe),
    library("ImageFilters", ["Voxels"], settings: safe),
    library("Training", ["Voxels", "Codecs", "Tensors", "Networks", "Labels"], settings: safe),
    library(
      "FloodFilling", ["Voxels", "Codecs", "Tensors", "Networks", "Labels", "Training"],
      settings: safe),
    library("Phantoms", ["Voxels", "Labels"], settings: safe),
    library("Meshes", ["Voxels"], settings: safe),
    library(
      "Proofreading",
      [
        "Voxels", "Codecs", "TerminalScreen", "VolumeStore", "Labels", "Segmentation", "SQLite",
      ], settings: safe),

    library(
      "Tractography", ["Voxels", "LinearAlgebra", "Diffusion", "Connectomes"], settings: safe),

    // Judging.
    library("Evaluation", ["Voxels", "Skeletons", "Synapses"], settings: safe),

    // Commands: the only targets that know paths.
    library(
      "EMSegCommands",
      [
        "Voxels", "Codecs", "CommandLineInterface", "VolumeStore", "ZarrStore", "PrecomputedStore",
        "SectionFormats", "HDF5Formats", "VolumeFormats", "Blockwise", "Tensors", "Networks",
        "Labels", "Skeletons", "Synapses", "SynapseFormats", "Segmentation", "ImageFilters",
        "Training", "FloodFilling", "Connectomes", "Circuits", "GraphMeasures", "Meshes", "SQLite",
        "Proofreading", "TerminalScreen", "Drawing", "Phantoms", "Evaluation",
      ], settings: safe),

    library(
      "TractsCommands",
      [
        "Voxels", "Codecs", "CommandLineInterface", "VolumeStore", "ScannerImages",
        "StreamlineFormats", "LinearAlgebra", "Diffusion", "Connectomes", "GraphMeasures",
        "Tractography", "Drawing",
      ], settings: safe),

    // Tools: three lines each.
    tool("emseg", ["CommandLineInterface", "EMSegCommands"]),
    tool("tracts", ["CommandLineInterface", "TractsCommands"]),

    // Tests: one target per source target.
    .target(
      name: "TestSupport",
      dependencies: ["Voxels", "Codecs", "VolumeStore", "ZarrStore", "Blockwise"],
      path: "Tests/TestSupport", swiftSettings: settings),
    tests("VoxelsTests", ["Voxels"]),
    tests("CodecsTests", ["Codecs"]),
    tests("CommandLineInterfaceTests", ["CommandLineInterface"]),
    tests("VolumeStoreTests", ["Voxels", "Codecs", "VolumeStore"]),
    tests("ZarrStoreTests", ["Voxels", "Codecs", "VolumeStore", "ZarrStore"]),
    tests("PrecomputedStoreTests", ["Voxels", "Codecs", "VolumeStore", "PrecomputedStore"]),
    tests("SectionFormatsTests", ["Voxels", "Codecs", "VolumeStore", "SectionFormats"]),
    tests("HDF5FormatsTests", ["Voxels", "Codecs", "VolumeStore", "HDF5Formats"]),
    tests(
      "VolumeFormatsTests",
      [
        "Voxels", "Codecs", "VolumeStore", "ZarrStore", "SectionFormats", "HDF5Formats",
        "ScannerImages", "VolumeFormats",
      ]),
    tests("BlockwiseTests", ["Voxels", "Codecs", "VolumeStore", "ZarrStore", "Blockwise"]),
    tests("TensorsTests", ["Voxels", "Tensors"]),
    tests("NetworksTests", ["Voxels", "Codecs", "Tensors", "Networks"]),
    tests("LabelsTests", ["Voxels", "Labels"]),
    tests("SegmentationTests", ["Voxels", "Labels", "Segmentation"]),
    tests("ImageFiltersTests", ["Voxels", "ImageFilters"]),
    tests("DrawingTests", ["Drawing"]),
    tests("TrainingTests", ["Voxels", "Codecs", "Tensors", "Networks", "Labels", "Training"]),
    tests(
      "FloodFillingTests",
      [
        "Voxels", "Codecs", "VolumeStore", "SectionFormats", "HDF5Formats", "Tensors", "Networks",
        "Training", "FloodFilling",
      ]),
    tests("PhantomsTests", ["Voxels", "Phantoms"]),
    tests("SkeletonsTests", ["Voxels", "Skeletons"]),
    tests("SynapsesTests", ["Voxels", "Synapses"]),
    tests(
      "SynapseFormatsTests",
      ["Voxels", "Codecs", "VolumeStore", "HDF5Formats", "SQLite", "Synapses", "SynapseFormats"]),
    tests("SQLiteTests", ["VolumeStore", "SQLite"]),
    tests("TerminalScreenTests", ["TerminalScreen"]),
    tests(
      "ProofreadingTests",
      [
        "Voxels", "Codecs", "TerminalScreen", "VolumeStore", "Labels", "Segmentation", "SQLite",
        "Proofreading",
      ]),
    tests("MeshesTests", ["Voxels", "Meshes"]),
    tests("CircuitsTests", ["Connectomes", "Circuits"]),
    tests("EvaluationTests", ["Voxels", "Skeletons", "Synapses", "Evaluation"]),
    tests(
      "EMSegCommandsTests",
      [
        "Voxels", "Codecs", "CommandLineInterface", "VolumeStore", "ZarrStore", "PrecomputedStore",
        "SectionFormats", "HDF5Formats", "VolumeFormats", "Blockwise", "Labels", "Segmentation",
        "ImageFilters", "Connectomes", "Meshes", "SQLite", "Synapses", "SynapseFormats",
        "Proofreading", "Phantoms", "Evaluation", "EMSegCommands",
      ]),
    tests("ScannerImagesTests", ["Voxels", "Codecs", "VolumeStore", "ScannerImages"]),
    tests(
      "StreamlineFormatsTests",
      ["Voxels", "Codecs", "VolumeStore", "ScannerImages", "StreamlineFormats"]),
    tests("LinearAlgebraTests", ["LinearAlgebra"]),
    tests("DiffusionTests", ["Voxels", "LinearAlgebra", "ScannerImages", "Diffusion"]),
    tests("ConnectomesTests", ["Voxels", "Codecs", "Connectomes"]),
    tests("GraphMeasuresTests", ["Codecs", "Connectomes", "GraphMeasures"]),
    tests(
      "TractographyTests",
      [
        "Voxels", "LinearAlgebra", "ScannerImages", "StreamlineFormats", "Diffusion",
        "Connectomes", "Tractography",
      ]
    ),
    tests(
      "TractsCommandsTests",
      [
        "Voxels", "Codecs", "CommandLineInterface", "VolumeStore", "ScannerImages",
        "StreamlineFormats", "LinearAlgebra", "Diffusion", "Connectomes", "GraphMeasures",
        "Tractography", "TractsCommands",
      ]),
    tests(
      "InteropTests",
      ["Voxels", "Codecs", "VolumeStore", "ZarrStore", "PrecomputedStore", "VolumeFormats"]),
  ]
)
