import CommandLineInterface
import EMSegCommands
import Glibc

exit(
  runTool(
    name: "emseg", version: "0.1.0",
    summary: "From electron-microscopy stacks to segmented neurons.",
    commands: AllCommands.list))
