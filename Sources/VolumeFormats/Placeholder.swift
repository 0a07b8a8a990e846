// VolumeFormats: see docs/architecture.md.
