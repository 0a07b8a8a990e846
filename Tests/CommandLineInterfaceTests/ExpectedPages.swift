/// What `emseg segment --help` prints on a terminal of 80 columns.
let expectedSegmentHelp = """
  emseg segment: Segment an EM stack into neurons.

  Usage:
    emseg segment STACK --model ONNX --voxel-size Z,Y,X --output PATH [options]

  Description:
    Reads a stack of sections, predicts affinities block by block, and joins what
    belongs together. Memory stays within the budget whatever the size of the
    stack.

    A run that was stopped goes on where it was:

      emseg segment gray --model m.onnx --voxel-size 10,10,10 --output p

    Labels are <uint64>; 0 is background.

  Arguments:
    STACK  Folder of TIFF sections, or a volume.

  Options:
    --model ONNX            Network that gives affinities. Required.
    --voxel-size Z,Y,X      Nanometres along z, y and x. Required.
    -o, --output PATH       Folder to create. Required.
    --memory SIZE           Most memory used. Default: 1GiB.
    --threshold X           Affinity below which voxels are never joined. Default:
                            0.5.
    --bias X                Added to every edge. Default: -1.5.
    --connectivity 6|18|26  Which neighbours of a voxel touch it. Default: 6.
    --layout LAYOUT         How chunks are stored. One of plain, sharded.
    --channels N[,…] ...    Channels to use.
    -f, --force             Replace an output that exists.
    --no-pyramid            Write full resolution only.

  Blocks and workers:
    --block Z,Y,X    Voxels of one block.
    -j, --workers N  Blocks computed at the same time. One for each core where it
                     is left out.

  Common options:
    --progress auto|lines|none  How progress is shown: one line on a terminal
                                (auto), a line every ten seconds for log files
                                (lines), or not at all (none). Default: auto.
    -q, --quiet                 Say nothing but errors and warnings.
    --verbose                   Say more.
    -h, --help                  Show this page.
    --version                   Show the version.

  Examples:
    emseg segment gray --model m.onnx --voxel-size 10,10,10 --output p
        Segments the sections in the folder gray.

  References:
    Zlateski & Seung 2015, arXiv:1505.00249

  """

/// What `emseg --help` prints.
let expectedOverview = """
  emseg: From stacks to neurons.

  Usage:
    emseg COMMAND [arguments]

  Commands:
    segment                Segment an EM stack into neurons.
    evaluate segmentation  Compare a segmentation with a truth.
    evaluate skeletons     Compare skeletons.

  Also:
    help COMMAND          Show a command's page.
    completions SHELL     Print completions for bash, zsh or fish.
    documentation FOLDER  Write every command's page as Markdown.
    --version             Show the version.

  'emseg help COMMAND' explains a command.

  """

/// The Markdown page of the sample command.
let expectedSegmentMarkdown = """
  # emseg segment

  Segment an EM stack into neurons.

  ```
  emseg segment STACK --model ONNX --voxel-size Z,Y,X --output PATH [options]
  ```

  Reads a stack of sections, predicts affinities block by block, and joins what belongs together. Memory stays within the budget whatever the size of the stack.

  A run that was stopped goes on where it was:

  ```
  emseg segment gray --model m.onnx --voxel-size 10,10,10 --output p
  ```

  Labels are \\<uint64\\>; 0 is background.

  ## Arguments

  - `STACK`: Folder of TIFF sections, or a volume.

  ## Options

  - `--model ONNX`: Network that gives affinities. Required.
  - `--voxel-size Z,Y,X`: Nanometres along z, y and x. Required.
  - `-o, --output PATH`: Folder to create. Required.
  - `--memory SIZE`: Most memory used. Default: 1GiB.
  - `--threshold X`: Affinity below which voxels are never joined. Default: 0.5.
  - `--bias X`: Added to every edge. Default: -1.5.
  - `--connectivity 6|18|26`: Which neighbours of a voxel touch it. Default: 6.
  - `--layout LAYOUT`: How chunks are stored. One of plain, sharded.
  - `--channels N[,…] ...`: Channels to use.
  - `-f, --force`: Replace an output that exists.
  - `--no-pyramid`: Write full resolution only.

  ## Blocks and workers

  - `--block Z,Y,X`: Voxels of one block.
  - `-j, --workers N`: Blocks computed at the same time. One for each core where it is left out.

  ## Common options

  - `--progress auto|lines|none`: How progress is shown: one line on a terminal (auto), a line every ten seconds for log files (lines), or not at all (none). Default: auto.
  - `-q, --quiet`: Say nothing but errors and warnings.
  - `--verbose`: Say more.
  - `-h, --help`: Show this page.
  - `--version`: Show the version.

  ## Examples

  Segments the sections in the folder gray.

  ```
  emseg segment gray --model m.onnx --voxel-size 10,10,10 --output p
  ```

  ## References

  - Zlateski & Seung 2015, arXiv:1505.00249

  """
