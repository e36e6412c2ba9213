"""The sources of a notebook as numbered notes: its table of sources becomes a list, and each link to one of them gets its number."""

import html
import re

from bs4 import BeautifulSoup

COLUMNS = ["Source", "By", "Published", "Address"]
LINK = re.compile(r'<a href="([^"]+)"[^>]*>.*?</a>', re.S)


def sources_in(fragment):
    """The rows of a notebook's table of sources, numbered from 1; nothing when it is another table."""
    table = BeautifulSoup(fragment, "html.parser").find("table")
    if table is None or [cell.get_text() for cell in table.select("thead th")] != COLUMNS:
        return []
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody > tr")]
    return [
        {"number": number, "title": title, "by": by, "published": published if published != "–" else "", "url": url if url.startswith(("https://", "http://")) else ""}
        for number, (title, by, published, url) in enumerate(rows, 1)
    ]


def cited(answer, blocks, sources):
    """Answer and blocks with a numbered mark after each link to a source, and the sources with the marks that lead to them."""
    marks = {source["number"]: [] for source in sources}
    by_address = {source["url"]: source for source in reversed(sources) if source["url"]}

    def marked(fragment):
        def put(match):
            source = by_address.get(html.unescape(match[1]))
            if source is None:
                return match[0]
            number = source["number"]
            anchor = f"cite-{number}-{len(marks[number]) + 1}"
            marks[number].append(anchor)
            says = html.escape(f"Source {number}: {source['title']}")
            return f'{match[0]}<sup class="cite"><a id="{anchor}" href="#source-{number}" role="doc-noteref" aria-label="{says}">{number}</a></sup>'

        return LINK.sub(put, fragment)

    answer = marked(answer)
    parts = [{**block, **{key: marked(block[key]) for key in ("html", "caption") if key in block and block["kind"] != "code"}} for block in blocks]
    return answer, parts, [{**source, "cites": marks[source["number"]]} for source in sources]
