"""What a page says of itself at its foot, in print and to who cites it: from CITATION.cff and package.json, and from no clock."""

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent


def about(root=ROOT):
    """Version, day of its release, licence, authors, the article, the repository's address where package.json names one, and BibTeX."""
    cff = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf8"))
    package = json.loads((root / "package.json").read_text(encoding="utf8"))
    authors = [name_of(author) for author in cff["authors"]]
    article = next((one for one in cff.get("references", []) if one["type"] == "article"), None)
    known = {
        "name": package["name"],
        "title": cff["title"],
        "version": cff["version"],
        "date": str(cff["date-released"]),
        "licence": cff["license"],
        "authors": authors,
        "repository": repository(package, cff),
        "article": article and {"title": article["title"], "by": ", ".join(name_of(a) for a in article["authors"]), "year": str(article["year"]), "url": article["url"]},
    }
    return {**known, "bibtex": bibtex(known)}


def name_of(author):
    return author.get("name") or " ".join(part for part in (author.get("given-names"), author.get("family-names")) if part)


def repository(package, cff):
    """An address that a reader can open, or nothing."""
    named = package.get("repository") or cff.get("repository-code") or ""
    url = named.get("url", "") if isinstance(named, dict) else named
    url = url.removeprefix("git+").removesuffix(".git")
    return url if url.startswith("https://") else ""


def bibtex(known):
    year = known["date"][:4]
    fields = {
        "author": " and ".join(f"{{{author}}}" for author in known["authors"]),
        "title": f"{{{known['title']}}}",
        "version": known["version"],
        "date": known["date"],
        "year": year,
        "license": known["licence"],
        **({"url": known["repository"]} if known["repository"] else {}),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@software{{{known['name']}{year},", *lines, "}"])
