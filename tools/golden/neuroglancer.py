# /// script
# requires-python = ">=3.11"
# dependencies = ["neuroglancer==2.41.2", "numpy==2.4.6", "pillow==13.0.0"]
# ///
"""Shows OME-Zarr or precomputed volumes in a headless Neuroglancer and saves what it draws.

    uv run tools/golden/neuroglancer.py view.png raw.zarr labels.zarr:segmentation

Each source is an OME-Zarr 0.5 image group or a precomputed volume, drawn as grey values, or as
segments with `:segmentation` after it. The picture is taken once Neuroglancer has loaded every chunk it shows; the
script fails (exit status 1) when that does not happen in time or when no voxel is shown. Needs chromium (Debian: apt-get install chromium); no other network.
"""

import argparse
import contextlib
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.pop(0)  # This folder's scripts are named like the packages they use.
import neuroglancer  # noqa: E402
import numpy as np  # noqa: E402


class StoreHandler(http.server.BaseHTTPRequestHandler):
    """Serves a folder's files to a browser: CORS, HEAD and byte ranges."""

    protocol_version = "HTTP/1.1"
    folders: dict[str, pathlib.Path] = {}
    served = 0

    def do_GET(self):
        self.answer(with_body=True)

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_OPTIONS(self):
        self.head(204, 0)

    def answer(self, with_body):
        name, _, key = urllib.parse.unquote(self.path).lstrip("/").partition("/")
        folder = self.folders.get(name)
        path = (folder / key).resolve() if folder else None
        if path is None or not path.is_relative_to(folder) or not path.is_file():
            return self.head(404, 0)
        size = path.stat().st_size
        start, end, status = 0, size, 200
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes=") and "," not in asked:
            first, _, last = asked[6:].partition("-")
            status = 206
            if first:
                start, end = int(first), min(size, int(last) + 1) if last else size
            else:
                start = max(0, size - int(last))
            if start >= end:
                return self.head(416, 0, {"Content-Range": f"bytes */{size}"})
        extra = {"Content-Range": f"bytes {start}-{end - 1}/{size}"} if status == 206 else {}
        self.head(status, end - start, extra)
        if with_body:
            with path.open("rb") as file:
                file.seek(start)
                self.wfile.write(file.read(end - start))
            type(self).served += 1

    def head(self, status, length, extra={}):
        self.send_response(status)
        for key, value in {
            "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Range",
            "Access-Control-Expose-Headers": "Content-Range, Content-Length",
            "Accept-Ranges": "bytes", "Content-Length": str(length), **extra,
        }.items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def served(folders):
    """A server of folders on a free local port; gives the port."""
    handler = type("Handler", (StoreHandler,), {"folders": folders})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], handler
    finally:
        server.shutdown()


@contextlib.contextmanager
def browser(url, size, log):
    """Chromium without a window, drawing by software, that reaches this machine only."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        sys.exit("neuroglancer.py: no chromium on this machine (apt-get install chromium)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
             "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
             "--ignore-gpu-blocklist", f"--window-size={size[0]},{size[1]}", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
             f"--user-data-dir={profile}", "--enable-logging=stderr", url],
            stdout=subprocess.DEVNULL, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def viewer_state(sources, port, layout, size):
    layers = []
    for index, (path, kind) in enumerate(sources):
        layers.append({
            "type": kind, "name": path.name,
            "source": f"http://127.0.0.1:{port}/{index}/|"
                      + ("neuroglancer-precomputed:" if is_precomputed(path) else "zarr3:"),
            **({"selectedAlpha": 0.4, "notSelectedAlpha": 0.4} if kind == "segmentation" else {}),
        })
    lengths = physical_lengths(sources[0][0])
    voxel = min(metres for _, metres in lengths.values())
    # The view's scale counts in voxels: fit the longest side to a panel.
    longest = max(count * metres for count, metres in lengths.values()) / voxel
    return {
        "dimensions": {axis: [metres, "m"] for axis, (_, metres) in lengths.items()},
        "layers": layers, "layout": layout, "showAxisLines": False,
        "crossSectionScale": longest / (0.36 * min(size)), "projectionScale": 1.5 * longest,
    }


def is_precomputed(path):
    return (path / "info").is_file()


def physical_lengths(group):
    """Voxels and metres per voxel of the finest level along each axis."""
    if is_precomputed(group):
        scale = json.loads((group / "info").read_text())["scales"][0]
        return {axis: (count, factor * 1e-9)
                for axis, count, factor in zip("xyz", scale["size"], scale["resolution"])}
    multiscale = json.loads((group / "zarr.json").read_text())["attributes"]["ome"]["multiscales"][0]
    level = multiscale["datasets"][0]
    shape = json.loads((group / level["path"] / "zarr.json").read_text())["shape"]
    scale = level["coordinateTransformations"][0]["scale"]
    metres = {"angstrom": 1e-10, "nanometer": 1e-9, "micrometer": 1e-6, "millimeter": 1e-3}
    return {
        axis["name"]: (count, factor * metres[axis["unit"]])
        for axis, count, factor in zip(multiscale["axes"], shape, scale)
        if axis["type"] == "space"
    }


def screenshot(sources, output, size, layout, timeout):
    folders = {str(index): path.resolve() for index, (path, _) in enumerate(sources)}
    neuroglancer.set_server_bind_address("127.0.0.1")
    with served(folders) as (port, handler), tempfile.TemporaryFile() as log:
        viewer = neuroglancer.Viewer()
        viewer.set_state(neuroglancer.ViewerState(viewer_state(sources, port, layout, size)))
        done, answer = threading.Event(), {}

        def taken(state):
            answer["picture"] = state.screenshot
            done.set()

        with browser(viewer.get_viewer_url(), size, log):
            viewer.async_screenshot(taken)
            finished = done.wait(timeout)
        if not finished:
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()
            problems = [line for line in lines if "CONSOLE" in line][-10:]
            sys.exit("\n".join([f"neuroglancer.py: no picture after {timeout} s", *problems]))
        picture = answer["picture"]
        output.write_bytes(picture.image)
        # An empty view has four panels' grey, black and the scale bar's edges.
        colours = len(np.unique(picture.image_pixels.reshape(-1, 4), axis=0))
        if colours < 200:
            sys.exit(f"neuroglancer.py: the picture has {colours} colours; no voxel is shown")
        print(f"{output}: {picture.width}×{picture.height}, {handler.served} files read")


def source(text):
    path, _, kind = text.partition(":")
    if kind not in ("", "image", "segmentation"):
        raise argparse.ArgumentTypeError(f"{kind} is neither image nor segmentation")
    if not ((pathlib.Path(path) / "zarr.json").is_file() or is_precomputed(pathlib.Path(path))):
        raise argparse.ArgumentTypeError(f"{path} holds neither zarr.json nor info")
    return pathlib.Path(path), kind or "image"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("sources", type=source, nargs="+", metavar="GROUP[:segmentation]")
    parser.add_argument("--size", type=lambda text: tuple(map(int, text.split(","))), default=(1000, 760),
                        metavar="WIDTH,HEIGHT", help="in pixels")
    parser.add_argument("--layout", default="4panel-alt", help="as Neuroglancer names it")
    parser.add_argument("--timeout", type=float, default=120, help="seconds")
    arguments = parser.parse_args()
    screenshot(
        arguments.sources, arguments.output, arguments.size, arguments.layout, arguments.timeout)


if __name__ == "__main__":
    main()
