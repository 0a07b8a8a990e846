# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "zarr==3.1.6", "tensorstore==0.1.86", "h5py==3.16.0",
#                 "tifffile==2026.3.3", "imagecodecs", "google-crc32c"]
# ///
"""Runs the store's benchmark; tools/bench/store says what it measures and starts it."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
EDGE = 512
CHUNK = 64
SHARD = 256
TYPES = {"uint8": "grey", "uint64": "labels"}


# --- the data ---------------------------------------------------------------------------------


def metadata(type_name, layout, unwritten=False):
    codecs = [
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "zstd", "configuration": {"level": 3, "checksum": True}},
        {"name": "crc32c"},
    ]
    chunk = [CHUNK] * 3
    if layout == "sharded":
        index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
        codecs = [
            {
                "name": "sharding_indexed",
                "configuration": {
                    "chunk_shape": chunk,
                    "codecs": codecs,
                    "index_codecs": index,
                    "index_location": "end",
                },
            }
        ]
        chunk = [SHARD] * 3
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [EDGE] * 3,
        "data_type": type_name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": codecs,
        "dimension_names": ["z", "y", "x"],
        "attributes": {},
    }


def fresh(path, type_name, layout):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    Path(path, "zarr.json").write_text(json.dumps(metadata(type_name, layout)))


def prepare(folder, shared):
    """Makes everything that is read; a second call finds it there."""
    import h5py
    import numpy
    import tensorstore
    import tifffile

    done = folder / "prepared"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    sections = sorted((shared / "data/em/fib25/gray").glob("*.tif"))
    if not sections:
        sys.exit(f"{shared}/data/em/fib25/gray holds no sections: set FASCICLE_SHARED")
    grey = numpy.stack([tifffile.imread(path) for path in sections])
    tiles = [-(-EDGE // length) for length in grey.shape]
    grey = numpy.ascontiguousarray(numpy.tile(grey, tiles)[:EDGE, :EDGE, :EDGE])
    with h5py.File(shared / "data/em/pinky40_labels/labels.h5") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
        labels = file[names[0]][...].astype("<u8")
    for type_name, values in (("uint8", grey), ("uint64", labels)):
        values.tofile(folder / f"{type_name}.raw")
        for layout in ("plain", "sharded"):
            path = str(folder / f"{type_name}-{layout}.zarr")
            fresh(path, type_name, layout)
            spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}
            tensorstore.open(spec, open=True).result().write(values).result()
        with h5py.File(folder / f"{type_name}.h5", "w") as file:
            file.create_dataset(
                "volume", data=values, chunks=(CHUNK,) * 3, compression="gzip",
                compression_opts=4)
    for name, compression in (("strips", None), ("deflate", "zlib")):
        stack = folder / f"tiff-{name}"
        shutil.rmtree(stack, ignore_errors=True)
        stack.mkdir()
        for z, plane in enumerate(grey):
            tifffile.imwrite(
                stack / f"{z:04}.tif", plane, compression=compression, rowsperstrip=64)
    done.write_text("")


# --- a peer's process ---------------------------------------------------------------------------


class Peer:
    """One library, told over standard input what to do; the protocol is that of Sources/Store."""

    def __init__(self, name, threads, folder):
        self.threads = threads
        self.folder = folder
        self.inputs = {}
        if threads == 1:
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        getattr(self, "start_" + name.replace("-", "_"))()

    def volume(self, type_name):
        import numpy

        if type_name not in self.inputs:
            kind = numpy.dtype(type_name).newbyteorder("<")
            values = numpy.fromfile(self.folder / f"{type_name}.raw", kind)
            self.inputs = {type_name: values.reshape((EDGE,) * 3)}
        return self.inputs[type_name]

    # zarr-python

    def start_zarr(self):
        import zarr

        zarr.config.set({
            "async.concurrency": {1: 1, 2: 4}[self.threads],
            "threading.max_workers": self.threads})
        self.open = lambda path, mode: zarr.open_array(path, mode=mode)
        self.read = lambda array, selection: array[selection]
        self.reads = lambda array, list: [self.count(array[selection]) for selection in list]
        self.write = lambda array, values: array.__setitem__(slice(None), values)

    # tensorstore

    def start_tensorstore(self, synchronous=True):
        import tensorstore

        limit = {"limit": self.threads}

        def open_array(path, mode):
            context = {
                "data_copy_concurrency": limit, "file_io_concurrency": limit,
                "cache_pool": {"total_bytes_limit": 0}, "file_io_sync": synchronous}
            kvstore = {"driver": "file", "path": path}
            return tensorstore.open(
                {"driver": "zarr3", "kvstore": kvstore, "context": context}, open=True).result()

        def reads(array, selections):
            waiting = []
            for selection in selections:
                waiting.append(array[selection].read())
                if len(waiting) == 4:
                    self.count(waiting.pop(0).result())
            for future in waiting:
                self.count(future.result())

        self.open = open_array
        self.read = lambda array, selection: array[selection].read().result()
        self.reads = reads
        self.write = lambda array, values: array.write(values).result()

    def start_tensorstore_unsynced(self):
        self.start_tensorstore(synchronous=False)

    # h5py and tifffile

    def start_h5py(self):
        import h5py

        self.open = lambda path, mode: h5py.File(path, mode)["volume"]
        self.read = lambda array, selection: array[selection]
        self.reads = lambda array, list: [self.count(array[selection]) for selection in list]

    def start_tifffile(self):
        import tifffile

        def open_stack(path, mode):
            return sorted(str(file) for file in Path(path).glob("*.tif"))

        def write_stack(path, values):
            tifffile.imwrite(
                path + "/stack.tif", values, compression="zlib", predictor=True,
                compressionargs={"level": 6}, tile=(256, 256), photometric="minisblack",
                maxworkers=self.threads)
            with open(path + "/stack.tif") as file:
                os.fsync(file)

        self.open = open_stack
        self.read = lambda files, selection: tifffile.imread(files, ioworkers=self.threads)
        self.write = write_stack

    def start_tifffile_zarr(self):
        """Sections in, a Zarr array out, a layer of chunks at a time."""
        import numpy
        import tifffile

        self.start_zarr()

        def convert(source, target):
            files = sorted(str(file) for file in Path(source).glob("*.tif"))
            for z in range(0, len(files), CHUNK):
                layer = tifffile.imread(files[z : z + CHUNK], ioworkers=self.threads)
                target[z : z + CHUNK] = numpy.asarray(layer)

        self.convert = convert

    # what is done

    def count(self, values):
        self.byte_count += values.nbytes
        if self.hashing:
            import google_crc32c

            self.checksum ^= google_crc32c.value(values.tobytes())

    def run(self, words):
        task, type_name, layout, path, part, parts, hashing = words
        part, parts, self.hashing = int(part), int(parts), hashing == "1"
        self.byte_count = self.checksum = 0
        if task == "write":
            values = self.volume(type_name)
            array = path if layout == "stack" else self.open(path, "r+")
            start = time.perf_counter()
            self.write(array, values)
            elapsed = time.perf_counter() - start
            self.byte_count = values.nbytes
        elif task == "import":
            array = self.open(path, "r+")
            start = time.perf_counter()
            self.convert(self.folder / layout, array)
            elapsed = time.perf_counter() - start
            self.byte_count = EDGE**3
        elif task == "whole":
            array = self.open(path, "r")
            start = time.perf_counter()
            values = self.read(array, slice(None))
            elapsed = time.perf_counter() - start
            self.count(values)
        else:
            array = self.open(path, "r")
            lines = (self.folder / f"{task}.list").read_text().splitlines()
            lines = lines[len(lines) * part // parts : len(lines) * (part + 1) // parts]
            boxes = [[int(word) for word in line.split()] for line in lines]
            selections = [
                tuple(slice(first, first + length) for first, length in zip(box[:3], box[3:]))
                for box in boxes]
            start = time.perf_counter()
            self.reads(array, selections)
            elapsed = time.perf_counter() - start
        return f"{elapsed} {self.byte_count} {self.checksum}"


def serve(name, threads, folder):
    peer = Peer(name, threads, folder)
    for line in sys.stdin:
        print(peer.run(line.split()), flush=True)


# --- the measurement ----------------------------------------------------------------------------


class Process:
    """A library's process, ours or a peer's, and what it uses."""

    tick = os.sysconf("SC_CLK_TCK")

    def __init__(self, name, threads, folder):
        self.name = name
        if name == "ours":
            command = [str(HERE / ".build/release/Store"), str(threads), str(folder)]
        else:
            command = [sys.executable, __file__, "--serve", name, str(threads), str(folder)]
        if threads == 1:
            command = ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0)))] + command
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def processor_seconds(self):
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(") ")[1].split()
        return (int(fields[11]) + int(fields[12])) / self.tick

    def resident(self, what):
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024

    def run(self, task, type_name, layout, path, part=0, parts=1, hashing=False):
        Path(f"/proc/{self.child.pid}/clear_refs").write_text("5")
        resident, used = self.resident("VmRSS"), self.processor_seconds()
        words = [task, type_name, layout, path, part, parts, int(hashing)]
        self.child.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().split()
        if len(answer) != 3:
            sys.exit(f"{self.name} failed at {words}")
        return Outcome(
            float(answer[0]), int(answer[1]), int(answer[2]),
            self.processor_seconds() - used, self.resident("VmHWM") - resident)

    def end(self):
        self.child.stdin.close()
        self.child.wait()


class Command:
    """`emseg import`, a process of its own for every run."""

    program = HERE.parent.parent / ".build/release/emseg"

    def __init__(self, threads, folder):
        self.threads, self.folder = threads, folder

    def run(self, task, type_name, layout, path, part=0, parts=1, hashing=False):
        shutil.rmtree(path)
        command = [
            str(self.program), "import", str(self.folder / layout), "--voxel-size", "8,8,8",
            "--chunk", ",".join([str(CHUNK)] * 3), "--memory", "512MiB",
            "--threads", str(self.threads), "--output", path]
        if self.threads == 1:
            command = ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0)))] + command
        start = time.perf_counter()
        process = os.posix_spawnp(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
        status, usage = os.wait4(process, 0)[1:]
        elapsed = time.perf_counter() - start
        if status != 0:
            sys.exit(f"failed: {' '.join(command)}")
        return Outcome(
            elapsed, EDGE**3, 0, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)

    def end(self):
        pass


class Outcome:
    def __init__(self, seconds, byte_count, checksum, processor, peak):
        self.seconds, self.byte_count, self.checksum = seconds, byte_count, checksum
        self.processor, self.peak = processor, peak

    @property
    def rate(self):
        return self.byte_count / 1e6 / self.seconds


class Row:
    """What one line of the table says."""

    def __init__(self, label, task, type_name, layout, source, parts=1, runs=None):
        self.label, self.task, self.type_name, self.layout = label, task, type_name, layout
        self.source, self.parts, self.runs = source, parts, runs

    @property
    def writes(self):
        return self.task in ("write", "import")


def lists(folder):
    """The boxes and planes, the same every time."""
    import random

    chance = random.Random(3)
    boxes = [[chance.randint(0, EDGE - 128) for _ in range(3)] + [128] * 3 for _ in range(1000)]
    planes = {"xy": [], "xz": [], "yz": []}
    for axis, name in enumerate(planes):
        for position in chance.sample(range(EDGE), 64):
            box = [0] * 3 + [EDGE] * 3
            box[axis], box[axis + 3] = position, 1
            planes[name].append(box)
    for name, list in {"boxes": boxes, **planes}.items():
        text = "".join(" ".join(map(str, box)) + "\n" for box in list)
        (folder / f"{name}.list").write_text(text)


def table(title, rows, names, threads, folder, runs, against):
    processes = {
        name: Command(threads, folder) if name == "emseg" else Process(name, threads, folder)
        for name in names}
    print(f"\n{title}, {threads} thread{'s' if threads > 1 else ''}\n")
    heads = [f"{name:>22}" for name in names] + [f"{'x ' + name:>14}" for name in against]
    print(f"{'':34}" + "".join(heads) + "   peak MB")
    for row in rows:
        outcomes = {name: [] for name in names}
        checksums = {}
        count = row.runs or runs
        for run in range(-1, count):
            # The first, to warm up and to compare, is not timed.
            for turn in range(len(names)):
                name = names[(turn + run) % len(names)]
                target = row.source
                if row.writes:
                    if row.layout == "stack":
                        shutil.rmtree(target, ignore_errors=True)
                        os.makedirs(target)
                    else:
                        layout = "plain" if row.task == "import" else row.layout
                        fresh(target, row.type_name, layout)
                part = max(run, 0) % row.parts
                outcome = processes[name].run(
                    row.task, row.type_name, row.layout, target, part, row.parts, run < 0)
                if run < 0:
                    if row.writes:
                        outcome.checksum = written(target, row)
                    checksums[name] = outcome.checksum
                else:
                    outcomes[name].append(outcome)
                if row.writes:
                    shutil.rmtree(target, ignore_errors=True)
        if len(set(checksums.values())) != 1:
            sys.exit(f"{row.label}: the values differ: {checksums}")
        rates = {name: statistics.median(o.rate for o in outcomes[name]) for name in names}
        cells = []
        for name in names:
            used = sum(o.processor for o in outcomes[name])
            gigabytes = sum(o.byte_count for o in outcomes[name]) / 1e9
            cells.append(f"{rates[name]:>13.0f} [{used / gigabytes:6.2f}]")
        ratios = [f"{rates['ours'] / rates[name]:>14.2f}" for name in against]
        peaks = [f"{max(o.peak for o in outcomes[name]) / 1e6:.0f}" for name in names]
        print(f"{row.label:34}" + "".join(cells) + "".join(ratios) + "   " + " ".join(peaks),
              flush=True)
    for process in processes.values():
        process.end()


def file_tables(folder, runs, only):
    """HDF5 against h5py, sections and stacks against tifffile."""
    for threads in (1, 2):
        few = min(runs, 5)
        rows = [
            Row(f"{type_name} read whole", "whole", type_name, "hdf5",
                str(folder / f"{type_name}.h5"), runs=few)
            for type_name in TYPES]
        rows.append(Row("uint8 boxes of 128³", "boxes", "uint8", "hdf5",
                        str(folder / "uint8.h5"), parts=28, runs=few))
        rows += [
            Row(f"uint8 planes {axes}", axes, "uint8", "hdf5", str(folder / "uint8.h5"),
                parts=28, runs=few)
            for axes in ("xy", "xz", "yz")]
        rows = [row for row in rows if only in f"hdf5 {row.label}"]
        if rows:
            table("HDF5, 64³ chunks, gzip 4: decoded MB/s [processor seconds a GB]", rows,
                  ["ours", "h5py"], threads, folder, runs, ["h5py"])
        rows = [
            Row(f"512 sections, {name}, read", "whole", "uint8", "sections",
                str(folder / f"tiff-{name}"), runs=few)
            for name in ("strips", "deflate")]
        rows.append(Row("one stack, deflate 6, write", "write", "uint8", "stack",
                        str(folder / "out"), runs=min(runs, 3)))
        rows = [row for row in rows if only in f"tiff {row.label}"]
        if rows:
            table("TIFF: decoded MB/s [processor seconds a GB]", rows, ["ours", "tifffile"],
                  threads, folder, runs, ["tifffile"])
        rows = [
            Row(f"512 sections, {name}, to Zarr", "import", "uint8", f"tiff-{name}",
                str(folder / "out.zarr"), runs=min(runs, 3))
            for name in ("strips", "deflate")]
        rows = [row for row in rows if only in f"import {row.label}"]
        if rows:
            table("TIFF to Zarr, plain: decoded MB/s [processor seconds a GB]; ours by `emseg "
                  "import --memory 512MiB`, which builds the pyramid too", rows,
                  ["ours", "emseg", "tifffile-zarr"], threads, folder, runs, ["tifffile-zarr"])


def written(path, row):
    """The checksum of what a writer has stored, as another library reads it."""
    import google_crc32c
    import numpy
    import tensorstore
    import tifffile

    if row.layout == "stack":
        values = tifffile.imread(Path(path) / "stack.tif")
    else:
        if (Path(path) / "0").exists():
            path = str(Path(path) / "0")
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}
        values = tensorstore.open(spec, open=True).result().read().result()
    return google_crc32c.value(numpy.ascontiguousarray(values).tobytes())


def limits(folder):
    """What the machine and the codec allow, on one processor."""
    import google_crc32c
    import numcodecs
    import numpy

    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    print("Limits on one processor, MB/s\n")

    def fastest(body, byte_count, runs=5):
        best = float("inf")
        for _ in range(runs):
            start = time.perf_counter()
            body()
            best = min(best, time.perf_counter() - start)
        return byte_count / 1e6 / best

    block = numpy.fromfile(folder / "uint64.raw", "u1", count=1 << 28)
    copy = numpy.zeros_like(block)
    print(f"copy of {block.nbytes >> 20} MiB        {fastest(lambda: numpy.copyto(copy, block), block.nbytes):8.0f}")
    print(f"copy to fresh memory   {fastest(lambda: block.copy(), block.nbytes):8.0f}")
    for type_name in TYPES:
        kind = numpy.dtype(type_name)
        values = numpy.fromfile(folder / f"{type_name}.raw", kind).reshape((EDGE,) * 3)
        chunks = [
            numpy.ascontiguousarray(values[z : z + CHUNK, y : y + CHUNK, x : x + CHUNK])
            for z in range(0, EDGE, 192) for y in range(0, EDGE, 128) for x in range(0, EDGE, 128)]
        total = sum(chunk.nbytes for chunk in chunks)
        room = numpy.empty(chunks[0].nbytes, "u1")
        codec = numcodecs.Zstd(level=3, checksum=True)
        encoded = [codec.encode(chunk) for chunk in chunks]
        encode = fastest(lambda: [codec.encode(chunk) for chunk in chunks], total, 3)
        decode = fastest(lambda: [codec.decode(chunk, room) for chunk in encoded], total)
        print(f"zstd of {type_name:7} encode {encode:8.0f}   decode {decode:8.0f}   "
              f"({total / sum(map(len, encoded)):.2f} to 1)")
    blob = os.urandom(200_000)

    def write(durable):
        target = folder / "files"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for number in range(256):
            descriptor = os.open(target / str(number), os.O_CREAT | os.O_WRONLY)
            os.write(descriptor, blob)
            if durable:
                os.fsync(descriptor)
            os.close(descriptor)

    for durable in (False, True):
        rate = fastest(lambda: write(durable), 256 * len(blob), 3)
        print(f"files of 200 kB, {'each made durable' if durable else 'not made durable '} {rate:8.0f}")
    shutil.rmtree(folder / "files")
    os.sched_setaffinity(0, before)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true", help="one run in place of seven")
    temporary = os.environ.get("TMPDIR", "/tmp")
    parser.add_argument("--folder", type=Path, default=Path(temporary, "fascicle-bench-store"))
    arguments = parser.parse_args()
    shared = Path(os.environ.get("FASCICLE_SHARED", HERE.parent.parent.parent / "shared"))
    folder, runs = arguments.folder, 1 if arguments.quick else arguments.runs
    started = time.monotonic()
    prepare(folder, shared)
    lists(folder)
    print(f"prepared in {time.monotonic() - started:.0f} s; "
          f"load before: {' '.join(f'{load:.2f}' for load in os.getloadavg())}\n")
    limits(folder)
    ram = Path("/dev/shm") / f"fascicle-bench-{os.getpid()}"

    zarr_rows = []
    for type_name, kind in TYPES.items():
        for layout in ("plain", "sharded"):
            source = str(folder / f"{type_name}-{layout}.zarr")
            name = f"{type_name} {layout}"
            zarr_rows.append(
                Row(f"{name} write", "write", type_name, layout, str(folder / "out.zarr"),
                    runs=min(runs, 5)))
            if layout == "plain":
                zarr_rows.append(
                    Row(f"{name} write without the disk", "write", type_name, layout,
                        str(ram / "out.zarr"), runs=min(runs, 5)))
            zarr_rows.append(Row(f"{name} read whole", "whole", type_name, layout, source))
            # Every run reads its share of the list: a seventh of the 1,000 boxes, or less.
            fewer = (1 if layout == "plain" else 3) * (1 if type_name == "uint8" else 2)
            zarr_rows.append(
                Row(f"{name} boxes of 128³", "boxes", type_name, layout, source,
                    parts=7 * fewer))
            for axes in ("xy", "xz", "yz"):
                if layout == "plain" or axes == "xy":
                    zarr_rows.append(
                        Row(f"{name} planes {axes}", axes, type_name, layout, source, parts=7))
    for threads in (1, 2):
        rows = [row for row in zarr_rows if arguments.only in f"zarr {row.label}"]
        if rows:
            table(
                "Zarr: decoded MB/s [processor seconds a GB]", rows,
                ["ours", "tensorstore", "zarr"], threads, folder, runs, ["tensorstore", "zarr"])
    shutil.rmtree(ram, ignore_errors=True)
    file_tables(folder, runs, arguments.only)
    print(f"\n{time.monotonic() - started:.0f} s in all; "
          f"load after: {' '.join(f'{load:.2f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "--serve":
        serve(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
