// EMSegCommands: see docs/architecture.md.
