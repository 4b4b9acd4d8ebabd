"""What the documents say is what the programs know: verbs, options, keys, modules, links; both languages have the same commands. (The events
and problems of docs/events.md: tests/lint.py.)"""
import functools
import itertools
import re
import subprocess
from pathlib import Path

import pytest

from harness.gateway import BUILD, environment

TOP = Path(__file__).parents[3]
SOURCES = ("base", "message", "config", "spool", "upstream", "mail", "sorter", "fetcher", "lan-server", "gateway", "ui-tui")
PAGES = sorted([TOP / "README.md", TOP / "README.ru.md", TOP / "spool/QUEUE.md", *TOP.glob("docs/*.md"), *TOP.glob("docs/ru/*.md")])
MANUALS = sorted([*TOP.glob("docs/*.[1-8]"), *TOP.glob("docs/ru/*.[1-8]")])


def name(path):
    return str(path.relative_to(TOP))


@functools.cache
def lanpost(*args):
    return subprocess.run([BUILD / "lanpost", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90,
                          env=environment("en"))


def verbs():
    """All of them, as `user add`, and the groups."""
    found = set()
    for first in lanpost("completion", "words").stdout.split():
        second = set(lanpost("completion", "words", "--", first).stdout.split())
        members = {word for word in second if re.fullmatch("[a-z]+", word) and lanpost(first, word, "--help").returncode == 0}
        found |= {first} | {f"{first} {word}" for word in members}
    return found


def manual_text(path):
    """roff without its requests and escapes; each line of bold text is code."""
    lines = []
    for line in path.read_text().splitlines():
        line = re.sub(r"\\f[BIRP]", "", line).replace(r"\-", "-").replace(r"\&", "").replace(r"\(dq", '"')
        macro = re.match(r"\.(?:BR?|BI|RB|IR?) (.*)", line)
        if macro:
            line = re.sub(r'"([^"]*)"|(\S+) ?', r"\1\2", macro[1]) if macro[0][:3] in (".BR", ".BI", ".RB") else macro[1].strip('"')
        lines.append(line)
    return "\n".join(lines)


def code_of(path):
    """Text in code: spans and blocks of Markdown, bold text of manuals, backticks in the texts of the sources."""
    text = path.read_text() if path.suffix in (".md", ".c", ".sample") else manual_text(path)
    if path.suffix == ".sample" or path.suffix[1:].isdigit():
        return text.splitlines()
    blocks = re.findall(r"(?ms)^ *```\w*\n(.*?)^ *```", text) if path.suffix == ".md" else []
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^ *```.*?^ *```", "", text))
    return [line for block in blocks for line in block.splitlines()] + spans


def calls(path):
    """(verb, options) for each call of lanpost."""
    for code in code_of(path):
        for call in re.findall(r"(?<![\w./@<-])lanpost((?: (?:-c|--lang) \S+)*(?: [a-z-]+)(?: [^\n|;&#]*)?)", code):
            words = re.sub(r" (?:-c|--lang) \S+", "", call).split()
            if words and re.fullmatch("[a-z][a-z-]*", words[0]) and words[0] not in NOT_VERBS:
                yield words


# The name of the program, of its user or of its service with a word behind it.
NOT_VERBS = {"gateway", "mail"}


def test_every_command_of_the_documents_exists():
    known = verbs()
    wrong = []
    for path in [*PAGES, *MANUALS, TOP / "docs/lanpost.conf.sample", *(c for folder in SOURCES for c in (TOP / folder).rglob("*.c"))]:
        for words in calls(path):
            if path.suffix[1:].isdigit() and words[0] not in {verb.split()[0] for verb in known}:
                continue  # prose
            verb = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
            is_group = any(other.startswith(verb + " ") for other in known)
            if verb not in known or (is_group and len(words) > 1 and re.fullmatch("[a-z]{3,}", words[1])):
                wrong.append(f"{name(path)}: lanpost {' '.join(words)}")
                continue
            if is_group:
                continue
            options = {option.split("=")[0] for word in words for option in re.findall(r"--[a-z0-9][a-z0-9=-]*", word)}
            help = lanpost(*verb.split(), "--help").stdout
            wrong += [f"{name(path)}: lanpost {verb} {option}" for option in options if not re.search(rf"{option}\b", help)]
    assert not wrong, "\n".join(wrong)


def test_every_setting_of_the_documents_exists():
    keys, section = {}, None
    for line in lanpost("config-reference").stdout.splitlines():
        if heading := re.match(r"## \[(\w+)", line):
            section = keys.setdefault(heading[1], set())
        elif row := re.match(r"\| `(\w+)` ", line):
            section.add(row[1])
    wrong = [f"{name(path)}: [{kind}] {key}" for path in PAGES for code in code_of(path)
             for kind, key in re.findall(r"\[([a-z]+)(?: \w+)?\] ([a-z_0-9]{3,})\b", code) if kind in keys and key not in keys[kind]]
    assert not wrong, "\n".join(wrong)
    # And in the blocks of configuration, and in the sample, where much is commented out.
    for path in [*PAGES, TOP / "docs/lanpost.conf.sample"]:
        text = path.read_text()
        for block in [text] if path.suffix == ".sample" else re.findall(r"(?ms)^ *```ini\n(.*?)^ *```", text):
            kind = None
            for line in block.splitlines():
                if heading := re.match(r";?\[(\w+)", line):
                    kind = heading[1]
                elif key := re.match(r";?(\w+) =", line):
                    assert key[1] in keys[kind], (name(path), kind, key[1])


def test_the_modules_of_the_architecture_exist():
    wrong = []
    for folder, names in re.findall(r"(?m)^\| `([a-z-]+)/` \|(.*)", (TOP / "docs/architecture.md").read_text()):
        for module in re.findall(r"`([a-z_0-9]+)`", names):
            if not list((TOP / folder).rglob(f"{module}.[ch]")):
                wrong.append(f"{folder}/{module}")
    # And files that any page names.
    for path in PAGES:
        for file in re.findall(rf"`((?:{'|'.join(SOURCES)})/[\w./-]+\.[ch])`", path.read_text()):
            if not (TOP / file).exists():
                wrong.append(f"{name(path)}: {file}")
    assert not wrong, "\n".join(wrong)


def anchors(path):
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"(?m)^#+ (.*)", path.read_text())}


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?ms)^ *```.*?^ *```", "", path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        assert there.exists(), (name(path), target)
        assert not anchor or anchor in anchors(there), (name(path), target)


