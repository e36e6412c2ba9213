"""Execute one notebook with the tslab kernel into another file, to the same bytes each time.

    python execute.py IN.ipynb OUT.ipynb FOLDER

FOLDER is where the kernel runs. A failing cell: exit code 3, and on standard output one line of JSON with
the cell's number (counted over all cells, from 1), its source and what it said; OUT is not written.
"""

import json
import os
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

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


def failure(notebook, index, error):
    cell = notebook.cells[index]
    said = [o.text for o in cell.get("outputs", []) if o.output_type == "stream" and o.name == "stderr"]
    if isinstance(error, CellTimeoutError):
        said.append(f"the cell ran longer than {CELL_SECONDS} s")
    elif isinstance(error, DeadKernelError):
        said.append("the kernel died while it ran this cell")
    return {"cell": index + 1, "source": cell.source, "error": "".join(said).rstrip() or str(error)}


def main(source, target, folder):
    notebook = nbformat.read(source, as_version=4)
    nbformat.validate(notebook)
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
    beside = f"{target}.{os.getpid()}.part"
    with open(beside, "w", encoding="utf8", newline="\n") as file:
        file.write(nbformat.writes(clean(notebook)).rstrip("\n") + "\n")
    os.replace(beside, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
