"""Turn a notebook into the parts of a page: what the template `deepshock` lays out.

Used by convert.py and, through the template's conf.json, by JupyterLab's export menu. Formulas become MathML,
figures keep their Plotly JSON beside the caption, code is coloured by class so that one style sheet serves light
and dark. Nothing here asks a network for anything.
"""

import base64
import hashlib
import html
import json
import os
import re
import struct
import subprocess
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert.filters import strip_ansi
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TypeScriptLexer

from deepshock_about import about
from deepshock_glossary import anchored, linked
from deepshock_prose import Formulas, PageError, Renderer, boxed, unbroken
from deepshock_sources import cited, sources_in

HERE = Path(__file__).parent
TEMPLATE = HERE / "templates" / "deepshock"
PLOTLY_MIME = "application/vnd.plotly.v1+json"
SCRIPTS = ("page.js", "numbers.js", "tables.js", "notes.js")
WORDS_PER_MINUTE = 220
# Pixels of a picture for each of the page's (pictures.mjs).
PIXELS = 1.5
ANSWER = "**In short.**"
# The cell that says what a report of one's own was executed for (own-notebooks.mjs): it stands above the answer.
OWN_NOTE = "own-note"
# The line that a verdict cell prints, such as "**Claim 3 (memory in 32–64 B): Mostly wrong.**"
VERDICT = re.compile(r"\*\*Claim (\w+)(?: \([^*]*\))?: (Right|Mostly right|Half right|Mostly wrong|Wrong|Depends on a word|Not yet)\.?\*\*")


