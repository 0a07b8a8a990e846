// swift-tools-version: 6.3

import PackageDescription

// Benchmarks: a package of its own, so that none of it is built for users. One executable for each
// question; the scripts beside this file run it next to the peer and print the ratio.
let package = Package(
  name: "bench",
  dependencies: [.package(name: "fascicle", path: "../..")],
  targets: [
    // Kernels in a module of their own, as users of a library meet them.
    .target(
      name: "Kernels", dependencies: [.product(name: "FascicleKernels", package: "fascicle")],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
    .executableTarget(
      name: "RowSpans",
      dependencies: ["Kernels", .product(name: "FascicleKernels", package: "fascicle")]),
    .executableTarget(
      name: "Components", dependencies: [.product(name: "FascicleKernels", package: "fascicle")]),
    .executableTarget(
      name: "Watershed", dependencies: [.product(name: "FascicleKernels", package: "fascicle")]),
    .executableTarget(
      name: "MutexWatershed",
      dependencies: [.product(name: "FascicleKernels", package: "fascicle")]),
    .executableTarget(
      name: "Agglomerate", dependencies: [.product(name: "FascicleKernels", package: "fascicle")]),
    .executableTarget(
      name: "Store", dependencies: [.product(name: "FascicleKernels", package: "fascicle")]),
    .executableTarget(
      name: "Train", dependencies: [.product(name: "FascicleKernels", package: "fascicle")]),
    .executableTarget(
      name: "Predict", dependencies: [.product(name: "FascicleKernels", package: "fascicle")]),
  ]
)