def commands(path):
    """The code blocks without their comments; of those that show a terminal the commands only."""
    found = []
    for kind, block in re.findall(r"(?ms)^ *```(\w*)\n(.*?)^ *```", path.read_text()):
        lines = block.splitlines()
        typed = [line for line in lines if line.startswith("$ ")]
        found.append((kind, typed or [re.sub(r"\s+[#;] .*", "", line) for line in lines]))
    return found


@pytest.mark.parametrize("english, russian", [("README.md", "README.ru.md")])
def test_the_russian_page_has_the_same_commands(english, russian):
    assert commands(TOP / english) == commands(TOP / russian)
    assert f"({russian})" in (TOP / english).read_text() and f"({english})" in (TOP / russian).read_text()


@pytest.mark.parametrize("page", [path.name for path in sorted(TOP.glob("docs/ru/*.md"))])
def test_the_russian_documents_name_the_same_commands(page):
    english, russian = TOP / "docs" / page, TOP / "docs/ru" / page
    typed = [sorted(re.sub(r" ?(?![a-z-])\S+", "", " ".join(words)) for words in calls(path)) for path in (english, russian)]
    assert typed[0] == typed[1]
    count = [len(re.findall(r"(?m)^(?:#|\|)", path.read_text())) for path in (english, russian)]
    assert count[0] == count[1], "headings and rows of tables"


@pytest.mark.parametrize("language, folder", [("en", "docs"), ("ru", "docs/ru")])
def test_pages_made_of_tables_are_fresh(language, folder):
    for words, file in ((["config-reference"], "configuration.md"), (["config-reference", "man"], "lanpost.conf.5"),
                        (["config-reference", "verbs", str(TOP / folder / "lanpost.1.in")], "lanpost.1")):
        made = lanpost("--lang", language, *words)
        assert made.returncode == 0, made.stderr
        wanted, found = made.stdout.splitlines(), (TOP / folder / file).read_text().splitlines()
        for number, (should, line) in enumerate(itertools.zip_longest(wanted, found), 1):
            assert line == should, f"{folder}/{file}:{number}: is not what the program says: make pages"


def test_manuals_can_be_formatted():
    for path in MANUALS:
        done = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww", path], capture_output=True, text=True, timeout=90)
        assert done.returncode == 0 and done.stderr == "", (name(path), done.stderr)
