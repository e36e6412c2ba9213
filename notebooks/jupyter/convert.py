"""Write the reports: one page per notebook, the front page, and the shared style and scripts.

    python convert.py JOB.json

JOB: {"folder", "description", "standalone", "explorer", "plotly", "front", "notebooks": [{"name", "path"}]}; "front" is what report.mjs tells
of the front page.
Pages are written beside and renamed.
"""

import base64
import html
import json
import os
import posixpath
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
# jsonschema checks IRIs by a grammar that takes seconds to build, and no notebook holds one.
sys.modules["rfc3987_syntax"] = None

import nbformat  # noqa: E402
from jinja2 import Environment, FileSystemLoader  # noqa: E402
from nbconvert import HTMLExporter  # noqa: E402
from nbconvert.filters import markdown2html  # noqa: E402
from traitlets.config import Config  # noqa: E402

from deepshock_about import ROOT, about  # noqa: E402
from deepshock_page import TEMPLATE, inline_assets, plotly, script, script_json, style  # noqa: E402
from deepshock_prose import PageError, unbroken  # noqa: E402


# The page that explains the words.
GLOSSARY = "00-start.html"


def write(path, text):
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf8", newline="\n")
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        # A write that fails names no file of its own.
        error.filename = str(path)
        raise


def write_pictures(folder, pictures):
    (folder / "assets" / "pictures").mkdir(parents=True, exist_ok=True) if pictures else None
    for name, png in pictures.items():
        (folder / "assets" / name).write_bytes(png)


def title_of(nb):
    for cell in nb.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("# "):
                return line[2:].strip().replace("$", "").replace("`", "").replace("*", "")
    return "Untitled"


def front_figure(number, one, page):
    """A figure of the front page, its picture a file of the site or, without assets, in the page itself."""
    picture, files = one.get("picture"), {}
    if picture is not None:
        png, shown = picture["png"], {key: picture[key] for key in ("width", "height")}
        name = f"pictures/front-figure-{number}.png"
        if "assets" in page:
            picture, files = {**shown, "src": page["assets"] + name}, {name: png}
        else:
            picture = {**shown, "src": f"data:image/png;base64,{png}"}
    words = {key: unbroken(html.escape(one[key])) for key in ("title", "setting", "caption")}
    return {**one, **words, "json": script_json(one["figure"]), "picture": picture, "files": files}


def explore(folder, shared, script, environment):
    """The page to try: its own style and script beside those that all pages share."""
    own = (TEMPLATE / "explore.css").read_text(encoding="utf8")
    if "assets" in shared:
        write(folder / "assets" / "explore.css", own)
        write(folder / "assets" / "explore.js", script + "\n")
        page = {**shared, "extra": "explore"}
    else:
        page = {**shared, "inline": inline_assets(shared["plotly"], own, script)}
    write(folder / "explore.html", environment.get_template("explore.html.j2").render(page=page) + "\n")


def named_file(link):
    """A link of data/NOTICE.md to a file of the project as words: those of the link, then where the file lies."""
    return f"{link[1]} (`{posixpath.normpath(f'data/{link[2]}')}`)"


def notices(folder, shared, environment):
    """The page of licences, from data/NOTICE.md: files that the site does not have are named where they are linked."""
    text = (ROOT / "data" / "NOTICE.md").read_text(encoding="utf8")
    body = markdown2html(re.sub(r"\[([^\]]+)\]\((?!https:)([^)]*)\)", named_file, text))
    # Without the marks that nbconvert sets behind a heading.
    body = re.sub(r'<a class="anchor-link"[^>]*>.*?</a>', "", body)
    wide = '<div class="scroll" tabindex="0" role="region" aria-label="Licences, table %d">'
    for number in range(1, body.count("<table>") + 1):
        body = body.replace("<table>", wide % number + '<table class="notices">', 1)
    page = {**shared, "notices_html": body.replace("</table>", "</table></div>")}
    if "assets" not in shared:
        page["inline"] = inline_assets(shared["plotly"])
    write(folder / shared["notices"], environment.get_template("notices.html.j2").render(page=page) + "\n")


def main(job):
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    shared = {"front": "index.html", "explore": "explore.html", "notices": "notices.html", "plotly": plotly(job["plotly"]), "about": about()}
    if not job["standalone"]:
        shared["assets"] = "assets/"
        (folder / "assets").mkdir(exist_ok=True)
        write(folder / "assets" / "page.css", style())
        write(folder / "assets" / "page.js", script() + "\n")
        write(folder / "assets" / "plotly.js", f'globalThis.deepshockPlotly = "{shared["plotly"]["packed"]}";\n')
    config = Config()
    config.HTMLExporter.template_name = "deepshock"
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATE.parent)]
    exporter = HTMLExporter(config=config)
    books = [{**book, "nb": nbformat.read(book["path"], as_version=4), "href": f"{book['name']}.html"} for book in job["notebooks"]]
    links = [{"href": book["href"], "title": title_of(book["nb"])} for book in books]
    reports = []
    for i, book in enumerate(books):
        words = next((one["href"] for one in links if one["href"] == GLOSSARY and book["href"] != GLOSSARY), None)
        around = {"glossary": words, "previous": links[i - 1] if i > 0 else None, "next": links[i + 1] if i + 1 < len(links) else None}
        try:
            text, resources = exporter.from_notebook_node(book["nb"], {"deepshock": {**shared, **around, "name": book["name"]}})
        except PageError as error:
            print(f"{book['name']}, {error}", file=sys.stderr)
            return 3
        write(folder / book["href"], text.rstrip() + "\n")
        write_pictures(folder, resources["deepshock"]["pictures"])
        reports.append({**resources["deepshock"], "href": book["href"], "number": book["name"][:2]})
    for page in folder.glob("[0-9][0-9]-*.html"):
        if page.name not in {book["href"] for book in books}:
            page.unlink()
    page = {**shared, "description": job["description"], "reports": reports, **job["front"]}
    page["argument"] = [unbroken(html.escape(sentence)) for sentence in page["argument"]]
    page["worth"] = {**page["worth"], "title": unbroken(html.escape(page["worth"]["title"]))}
    page["verdicts"] = [
        {**row, "name": unbroken(row["name"]), "headline": unbroken(html.escape(row["headline"]))} for row in page["verdicts"]
    ]
    page["figures"] = [front_figure(number, one, page) for number, one in enumerate(page["figures"], 1)]
    if job["standalone"]:
        page["inline"] = inline_assets(shared["plotly"])
    else:
        write_pictures(folder, {name: base64.b64decode(png) for one in page["figures"] for name, png in one["files"].items()})
    environment = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=False)
    write(folder / "index.html", environment.get_template("front.html.j2").render(page=page) + "\n")
    write(folder / "zh.html", environment.get_template("front-zh.html.j2").render(page=page) + "\n")
    notices(folder, shared, environment)
    explore(folder, {**shared, "previous": links[-1]}, Path(job["explorer"]).read_text(encoding="utf8").strip(), environment)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf8"))))
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
