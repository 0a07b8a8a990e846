// Labels: see docs/architecture.md.
