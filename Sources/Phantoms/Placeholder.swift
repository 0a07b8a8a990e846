// Phantoms: see docs/architecture.md.
