"""Prose of a notebook as HTML: formulas as MathML, anchors on headings, tables in boxes, numbers that keep their units."""

import html
import json
import os
import re
import subprocess
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import IPythonRenderer


class PageError(Exception):
    """A notebook that cannot become a page; the message says where and why."""


class Formulas:
    """The formulas of a page. Each leaves a mark in the text; all are drawn at once, since drawing starts a process."""

    MARK = re.compile("\ue000(\\d+)\ue001")

    def __init__(self):
        self.asked = []

    def mark(self, latex, display, where):
        self.asked.append({"latex": latex.strip(), "display": display, "where": where})
        return f"\ue000{len(self.asked) - 1}\ue001"

    def latex(self, text):
        """The text with each mark replaced by its formula as it was written."""
        return self.MARK.sub(lambda match: self.asked[int(match[1])]["latex"], text)

    def draw(self, value):
        """The same texts, lists and records with each mark replaced by MathML."""
        if not self.asked:
            return value
        drawn = draw_formulas(self.asked)

        def put(part):
            if isinstance(part, str):
                return self.MARK.sub(lambda match: drawn[int(match[1])], part)
            if isinstance(part, list):
                return [put(inner) for inner in part]
            if isinstance(part, dict):
                return {key: put(inner) for key, inner in part.items()}
            return part

        return put(value)


def draw_formulas(asked):
    node = os.environ.get("DEEPSHOCK_NODE", "node")
    done = subprocess.run([node, str(Path(__file__).with_name("formulas.mjs"))], input=json.dumps(asked), capture_output=True, encoding="utf8", check=False)
    if done.returncode != 0:
        raise PageError(f"the formulas could not be drawn: {done.stderr.strip()}")
    drawn = json.loads(done.stdout)
    for formula, result in zip(asked, drawn):
        if isinstance(result, dict):
            raise PageError(f"{formula['where']}: cannot draw ${formula['latex']}$: {result['error']}")
    return drawn


class Renderer(IPythonRenderer):
    """Markdown to HTML with marks for formulas, anchors on headings, and tables in a box of their own."""

    def __init__(self, page, **options):
        # HTML stands as it is where an author wrote it, and as text where a cell computed it, perhaps from data.
        super().__init__(escape=not page.written, allow_harmful_protocols=page.written, exclude_anchor_links=True, **options)
        self.page = page

    def heading(self, text, level, **attrs):
        plain = self.page.formulas.latex(html.unescape(re.sub(r"<[^>]+>", "", text)))
        anchor = self.page.anchor(plain)
        self.page.headings.append({"level": level, "id": anchor, "text": plain, "html": text})
        if level == 1:
            return f'<h1 id="{anchor}">{text}</h1>\n'
        return f'<h{level} id="{anchor}">{text} <a class="anchor" href="#{anchor}" aria-label="Link to {html.escape(plain)}">#</a></h{level}>\n'

    def block_math(self, body):
        return f'<div class="formula" tabindex="0" role="group" aria-label="Formula">{self.page.formulas.mark(body, True, self.page.where)}</div>'

    def inline_math(self, body):
        return self.page.formulas.mark(body, False, self.page.where)

    def latex_environment(self, name, body):
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")


UNIT = re.compile(r"(?<=\d) (?=(?:%|[kKMGT]?i?B(?:/s)?|[nµm]?s|[GMT]?Hz)(?![\w-]))")
CODE_OR_TAG = re.compile(r"(<(?:pre|code)\b.*?</(?:pre|code)>|<[^>]*>)", re.S)


def unbroken(fragment):
    """The same text with no line break between a number and its unit."""
    return "".join(part if i % 2 else UNIT.sub("\u00a0", part) for i, part in enumerate(CODE_OR_TAG.split(fragment)))


def boxed(fragment):
    """Every table in a box that scrolls by itself, so that a wide one never widens the page."""
    if "<table" not in fragment:
        return fragment
    soup = BeautifulSoup(fragment, "html.parser")
    for table in soup.find_all("table"):
        if table.find_parent("table"):
            continue
        for cell in table.find_all("th"):
            if not cell.get("scope"):
                cell["scope"] = "col" if cell.find_parent("thead") else "row"
        repeat_names(table, soup)
        carded(table)
        name = table.caption.get_text() if table.caption else "Table"
        table.wrap(soup.new_tag("div", attrs={"class": "scroll", "tabindex": "0", "role": "group", "aria-label": name}))
    return str(soup)


# From so many letters on a cell holds a sentence: beside others it has no room on a phone.
SENTENCE = 48


def carded(table):
    """A table with sentences in it becomes a card a row where the screen is narrow; its cells say there what column they are of."""
    heads = [head.get_text(" ", strip=True) for head in table.select("thead > tr > th")]
    rows = table.select("tbody > tr")
    cells = [row.find_all(["th", "td"], recursive=False) for row in rows]
    if len(heads) < 3 or any(len(row) != len(heads) for row in cells):
        return
    if not any(len(cell.get_text(strip=True)) > SENTENCE for row in cells for cell in row):
        return
    table["class"] = [*table.get("class", []), "cards"]
    for row in cells:
        for head, cell in list(zip(heads, row))[1:]:
            cell["data-head"] = head
            if len(cell.get_text(strip=True)) > SENTENCE:
                cell["class"] = [*cell.get("class", []), "long"]


def repeat_names(table, soup):
    """A row whose name is left blank has the name of the row above: written there too, seen once the table is sorted."""
    name = ""
    for row in table.select("tbody > tr"):
        head = row.find(["th", "td"])
        text = head.get_text(strip=True)
        if text:
            name = text
        elif name:
            again = soup.new_tag("span", attrs={"class": "again"})
            again.string = name
            head.append(again)
