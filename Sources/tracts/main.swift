import CommandLineInterface
import Glibc
import TractsCommands

exit(
  runTool(
    name: "tracts", version: "0.1.0",
    summary: "From diffusion MRI to streamlines and connectomes.",
    commands: AllCommands.list))
