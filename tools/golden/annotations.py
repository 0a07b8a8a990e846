# /// script
# requires-python = ">=3.11"
# dependencies = ["neuroglancer==2.41.2", "numpy==2.4.6"]
# ///
"""Writes synapses as lines with Neuroglancer's own writer of precomputed annotations.

    uv run tools/golden/annotations.py volumes/golden/neuroglancer-2.41.2/lines

Beside the folder `annotations` lies `synapses.csv` with the same synapses. All numbers are exact in 32
bits, so that the tests can ask for the same bytes.
"""

import pathlib
import random
import shutil
import sys

sys.path.pop(0)  # This folder's scripts are named like the packages they use.
import neuroglancer  # noqa: E402
from neuroglancer.write_annotations import AnnotationWriter  # noqa: E402

target = pathlib.Path(sys.argv[1])
shutil.rmtree(target, ignore_errors=True)
generator = random.Random(11)
writer = AnnotationWriter(
    neuroglancer.CoordinateSpace(names=["x", "y", "z"], scales=[1, 1, 1], units="nm"),
    "line",
    relationships=["pre_supervoxel", "post_supervoxel"],
    properties=[
        neuroglancer.AnnotationPropertySpec(id="score", type="float32"),
        neuroglancer.AnnotationPropertySpec(id="size", type="float32"),
    ],
)
rows = ["id,pre_pt_position,post_pt_position,pre_pt_supervoxel_id,post_pt_supervoxel_id,size,score"]
for index in range(12):
    number = index * 7 + 1
    pre, post = ([generator.randrange(1 << 20) for _ in range(3)] for _ in range(2))
    ids = [2**64 - 1 if index == 0 else generator.randrange(1, 5) for _ in range(2)]
    score, size = generator.randrange(256) / 256, generator.randrange(1, 9999)
    writer.add_line(
        pre, post, id=number, score=score, size=size, pre_supervoxel=ids[0], post_supervoxel=ids[1]
    )
    rows.append(f'{number},"{pre}","{post}",{ids[0]},{ids[1]},{size},{score}')
writer.write(target / "annotations")
(target / "synapses.csv").write_text("\n".join(rows) + "\n")
