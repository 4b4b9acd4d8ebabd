#!/usr/bin/env python3
"""The list of files in each folder's README.md, made of the first sentence of each file's head comment.

folders.py          refreshes the lists (part of `make pages`); the text above a list is written by hand
folders.py --check  says which lists are behind and which files have no head; exit 1 if there are any (part of tests/lint.py)
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOPS = ["base", "message", "config", "spool", "upstream", "mail", "sorter", "fetcher", "lan-server", "gateway", "ui-tui"]
HEAD = "| file | what it is for |\n| --- | --- |\n"


def first_paragraph(path):
    """Of the comment that a file opens with, in one line; "" if it opens with none."""
    found = re.match(r"/\*(.*?)\*/", path.read_text(), re.S)
    lines = [line.strip().lstrip("*").strip() for line in found[1].split("\n")] if found else []
    while lines and not lines[0]:
        lines.pop(0)
    paragraph = []
    for line in lines:
        if not line:
            break
        paragraph.append(line)
    return " ".join(paragraph)


def purpose(path):
    sentence = re.split(r"(?<=[.:])\s+(?=[A-Z`\"])", first_paragraph(path))[0]
    return sentence.rstrip(".:;").replace("|", "\\|")


def folders():
    for top in TOPS:
        yield ROOT / top
        yield from sorted(path for path in (ROOT / top).iterdir() if path.is_dir())


def files(folder):
    """Stem -> the file whose head says what it is for: the header, else the source."""
    found = {}
    for path in sorted(folder.glob("*.[ch]")):
        if path.suffix == ".h" or path.stem not in found:
            found[path.stem] = path
    return found


def table(folder, complaints):
    rows = []
    for stem, path in sorted(files(folder).items()):
        text = purpose(path)
        if not text:
            complaints.append(f"{path.relative_to(ROOT)}:1: opens with no comment that says what it is for")
        rows.append(f"| `{stem}` | {text} |\n")
    for wing in sorted(path for path in folder.iterdir() if path.is_dir()):
        if not (wing / "README.md").exists():
            continue  # complained of where its own list is made
        about = (wing / "README.md").read_text().split("\n\n")[1].split(". ")[0].rstrip(".")
        rows.append(f"| [`{wing.name}/`]({wing.name}/README.md) | {about} |\n")
    return HEAD + "".join(rows)


def main():
    complaints = []
    for folder in sorted(folders(), key=lambda path: -len(path.parts)):
        page = folder / "README.md"
        if not page.exists():
            complaints.append(f"{page.relative_to(ROOT)}:1: is missing: `# {folder.relative_to(ROOT)}/` and a paragraph on what the folder is for")
            continue
        old = page.read_text()
        new = old.split(HEAD)[0].rstrip() + "\n\n" + table(folder, complaints)
        if "--check" not in sys.argv:
            page.write_text(new)
        elif new != old:
            complaints.append(f"{page.relative_to(ROOT)}:1: the list of files is behind: make pages")
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints and "--check" in sys.argv else 0


sys.exit(main())
