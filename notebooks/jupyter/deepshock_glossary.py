"""Words of the glossary: an anchor at each row of its table, and on other pages a link from a word's first use."""

import csv
import html
import re
from pathlib import Path

from bs4 import BeautifulSoup

DATA = Path(__file__).parent.parent.parent / "data" / "glossary.csv"
HEADS = ["Word", "What it means here", "Also", "Of", "At home in"]
# In these nothing is a word of a sentence, or it is a link already.
CLOSED = ["a", "code", "pre", "summary", "math", "h1", "h2", "h3", "h4", "th", "script", "svg"]


def terms():
    """The words that pages link, the longest first, each with its meaning."""
    with DATA.open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    found = [(row["term"], row["meaning"]) for row in rows if row["linked"] == "yes"]
    return sorted(found, key=lambda one: -len(one[0]))


def slug(term):
    return "term-" + (re.sub(r"[^a-z0-9]+", "-", term.lower().replace("*", " star")).strip("-"))


def anchored(fragment):
    """The table of the glossary with an anchor at each row; any other fragment as it is."""
    if HEADS[1] not in fragment:
        return fragment
    soup = BeautifulSoup(fragment, "html.parser")
    if [cell.get_text() for cell in soup.select("thead th")] != HEADS:
        return fragment
    for row in soup.select("tbody > tr"):
        row["id"] = slug(row.find(["th", "td"]).get_text())
    return str(soup)


def linked(blocks, page):
    """Prose blocks in which the first use of each word leads to its meaning on `page`."""
    waiting = terms()

    def put(fragment):
        soup = BeautifulSoup(fragment, "html.parser")
        for text in list(soup.find_all(string=True)):
            if text.find_parent(CLOSED) is None and (drawn := marked(str(text))) is not None:
                text.replace_with(BeautifulSoup(drawn, "html.parser"))
        return str(soup)

    def marked(text):
        """The text with links, or nothing where no word that still waits is in it."""
        hits = []
        for one in list(waiting):
            term, meaning = one
            # A name in capitals or with a sign is met as it is written; a word also at the head of a sentence and in the plural.
            exact = not re.fullmatch(r"[a-z -]+", term)
            match = re.search(rf"(?<![\w-]){re.escape(term)}{'' if exact else 's?'}(?![\w-])", text, 0 if exact else re.I)
            if match and all(match.end() <= start or match.start() >= end for start, end, _ in hits):
                waiting.remove(one)
                link = f'<a class="term" href="{html.escape(page)}#{slug(term)}" title="{html.escape(meaning)}">{html.escape(match[0])}</a>'
                hits.append((match.start(), match.end(), link))
        if not hits:
            return None
        parts, end = [], 0
        for start, stop, link in sorted(hits):
            parts += [html.escape(text[end:start], quote=False), link]
            end = stop
        return "".join([*parts, html.escape(text[end:], quote=False)])

    return [{**block, "html": put(block["html"])} if block["kind"] == "prose" else block for block in blocks]
