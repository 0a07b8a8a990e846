// Segmentation: see docs/architecture.md.