def script_json(value):
    """JSON that may stand inside a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


class Page:
    """The parts of one notebook, in order, and what the frame around them needs."""

    def __init__(self, nb, in_site=False, name="", assets=None, glossary=None):
        self.in_site = in_site
        self.name = name
        self.assets = assets
        self.pictures = {}
        # The page whose table explains the words; none where it is this page, or where there is none.
        self.glossary = glossary
        self.headings = []
        self.formulas = Formulas()
        self.figures = 0
        self.where = ""
        self.written = True
        self.answer = ""
        self.note = ""
        self.verdicts = []
        self.sources = []
        self.blocks = [block for number, cell in enumerate(nb.cells, 1) for block in self.cell(number, cell)]

    def cell(self, number, cell):
        tags = cell.metadata.get("tags", [])
        self.where = f"cell {number}"
        self.written = cell.cell_type == "markdown"
        if "remove-cell" in tags:
            return
        if cell.get("id") == OWN_NOTE:
            self.note = self.markdown(cell.source)
        elif cell.cell_type == "markdown":
            yield self.prose(cell.source, cell.get("attachments"))
        elif cell.cell_type == "code" and cell.source.strip():
            # An answer stays folded until the reader has tried: what was run, and what came out.
            if "answer" in tags:
                yield {"kind": "fold"}
            if not {"remove-input", "hide-input"} & set(tags):
                yield {"kind": "code", "html": code(cell.source), "open": bool({"parameters", "injected-parameters"} & set(tags))}
            if "remove-output" not in tags:
                yield from self.outputs(cell.outputs)
            if "answer" in tags:
                yield {"kind": "unfold"}

    def anchor(self, plain):
        base = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "part"
        taken = {heading["id"] for heading in self.headings}
        return base if base not in taken else next(f"{base}-{n}" for n in range(2, 1000) if f"{base}-{n}" not in taken)

    def markdown(self, source, attachments=None):
        renderer = Renderer(self, attachments=attachments)
        # A paragraph may not hold a block, which is what a displayed formula is.
        drawn = re.sub(r'<p>(\s*<div class="formula".*?</div>\s*)</p>', r"\1", MarkdownWithMath(renderer).render(source), flags=re.S)
        if self.in_site:
            # Notebooks name each other by file; in the site each has its page.
            drawn = re.sub(r'href="(\d\d-[^"/#]+)\.ipynb(?=["#])', r'href="\1.html', drawn)
        return boxed(unbroken(drawn))

    def prose(self, source, attachments=None):
        return {"kind": "prose", "html": self.markdown(source, attachments)}

    def outputs(self, outputs):
        waiting = list(outputs)
        while waiting:
            output = waiting.pop(0)
            if output.output_type == "stream":
                yield {"kind": "text", "html": html.escape(strip_ansi(output.text).rstrip("\n"))}
            elif output.output_type == "error":
                yield {"kind": "text", "html": html.escape(strip_ansi("\n".join(output.traceback)))}
            elif PLOTLY_MIME in output.data:
                said = waiting[0].get("metadata", {}).get("deepshock") if waiting else None
                follows = said == "caption" or (isinstance(said, dict) and said.get("kind") == "caption")
                caption = waiting.pop(0).data["text/markdown"] if follows else ""
                yield self.figure(output.data, caption, said if isinstance(said, dict) and follows else {})
            else:
                yield from self.shown(output.data)

    def figure(self, data, words, said):
        """`said` is what showFigure tells beside the caption: title, setting, source, and the captions of a menu's choices."""
        self.figures += 1
        lettered = re.match(r"\W*Figure [A-Z0-9]+\b", words)
        figure = data[PLOTLY_MIME]
        title = said.get("title", "")
        choices = said.get("choices", [])
        return {
            "kind": "figure",
            "id": f"figure-{self.figures}",
            "name": lettered[0].strip("*_ ") if lettered else f"Figure {self.figures}",
            "named": bool(lettered),
            "title": unbroken(html.escape(title)),
            "setting": unbroken(html.escape(said.get("setting", ""))),
            "source": unbroken(html.escape(said.get("source", ""))),
            "caption": self.markdown(said.get("caption", words)),
            "choices": [{"title": unbroken(choice["title"]), "caption": self.markdown(choice["caption"])} for choice in choices],
            "active": next((control.get("active", 0) for kind in ("updatemenus", "sliders") for control in figure.get("layout", {}).get(kind, [])), 0),
            "alt": title or first_sentence(data.get("text/plain", "")),
            "picture": self.picture(data),
            "json": script_json(figure),
        }

    def picture(self, data):
        """Where a figure's picture lies, and how large it is shown; in the site a file of its own, else in the page itself."""
        if "image/png" not in data:
            return None
        encoded = data["image/png"].strip()
        png = base64.b64decode(encoded)
        width, height = struct.unpack(">II", png[16:24])
        shown = {"width": round(width / PIXELS), "height": round(height / PIXELS)}
        if self.assets is None:
            return {**shown, "src": f"data:image/png;base64,{encoded}"}
        file = f"pictures/{self.name}-figure-{self.figures}.png"
        self.pictures[file] = png
        return {**shown, "src": self.assets + file}

    def shown(self, data):
        if "text/html" in data:
            sources = sources_in(data["text/html"])
            if sources and not self.sources:
                self.sources = sources
                yield {"kind": "sources"}
            else:
                yield {"kind": "html", "html": anchored(boxed(unbroken(data["text/html"])))}
        elif "text/markdown" in data:
            yield from self.said(data["text/markdown"])
        elif "image/svg+xml" in data:
            encoded = base64.b64encode(data["image/svg+xml"].encode()).decode()
            yield {"kind": "html", "html": f'<img src="data:image/svg+xml;base64,{encoded}" alt="{html.escape(data.get("text/plain", ""))}">'}
        elif "image/png" in data:
            yield {"kind": "html", "html": f'<img src="data:image/png;base64,{data["image/png"].strip()}" alt="{html.escape(data.get("text/plain", ""))}">'}
        elif "text/latex" in data:
            yield self.prose(data["text/latex"])
        elif "text/plain" in data:
            yield {"kind": "text", "html": html.escape(data["text/plain"])}

    def said(self, words):
        """Text that a cell computed: the answer in short goes to the head of the page, verdicts to its badges, too."""
        if words.startswith(ANSWER) and not self.answer:
            self.answer = self.markdown(words)
            return
        section = self.headings[-1]["id"] if self.headings else "main"
        self.verdicts += [{"claim": claim, "verdict": verdict, "at": section} for claim, verdict in VERDICT.findall(words)]
        yield self.prose(words)

    def parts(self):
        """The title taken out of the first prose, and the rest."""
        titles = [heading for heading in self.headings if heading["level"] == 1]
        title = titles[0] if titles else {"text": "Untitled", "html": "Untitled", "id": "title"}
        blocks = list(self.blocks)
        if titles and blocks and blocks[0]["kind"] == "prose":
            blocks[0] = {**blocks[0], "html": re.sub(r"<h1 .*?</h1>\s*", "", blocks[0]["html"], count=1, flags=re.S)}
        if self.glossary is not None:
            blocks = linked(blocks, self.glossary)
        answer, blocks, sources = cited(self.answer, blocks, self.sources)
        prose = " ".join([answer, *(block["html"] for block in blocks if block["kind"] == "prose")])
        words = len(re.sub(r"<[^>]+>", " ", prose).split())
        parts = {
            "titleHtml": title["html"],
            "contents": [heading for heading in self.headings if heading["level"] in (2, 3)],
            "blocks": blocks,
            "answer": answer,
            "note": self.note,
            "verdicts": self.verdicts,
            "sources": sources,
            "lead": lead(blocks),
            "pictures": self.pictures,
            "minutes": max(1, round(words / WORDS_PER_MINUTE)),
            "figures": self.figures,
        }
        return {"title": title["text"], **self.formulas.draw(parts)}


