"""What a row of a table in the sources needs elsewhere: conditions and actions of rules, commands and replies of the LAN server, settings. Part of lint.py:
each check yields (file, line, what is missing there)."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read(path):
    return (ROOT / path).read_text()


def line_of(path, start):
    return read(path).count("\n", 0, read(path).index(start)) + 1


def table(path, start):
    """The rows of a table that begins with this line, up to the line that closes it."""
    return read(path).split(start, 1)[1].split("\n};", 1)[0]


def first_words(path, heading):
    """The first word of each row of the table in a section of a page, as of `size > 5M`; not of `<header> ...`."""
    section = read(path).split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"(?m)^\| `(\w+)", section)) | set(re.findall(r"(?m)^\| `[^|]*`, `(\w+)`", section))


def page_against(path, heading, what, known, home):
    """A page has a row for each of what the program knows, and no others."""
    rows = first_words(path, heading)
    for word in sorted(known - rows):
        yield path, line_of(path, f"## {heading}\n"), f"{what} `{word}` ({home}) has no row in this table"
    for word in sorted(rows - known):
        yield path, line_of(path, f"## {heading}\n"), f"{what} `{word}` is no longer in {home}"


def conditions():
    home = "sorter/rule_test.c"
    words = set(re.findall(r'(?m)^    \{"(\w+)", TEST_', table(home, "} subjects[] = {")))
    for path, heading in (("docs/rules.md", "Conditions"), ("docs/ru/rules.md", "Условия")):
        yield from page_against(path, heading, "the condition", words | {"has", "always"}, home)
    places = ((home, 'N_("the name of a header', r"\b{}\b", "this text, of what a condition can begin with"),
              ("sorter/rule_parse.h", " *\tcondition ", r'"{}"', "the grammar"),
              ("tests/unit/sorter/test_rule.c", "} conditions[] = {", r'(?m)^    \{{"(?:\w+ )*{}\b', "the examples of conditions"))
    for path, start, pattern, name in places:
        part = re.split(r"\n(?:\};| \*/|\t\treturn)", read(path).split(start, 1)[1], maxsplit=1)[0]
        for word in sorted(words):
            if not re.search(pattern.format(word), part):
                yield path, line_of(path, start), f"the condition `{word}` ({home}) is not in {name}"


def actions():
    home = "config/schema.c"
    keys = set(re.findall(r'(?m)^    \{"(\w+)"', table(home, "schema_key rule_keys[] = {"))) - {"when"}
    for path, heading in (("docs/rules.md", "Actions"), ("docs/ru/rules.md", "Действия")):
        yield from page_against(path, heading, "the action", keys, home)


def commands():
    """A client says each command of the LAN server in some script."""
    for path in sorted(ROOT.glob("lan-server/*/*d.c")):
        if "commands[] = {" not in path.read_text():
            continue
        home, scripts = path.relative_to(ROOT).as_posix(), f"tests/data/{path.parent.name}"
        tag = r"(?:\w+ (?:uid )?)?" if path.name == "imapd.c" else ""
        said = {word.upper() for script in (ROOT / scripts).glob("*") for word in re.findall(rf"(?mi)^c(?: \d+)?: ?{tag}(\w+)", script.read_text())}
        for word in re.findall(r'(?m)^    \{"(\w+)"', table(home, "commands[] = {")):
            if word not in said:
                yield home, line_of(home, f'{{"{word}"'), f"no script in {scripts}/ has the command {word}"


def dictionaries():
    """The fuzzer knows each command of the LAN server."""
    for path in sorted(ROOT.glob("lan-server/*/*d.c")):
        home, words = path.relative_to(ROOT).as_posix(), f"tests/fuzz/dictionaries/{path.stem}_session.dict"
        if "commands[] = {" not in path.read_text():
            continue
        for word in re.findall(r'(?m)^    \{"(\w+)"', table(home, "commands[] = {")):
            if not re.search(rf"\b{word}\b", read(words)):
                yield home, line_of(home, f'{{"{word}"'), f"{words} has no {word}"


# Of RFC 3501; each other command of the IMAP server belongs to a capability: one whose name is in it, or this one.
IMAP_COMMANDS = set("CAPABILITY NOOP LOGOUT STARTTLS LOGIN AUTHENTICATE SELECT EXAMINE CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE LIST LSUB STATUS APPEND "
                    "CHECK CLOSE EXPUNGE FETCH STORE SEARCH COPY".split())
CAPABILITY_OF = {"MYRIGHTS": "ACL", "LISTRIGHTS": "ACL"}


def capabilities():
    """What IMAP announces is what it can do, and the page says so."""
    home, place = "lan-server/imap/imapd_login.c", "#define FOR_STRANGERS"
    text = read(home).split(place, 1)[1].split("\n\n", 1)[0]
    words = [word for line in re.findall(r'"([^"]*)"', text) for word in line.split()]
    for command in re.findall(r'(?m)^    \{"(\w+)"', table("lan-server/imap/imapd.c", "commands[] = {")):
        name = CAPABILITY_OF.get(command, command)
        if command not in IMAP_COMMANDS and not any(word.split("=")[0] in name for word in words):
            yield home, line_of(home, place), f"no capability announces the command {command}"
    for page in ("docs/imap.md", "docs/ru/imap.md"):
        for word in words:
            if word not in read(page) and word.split("=")[0] + " (" not in read(page):
                yield page, 1, f"the capability {word} is not on this page"


def test_packages():
    """The page of dependencies says what each package of the tests is for."""
    page, section = "docs/dependencies.md", read("packages.txt").split("# To test", 1)[1].split("\n#")[0]
    for name in re.findall(r"(?m)^([a-z][\w.+-]+)", section.split("\n", 1)[1]):
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", read(page)):
            yield page, line_of(page, "## In the tests"), f"{name} of packages.txt is not in this table"


def replies():
    """Each reply of the LAN server has its row: a text that is missing would be found by the client that it is for."""
    for path in sorted(ROOT.glob("lan-server/*/*_reply.h")):
        header, source = path.relative_to(ROOT).as_posix(), path.relative_to(ROOT).as_posix()[:-1] + "c"
        rows = set(re.findall(r"\[(REPLY_\w+)\] =", read(source)))
        for name in re.findall(r"(?m)^\t(REPLY_\w+),", read(header)):
            if name not in rows | {"REPLY_NONE"}:
                yield header, line_of(header, f"\t{name},"), f"{name} has no row in {source}"


def settings():
    """(file, section, key, field) for each row of the tables of settings."""
    for home in ("config/schema.c", "config/schema_optional.c"):
        text = read(home)
        shared = re.findall(r'\{"(\w+)", [A-Z]+\(owner, ([\w.]+)', text)
        for section, rows in re.findall(r"(?s)const struct schema_key (\w+)_keys\[\w*\] = \{\n(.*?)\n\};", text):
            for key, field in re.findall(r'(?m)^    \{"(\w+)", [A-Z]+\(\w+, ([\w.]+)', rows) + (shared if "REMOTE(" in rows else []):
                yield home, section, key, field.split(".")[-1]


def settings_are_used(sources):
    """The program reads each setting, and a test sets it."""
    product = "".join(path.read_text() for path in sources
                      if path.relative_to(ROOT).parts[0] != "tests" and not re.match(r"schema|conf\.h", path.name))
    tests = "".join(path.read_text() for path in sources if path.relative_to(ROOT).parts[0] == "tests")
    used, tested = set(re.findall(r"[.>,(]\s*(\w+)", product)), set(re.findall(r"\w+", tests))
    for home, section, key, field in sorted(set(settings())):
        line = line_of(home, f'{{"{key}"')
        if field not in used:
            yield home, line, f"[{section}] {key}: no code reads its field {field}"
        if key not in tested:
            yield home, line, f"[{section}] {key}: no test in tests/unit or tests/system sets it"


# Part of another process, which gets the verifiers of passwords.
OF_THE_AUTH_PROCESS = {"lan-server/login/auth_config.c"}


def settings_of_the_lan_server():
    """The LAN server reads only what config/schema_view.c gives it; anything else would be its default there."""
    home = "config/schema_view.c"
    seen = set(re.findall(r'\{"(\w+)", "([\w*]+)", SCHEMA_FOR_LAN', read(home)))
    keys = {(section, field): key for _, section, key, field in settings()}
    for path in sorted(ROOT.glob("lan-server/**/*.c")):
        if path.relative_to(ROOT).as_posix() in OF_THE_AUTH_PROCESS:
            continue
        for found in re.finditer(r"\bconf\.?(?:->)?(\w+?)s?(?:\[\w+\])?\.(\w+)|\b(user|group|smarthost)->(\w+)", path.read_text()):
            section, field = found[1] or found[3], found[2] or found[4]
            key = keys.get((section, field))
            if key and not {(section, key), (section, "*")} & seen:
                line = path.read_text().count("\n", 0, found.start()) + 1
                yield path.relative_to(ROOT).as_posix(), line, f"the LAN server does not get [{section}] {key}: give it a row in {home}"


def problems(sources):
    """Of all tables; sources: the .c, .h and .py files of the repository."""
    for check in (conditions(), actions(), commands(), dictionaries(), capabilities(), test_packages(), replies(), settings_are_used(sources), settings_of_the_lan_server()):
        for path, line, text in check:
            yield f"{path}:{line}: {text}"
