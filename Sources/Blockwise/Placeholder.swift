// Blockwise: see docs/architecture.md.