def first_sentence(words):
    return re.split(r"(?<=[.!?])\s", words.strip(), maxsplit=1)[0]


def lead(blocks):
    """The first paragraph, for the front page."""
    for block in blocks:
        if block["kind"] == "prose":
            paragraph = BeautifulSoup(block["html"], "html.parser").find("p")
            if paragraph:
                for link in paragraph.find_all("a"):
                    link.unwrap()
                return paragraph.decode_contents()
    return ""


def code(source):
    return highlight(source, TypeScriptLexer(), HtmlFormatter(nowrap=True))


def style():
    return (TEMPLATE / "page.css").read_text(encoding="utf8")


def script():
    """What the page does, all its files in one."""
    return "\n".join((TEMPLATE / name).read_text(encoding="utf8").strip() for name in SCRIPTS)


def plotly(file=None):
    """Plotly packed, and the hash by which a page's policy knows it unpacked; `file` is what plotly.mjs made."""
    if file is None:
        node = os.environ.get("DEEPSHOCK_NODE", "node")
        done = subprocess.run([node, str(HERE / "plotly.mjs")], capture_output=True, encoding="utf8", check=False)
        if done.returncode != 0:
            raise PageError(f"Plotly could not be packed: {done.stderr.strip()}")
        file = done.stdout.strip()
    return json.loads(Path(file).read_text(encoding="utf8"))


def inline_assets(packed, own_style="", own_script=""):
    """Style and scripts to stand in the page itself, with the hashes by which its policy knows the scripts; a page may add its own."""
    scripts = [script()] + ([own_script] if own_script else [])
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts)
    return {"style": style() + own_style, "scripts": scripts, "hashes": hashes, "plotly": packed["packed"]}


class PagePreprocessor(Preprocessor):
    """Puts the page's parts where the template finds them: resources.deepshock.

    A caller may have put there `assets` (the folder of the shared style, scripts and pictures), `plotly` (what plotly gives), the
    page's `name`, `previous`, `next` and `front`; without `assets` the page carries all of them in itself. The files of the pictures
    come back in `pictures`.
    """

    def preprocess(self, nb, resources):
        given = resources.get("deepshock", {})
        page = {"previous": None, "next": None, "front": None, **given}
        page.update(Page(nb, in_site=page["front"] is not None, name=page.get("name", ""), assets=page.get("assets"), glossary=page.get("glossary")).parts())
        if "plotly" not in page:
            page["plotly"] = plotly()
        if "about" not in page:
            page["about"] = about()
        if "assets" not in page:
            page["inline"] = inline_assets(page["plotly"])
        resources["deepshock"] = page
        return nb, resources
