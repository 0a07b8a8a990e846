// Networks: see docs/architecture.md.
