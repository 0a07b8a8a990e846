#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "tensorstore==0.1.86", "cloud-volume==12.15.2"]
# ///
"""Reads precomputed volumes with tensorstore and cloud-volume and compares every voxel.

    tools/golden/verify-precomputed.py FOLDER

FOLDER has a folder for each case, as the test "peers read what is written" leaves them where
FASCICLE_WRITTEN names a folder: the volume (`volume`) and for each level what it must hold, raw
little-endian bytes, x fastest, then y, z and channel (`KEY.bin`). A level of jpeg chunks may differ
by a few grey values. Exits with 1 where a voxel differs.
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorstore as ts
from cloudvolume import CloudVolume


def compare(name, found, expected, lossy):
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return f"{name}: {found.dtype}{found.shape} instead of {expected.dtype}{expected.shape}"
    if lossy:
        error = np.abs(found.astype(float) - expected.astype(float)).mean()
        return None if error < 3 else f"{name}: mean error {error}"
    different = int((found != expected).sum())
    return f"{name}: {different} of {found.size} voxels differ" if different else None


def main():
    faults, compared = [], 0
    for case in sorted(Path(sys.argv[1]).iterdir()):
        info = json.loads((case / "volume" / "info").read_text())
        for index, scale in enumerate(info["scales"]):
            shape = (*scale["size"], info["num_channels"])
            raw = np.frombuffer((case / f"{scale['key']}.bin").read_bytes(), info["data_type"])
            expected = raw.reshape(shape[::-1]).T
            lossy = scale["encoding"] == "jpeg"
            opened = ts.open(
                {
                    "driver": "neuroglancer_precomputed",
                    "kvstore": {"driver": "file", "path": f"{case.resolve()}/volume/"},
                    "scale_index": index,
                }
            ).result()
            origin = tuple(opened.domain.origin[:3])
            if origin != tuple(scale["voxel_offset"]):
                faults.append(f"{case.name}: tensorstore sees the origin {origin}")
            # tensorstore knows no compressed files.
            if not list((case / "volume" / scale["key"]).glob("*.gz")):
                found = opened.read().result()
                faults.append(compare(f"{case.name}/{index} tensorstore", found, expected, lossy))
                compared += 1
            level = CloudVolume(
                f"precomputed://file://{case.resolve()}/volume", mip=index, progress=False
            )
            found = np.asarray(level[:])
            faults.append(compare(f"{case.name}/{index} cloud-volume", found, expected, lossy))
            compared += 1
    faults = [fault for fault in faults if fault]
    print("\n".join(faults + [f"{compared} volumes read, {len(faults)} faults"]))
    sys.exit(bool(faults) or compared == 0)


if __name__ == "__main__":
    main()
