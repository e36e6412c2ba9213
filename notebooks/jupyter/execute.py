"""Execute one notebook with the tslab kernel into another file, to the same bytes each time.

    python execute.py IN.ipynb OUT.ipynb FOLDER [DRAWN_BY [MISSING]]

FOLDER is where the kernel runs. A figure that IN held already keeps its picture, unless what is seen of it changed. With
DRAWN_BY, the name of what draws pictures here (pictures.mjs), all others and those that something else drew are drawn; without,
they have none. With MISSING only those that have no picture are drawn, and where they cannot be, they go without.

A failing cell: exit code 3, and on standard output one line of JSON with the cell's number (counted over all
cells, from 1), its source and what it said; OUT is not written.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

# jsonschema checks IRIs by a grammar that takes seconds to build, and no notebook holds one.
sys.modules["rfc3987_syntax"] = None

import nbformat  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: E402

KERNEL = {"display_name": "TypeScript", "language": "typescript", "name": "tslab"}
# Word for word what the kernel says of itself, version included, so that JupyterLab finds nothing to change.
LANGUAGE = {
    "codemirror_mode": {"mode": "typescript", "name": "javascript", "typescript": True},
    "file_extension": ".ts",
    "mimetype": "text/typescript",
    "name": "typescript",
    "version": "3.7.2",
}
CELL_SECONDS = 300
PLOTLY = "application/vnd.plotly.v1+json"
PNG = "image/png"
# What a figure has and a picture of it does not.
UNSEEN = {"customdata", "hoverinfo", "hoverlabel", "hovertemplate", "sliders"}


def clean(notebook):
    """Leave in the metadata only what is the same on every machine and on every run."""
    keep = {k: v for k, v in notebook.metadata.items() if k in ("title",)}
    notebook.metadata = nbformat.from_dict({**keep, "kernelspec": KERNEL, "language_info": LANGUAGE})
    for cell in notebook.cells:
        for name in ("execution", "ExecuteTime", "collapsed", "trusted"):
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", []):
            output.pop("transient", None)
            if "metadata" in output:
                output["metadata"] = nbformat.from_dict({k: v for k, v in output["metadata"].items() if k == "deepshock"})
    return notebook


def figures(notebook):
    """The outputs that are figures, in order."""
    return [o for cell in notebook.cells for o in cell.get("outputs", []) if PLOTLY in o.get("data", {})]


def seen(figure):
    """What a picture shows of a figure: all but the words under the pointer, and sliders, which it could not move."""
    if isinstance(figure, dict):
        return {key: seen(value) for key, value in figure.items() if key not in UNSEEN}
    return [seen(value) for value in figure] if isinstance(figure, list) else figure


def put_pictures(notebook, before, drawn_by, only_missing=False):
    """Give each figure a picture: the one it had in `before`, and where something draws, a new one to the rest."""

    def key(output):
        return json.dumps(seen(output.data[PLOTLY]), sort_keys=True)

    kept = {key(o): o for o in before if PNG in o.data}
    missing = []
    for output in figures(notebook):
        old = kept.get(key(output))
        if old is not None and (only_missing or drawn_by in (None, old.metadata.get(PNG, {}).get("drawnBy"))):
            output.data[PNG], output.metadata[PNG] = old.data[PNG].strip(), old.metadata.get(PNG, {})
        else:
            missing.append(output)
    if drawn_by is None or not missing:
        return
    try:
        drawn = draw([seen(o.data[PLOTLY]) for o in missing])
    except RuntimeError:
        if only_missing:
            return
        raise
    for output, picture in zip(missing, drawn["pictures"]):
        output.data[PNG], output.metadata[PNG] = picture, drawn["metadata"]


def draw(asked):
    node = os.environ.get("DEEPSHOCK_NODE", "node")
    script = Path(__file__).with_name("pictures.mjs")
    done = subprocess.run([node, str(script)], input=json.dumps(asked), capture_output=True, encoding="utf8", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the pictures of its figures could not be drawn; an empty CHROMIUM_PATH leaves them out.\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def failure(notebook, index, error):
    cell = notebook.cells[index]
    said = [o.text for o in cell.get("outputs", []) if o.output_type == "stream" and o.name == "stderr"]
    if isinstance(error, CellTimeoutError):
        said.append(f"the cell ran longer than {CELL_SECONDS} s")
    elif isinstance(error, DeadKernelError):
        said.append("the kernel died while it ran this cell")
    return {"cell": index + 1, "source": cell.source, "error": "".join(said).rstrip() or str(error)}


def main(source, target, folder, drawn_by=None, only_missing=None):
    notebook = nbformat.read(source, as_version=4)
    nbformat.validate(notebook)
    before = figures(notebook)
    current = 0

    def started(cell, cell_index):
        nonlocal current
        current = cell_index

    client = NotebookClient(
        notebook,
        kernel_name="tslab",
        timeout=CELL_SECONDS,
        startup_timeout=120,
        record_timing=False,
        coalesce_streams=True,
        on_cell_start=started,
        resources={"metadata": {"path": folder}},
    )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        print(json.dumps(failure(notebook, current, error)))
        return 3
    clean(notebook)
    try:
        put_pictures(notebook, before, drawn_by, only_missing is not None)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    beside = f"{target}.{os.getpid()}.part"
    try:
        with open(beside, "w", encoding="utf8", newline="\n") as file:
            file.write(nbformat.writes(notebook).rstrip("\n") + "\n")
        os.replace(beside, target)
    except OSError as error:
        if os.path.exists(beside):
            os.remove(beside)
        # A write that fails names no file of its own.
        error.filename = target
        raise
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        sys.exit(f"{sys.argv[1]} is no notebook: {str(error).splitlines()[0]}")
    except (RuntimeError, AssertionError) as error:
        sys.exit(
            f"the kernel did not start{f': {error}' if str(error) else ''}. If that stays so, delete the folder node_modules "
            "and run the command again: it installs the kernel anew."
        )
