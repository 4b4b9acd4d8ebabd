#!/usr/bin/env python3
"""House rules that no compiler checks (docs/architecture.md). Prints file:line and the rule; exit 1 if any is broken."""
import io
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path

import lint_functions
import lint_includes
import lint_tables

ROOT = Path(__file__).resolve().parent.parent
MAY_INCLUDE = {
    "base": set(),
    "message": {"base"},
    "config": {"base", "message"},
    "spool": {"base", "message", "config"},
    "upstream": {"base", "message", "config"},
    "mail": {"base", "message", "config", "spool", "upstream"},
    "sorter": {"base", "message", "config", "spool", "mail"},
    "fetcher": {"base", "message", "config", "spool", "upstream", "mail"},
    "lan-server": {"base", "message", "config", "spool", "mail"},
    "gateway": {"base", "message", "config", "spool", "upstream", "mail", "sorter", "fetcher", "lan-server"},
    "ui-tui": {"base", "message", "config", "spool", "upstream", "mail", "sorter"},
}
FOLDERS = list(MAY_INCLUDE)
# What others see of spool/: the interface of storage, the values that it takes and gives, the gateway's own files, removal by age.
STORAGE = {"spool/storage/storage.h", "spool/layout.h", "spool/maintenance/expire.h"} | {
    f"spool/{value}.h" for value in ("body", "envelope", "event", "fact", "mailbox_name", "origin", "partial", "problem", "queue_state", "shown", "sign_in_file", "spool")}
# Who looks behind it, at the engine: backups, damage, the disk, the sandbox, and the verbs that show or fill its files.
BEHIND_STORAGE = {
    "gateway/process/privileges.c": {"spool/maintenance/spool_give.h"},
    "gateway/report/spool_damage.c": {"spool/layout_priv.h", "spool/maintenance/damage.h"},
    "gateway/report/disk_watch.c": {"spool/reserve.h"},
    "gateway/session/session_sandbox.c": {"spool/layout_priv.h", "spool/reserve.h"},
    "gateway/services/lan_sandbox.c": {"spool/layout_priv.h", "spool/reserve.h"},
    "ui-tui/command/cli_conf.c": {"spool/layout_priv.h"},
    "ui-tui/demo/demo_letters.c": {"spool/mailbox/maildir_deliver.h", "spool/mailbox/maildir_name.h"},
    "ui-tui/screens/tui_problems.c": {"spool/maintenance/damage.h"},
    "ui-tui/verbs/cmd_backup.c": {"spool/layout_priv.h", "spool/maintenance/backup.h", "spool/maintenance/spool_give.h"},
    "ui-tui/verbs/cmd_mailbox.c": {"spool/layout_priv.h", "spool/mailbox/mail_archive.h"},
    "ui-tui/verbs/cmd_queue_change.c": {"spool/maintenance/damage.h"},
    "ui-tui/verbs/cmd_trace.c": {"spool/log/wal.h"},
}
# The wings of large folders, from the ground up: each includes itself and what is below; "" is the folder itself.
WINGS = {
    "base": ["", "file", "process", "tls", "net"],
    "message": ["", "dkim", "seven-bit", "imap", "scan", "attachment", "picture"],
    "config": ["", "check"],
    "upstream": ["", "scanner"],
    "mail": ["", "filter"],
    "spool": ["", "storage", "state", "mailbox", "queue", "log", "maintenance"],
    "lan-server": ["", "login", "smtp", "pop3", "imap", "server"],
    "gateway": ["process", "report", "outbound", "session", "services", "supervisor", ""],
    "ui-tui": ["widgets", "command", "demo", "client-setup", "import", "wizard", "verbs", "screens", ""],
}
NULL_UNSAFE = re.compile(r"\b(memmem|memrchr)\s*\(")
FORBIDDEN = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets)\s*\(")
DURABLE = re.compile(r"(?<![\w.>])(fsync|fdatasync|syncfs|rename|renameat2?|link|linkat)\s*\(")
SQL = re.compile(r"sqlite3_|\"\s*(SELECT(?! %s\"|\")|INSERT|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA)\b")
# A path of the spool that is put together elsewhere than in spool/layout.c.
LAYOUT = re.compile(r'"%s/(wal|partial|mailboxes|archive|queue|sign-in|tls|reserve|state\.db|seen\.db|version|lanpostd\.lock|line\.up)\b')
# A spool as a string: it is opened once, and a struct.
SPOOL_TEXT = re.compile(r"const char \*spool\b")
# Written in pieces, so that this file does not break its own rule.
PRIVATE = re.compile(r"\.\./" + r"shared|/wo" + r"rk\b")
CONFLICT = re.compile(r"<{7} |>{7} ")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
# Plain English (CONTRIBUTING.md): what to write instead. The Russian pages and the tests have their own words.
PLAIN = [
    (r"so (many|much)", "name the quantity: this many, up to N"),
    (r"so long(?! as)", "for this long, up to N"),
    (r"(?<!there )(is|are) none", "is not one, does not exist"),
    (r"whoever", "the process that, the user who"),
    (r"told", "reported, notified"),
    (r"(?<!\*)stands?(?! for)", "is"),
    (r"he|him|his|himself", "they, the user"),
    (r"mend(s|ed|ing)?", "fix, repair"),
    (r"world outside|outside world", "external, the internet"),
    (r"a (thread|folder|bar|verb|screen|file|body) a (\w+)", "one per"),
    (r"goes round|in a circle", "loop"),
    (r"letters?", "message"),
]
# More that comments avoid.
PLAIN_COMMENTS = [
    (r"somebody('s)?", "a user, another process"),
    (r"strangers?('s)?", "an unknown client, external mail, a compromised process"),
    (r"anew", "again"),
    (r"beyond ASCII", "non-ASCII"),
    (r"to be had", "available"),
    (r"for want of", "without"),
]
PLAIN_COMMENTS = [(re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I), advice) for words, advice in PLAIN_COMMENTS]
PLAIN = [(re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I), advice) for words, advice in PLAIN]
# Letters of an alphabet, the test letter of setup, and names in code.
LETTER = re.compile(r"(?i)(ascii|latin|cyrillic|russian|small|capital|case|test|one|same|the|this|a|new|of|%zu|dead|old) letters?\b"
                    r"(?= (keys|or digit|of|that means|for each|means|without special|in any|е|whatever|without regard|from)|,? digits|s, |\))|"
                    r"letter(s)? (or|of the (alphabet|keyboard)|without special|for each column|whatever|keys)|(ascii|latin|cyrillic|russian|"
                    r"small|capital|case|test) letters?|same letters?|of letters, digits|by letter|one letter means|ctrl\(letter\)|letter\.h")
STORY = re.compile(r"demo|cmd_setup")  # the letters of the demo's story, the test letter of setup
PLAIN_PAGES = re.compile(r"README\.md|docs/[\w-]+\.(md|in|sample|[1-8])")
TEXT_ENDS = {".c", ".h", ".py", ".sh", ".md", ".conf", ".sample", ".in", ".txt", ".po", ".mk", ".8", ".1", ""}

problems = []


def complain(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def without_comments(text):
    """The same text with comments blanked out, line by line; strings stay."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)
    return pattern.sub(lambda m: m[0] if m[0][0] in "\"'" else re.sub(r"[^\n]", " ", m[0]), text)


def without_strings(text):
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def wing_of(parts):
    return parts[1] if len(parts) > 2 else ""


def check_includes(path, folder, number, line):
    match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
    if not match:
        return
    wanted = match[1].split("/")[0]
    if "/" not in match[1] or wanted not in MAY_INCLUDE:
        complain(path, number, f'include "{match[1]}" must name its folder')
    elif wanted != folder and wanted not in MAY_INCLUDE[folder]:
        complain(path, number, f"{folder}/ may not include {wanted}/")
    elif wanted == "spool" != folder:
        behind = BEHIND_STORAGE.get(path.relative_to(ROOT).as_posix(), set())
        if match[1] not in STORAGE | behind:
            complain(path, number, f'"{match[1]}" is behind the interface of storage (spool/storage/storage.h)')
    elif wanted == folder and folder in WINGS:
        order = WINGS[folder]
        here, there = wing_of(path.relative_to(ROOT).parts), wing_of(match[1].split("/"))
        if here not in order or there not in order:
            complain(path, number, f"the wings of {folder}/ are {', '.join(filter(None, order))}")
        elif order.index(there) > order.index(here):
            complain(path, number, f"{folder}/{here} may not include {folder}/{there}, which is above it")


def check_calls(path, number, code):
    bare = without_strings(code)
    if path.relative_to(ROOT).as_posix() != "base/str.c" and (found := NULL_UNSAFE.search(bare)):
        complain(path, number, f"{found[1]}() does not bear an empty slice: use slice_search() or slice_find_last()")
    if found := FORBIDDEN.search(bare):
        complain(path, number, f"{found[1]}() is not to be used here")
    # Old logs are moved aside, too, but nobody's mail depends on those.
    if path.relative_to(ROOT).as_posix() not in ("base/file/fsx.c", "base/log.c") and (found := DURABLE.search(bare)):
        complain(path, number, f"{found[1]}() belongs to base/file/fsx.c alone")
    if path.relative_to(ROOT).as_posix() != "spool/layout.c" and (found := LAYOUT.search(code)):
        complain(path, number, f"the path of {found[1]} in the spool comes from spool/layout.h")
    if SPOOL_TEXT.search(bare):
        complain(path, number, "a spool is a struct spool (spool/spool.h); the path of its folder is called `folder`")
    if not path.relative_to(ROOT).as_posix().startswith("spool/state/") and SQL.search(code):
        complain(path, number, "SQL belongs to spool/state/ alone")


# What is stored as a phrase (base/phrase.h) must not be translated before: it would be said in the wrong language later.
PHRASES = re.compile(r"\b(error_set|error_errno|error_context|conf_problem_add|ERROR_AT|WARN_AT|phrase_set|phrase_new|PHRASE)\s*"
                     r"\([^;]*?(?<!\w)_\(")


# An error whose words are not marked would be English for everybody. "%s: %s" has none.
UNMARKED = re.compile(r"\berror_(?:set\(\s*[^;,\"]*,\s*[^;,\"]*|errno\(\s*[^;,\"]*|context\(\s*[^;,\"]*),\s*\"((?:\\.|[^\"\\])*)\"")


def check_phrases(path, code):
    for found in UNMARKED.finditer(code):
        if re.search(r"[A-Za-z]{3}", re.sub(r"%[-+ #0-9.*]*[hlzj]*[a-z]", "", found[1])):
            complain(path, code.count("\n", 0, found.start()) + 1, "the text of an error is marked with N_()")
    for found in PHRASES.finditer(without_strings(code)):
        complain(path, code.count("\n", 0, found.start()) + 1, f"{found[1]}() takes N_(\"...\"): it is translated where it is shown")


def check_header(path, text):
    if not text.startswith("/*"):
        complain(path, 1, "a header opens with a comment that says what the module is for")
    guard = re.search(r"^#ifndef (LANPOST_\w+_H)\n#define (\w+)\n", text, re.M)
    if not guard or guard[1] != guard[2] or not guard[1].endswith("_" + path.stem.upper().replace("-", "_") + "_H"):
        complain(path, 1, "the include guard LANPOST_<FOLDER>_<FILE>_H is missing")


def check_source(path, folder):
    text = path.read_text()
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        check_includes(path, folder, number, line)
        check_calls(path, number, line)
    check_phrases(path, without_comments(text))
    check_names(path, without_comments(text))
    if path.suffix == ".h":
        check_header(path, text)


def check_text(path):
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if PRIVATE.search(line):
            complain(path, number, "names a folder outside the repository")
        if UNFINISHED.search(line):
            complain(path, number, "unfinished work")
        if CONFLICT.match(line):
            complain(path, number, "a merge that was not finished")


def plain_parts(path, text):
    """(offset, words) of what is for people: all of a page, the comments of a header, the translated texts of a source."""
    if path.suffix == ".h":
        return [(found.start(), re.sub(r"\s*\n\s*\*? ?", " ", found[0])) for found in re.finditer(r"/\*.*?\*/", text, re.S)]
    if path.suffix == ".c":
        return [(found.start(), found[0]) for found in re.finditer(r"\b(?:N?_|_?n)\(\s*(?:\"(?:\\.|[^\"\\])*\"\s*\\?\s*)+", text)]
    return [(found.start(), found[0]) for found in re.finditer(r"(?m)^.*$", re.sub(r"`[^`\n]*`", lambda m: " " * len(m[0]), text))]


def check_plain(path):
    text = path.read_text()
    for start, words in plain_parts(path, text):
        for pattern, advice in PLAIN:
            for found in pattern.finditer(words):
                if "letter" in found[0].lower() and (LETTER.search(words[max(0, found.start() - 12):found.end() + 24]) or STORY.search(str(path))):
                    continue
                complain(path, text.count("\n", 0, start + found.start()) + 1, f'"{found[0]}" is not plain English: {advice}')


def comments(path, text):
    """(line, words) of the comments of a source, a script or a test."""
    if path.suffix in (".c", ".h"):
        found = [(m.start(1), m[1]) for m in re.finditer(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(/\*.*?\*/|//[^\n]*)', text, re.S) if m[1]]
        return [(text.count("\n", 0, start) + 1, re.sub(r"\s*\n\s*\*? ?", " ", words)) for start, words in found]
    if path.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return [(token.start[0], re.sub(r"\s+", " ", token.string)) for token in tokens
                if token.type == tokenize.COMMENT or token.type == tokenize.STRING and token.string.startswith('"""')]
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if re.match(r"\s*#(?!!)", line)]


def check_comments(path):
    """Comments are in plain English, too. Tests may write letters."""
    is_test = path.relative_to(ROOT).parts[0] == "tests"
    for number, words in comments(path, path.read_text()):
        words = re.sub(r"`[^`]*`", "``", words)
        for pattern, advice in PLAIN + ([] if is_test else PLAIN_COMMENTS):
            for found in pattern.finditer(words):
                is_letter = "letter" in found[0].lower()
                if is_letter and (is_test or LETTER.search(words[max(0, found.start() - 12):found.end() + 24]) or STORY.search(str(path))):
                    continue
                complain(path, number, f'"{found[0]}" in a comment is not plain English: {advice}')


def gettext_tool(*args):
    return subprocess.run(args, cwd=ROOT, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})


def check_translations(paths):
    """Every text of the sources is translated, without guesses (fuzzy)."""
    missing = [tool for tool in ("xgettext", "msgmerge", "msgfmt", "msgattrib") if not shutil.which(tool, path="/usr/bin:/bin")]
    if missing:
        print(f"lint: translations not checked, for {', '.join(missing)} is not installed (package gettext)")
        return
    sources = sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("*.c"))
    with tempfile.TemporaryDirectory() as folder:
        template, merged = f"{folder}/lanpost.pot", f"{folder}/merged.po"
        done = gettext_tool("xgettext", "--from-code=UTF-8", "-k_", "-kN_", "-k_n:1,2", "-o", template, *sources)
        if done.returncode != 0:
            complain(ROOT / "po", 1, done.stderr.strip())
            return
        for path in paths:
            done = gettext_tool("msgmerge", "-q", "--no-fuzzy-matching", "-o", merged, path, template)
            if done.returncode == 0:
                done = gettext_tool("msgfmt", "--check", "-o", "/dev/null", merged)
            if done.returncode != 0:
                complain(path, 1, done.stderr.strip().replace("\n", "; "))
                continue
            for choice, fault in (("--untranslated", "not translated"), ("--only-fuzzy", "translated by a guess (fuzzy)")):
                for entry in gettext_tool("msgattrib", choice, "--no-obsolete", "--no-wrap", merged).stdout.split("\n\n"):
                    if (place := re.search(r"(?m)^#: (\S+):(\d+)", entry)) and (text := re.search(r"(?m)^msgid ((?:\".*\"\n)+)", entry)):
                        words = "".join(re.findall(r'(?m)^"(.*)"$', text[1]))
                        complain(ROOT / place[1], place[2], f'"{words}" is {fault} in {path.relative_to(ROOT)}: make po, then write it there')


def check_words(page, what, source, words):
    for word in sorted(source ^ words):
        complain(page, 1, f"{what} {word}: " + ("missing" if word in source else "no longer in the sources"))


def check_events():
    """docs/events.md has the events of the log and of the journal, and the problems, that the sources have, and so has its Russian page."""
    for page in (ROOT / "docs/events.md", ROOT / "docs/ru/events.md"):
        check_events_of(page)


def check_events_of(page):
    parts = {number: set(re.findall(r"(?m)^\| `([^`]+)`", part)) | set(re.findall(r"(?m)^\| `[^|]*, `([^`]+)`", part))
             for number, part in enumerate(page.read_text().split("\n## ")[1:])}
    logged = {event for folder in FOLDERS for path in (ROOT / folder).rglob("*.c")
              for event in re.findall(r"event=([a-z0-9-]+)", path.read_text())}
    journal = set(re.findall(r'\[EVENT_\w+\] = \{"([a-z0-9-]+)"', (ROOT / "spool/event.c").read_text()))
    keys = {key.strip() for key in re.findall(r'\{"([a-z. ]+)", N_', (ROOT / "spool/problem.c").read_text())}
    check_words(page, "event", logged, parts[0])
    check_words(page, "event of the journal", journal, parts[2])
    check_words(page, "problem", keys, {re.sub(r"( (NAME|ИМЯ))?( \.\.\.)?$", "", key) for key in parts[1]})


ENGLISH_ONLY = {"dependencies.md", "fuzzing.md"}  # for developers and packagers


def outline(path):
    """The levels of the headings of a page, and of each section how many rows its tables have and how many items its lists."""
    text = re.sub(r"(?ms)^```.*?^```", "", path.read_text())
    if path.suffix != ".md":
        return re.findall(r"(?m)^\.(?:SH|SS|TP|IP)\b", text)
    sections = [(len(re.findall(r"(?m)^\|", part)), len(re.findall(r"(?m)^ *(?:-|\d+\.) ", part))) for part in re.split(r"(?m)^#+ ", text)]
    return [mark.count("#") for mark in re.findall(r"(?m)^#+(?= )", text)], sections


def check_russian():
    """Each page for users and admins has its Russian one, with the same headings, rows of tables and items of lists."""
    pages = [(path, ROOT / "docs/ru" / path.name) for path in sorted(ROOT.glob("docs/*.md")) if path.name not in ENGLISH_ONLY]
    pages += [(path, ROOT / "docs/ru" / path.name) for path in sorted(ROOT.glob("docs/*.[1-8]"))]
    for english, russian in [(ROOT / "README.md", ROOT / "README.ru.md"), *pages]:
        if not russian.exists():
            complain(english, 1, f"its Russian page is missing: {russian.relative_to(ROOT)}")
        elif outline(english) != outline(russian):
            complain(russian, 1, f"the headings, tables or lists are not those of {english.relative_to(ROOT)}")
    for russian in sorted(ROOT.glob("docs/ru/*")):
        if not (ROOT / "docs" / russian.name).exists():
            complain(russian, 1, "there is no English page of this name")


# A public function is found by its name: NAME_... is in NAME.c, or in a file of its family (fetch_... in fetch_batch.c).
OTHER_PREFIXES = {"alloc": ("x",), "err": ("error_",), "err_errno": ("error_",), "log": ("fatal",), "str": ("slice_", "strlist_", "utf8_")}


NEWS_GROUPS = {"Before you upgrade (docs/upgrade.md)", "Mail: fetching", "Mail: sorting and delivery", "Mail: sending", "LAN server",
               "Sessions and the line", "Screens and commands", "Security", "For admins", "For packagers and contributors"}


def check_news():
    """NEWS has releases with known groups, the newest is VERSION, and no entry is there twice (as after a merge)."""
    path, release, seen = ROOT / "NEWS", None, {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if found := re.match(r"lanpost (\d+\.\d+\.\d+): ", line):
            if release is None and found[1] != (ROOT / "VERSION").read_text().strip():
                complain(path, number, "the newest release is not VERSION")
            if release is not None and line.endswith("(in development)"):
                complain(path, number, "only the newest release is in development")
            release = found[1]
        elif line and not line.startswith(("- ", "  ")) and line not in NEWS_GROUPS:
            complain(path, number, f"not a group of NEWS: {line}")
        elif line.startswith("- ") and seen.setdefault(line[:40], number) != number:
            complain(path, number, f"begins as the entry in line {seen[line[:40]]}")
    if not (ROOT / "debian/changelog").read_text().startswith(f"lanpost ({(ROOT / 'VERSION').read_text().strip()}"):
        complain(ROOT / "debian/changelog", 1, "the newest release is not VERSION")


def check_names(path, text):
    """Public functions begin with the name of their file."""
    if path.suffix != ".c":
        return
    words = path.stem.split("_")
    prefixes = tuple("_".join(words[:i + 1]) + "_" for i in range(len(words))) + OTHER_PREFIXES.get(path.stem, ())
    for found in re.finditer(r"(?m)^(?!static\b)[a-z_][\w *]*?[ *](\w+)\([^;{]*\)\n\{", text):
        name = found[1]
        if name not in (path.stem, "main") and not name.startswith(prefixes):
            complain(path, text.count("\n", 0, found.start()) + 1, f"{name}() does not begin with the name of its file")


def check_folders():
    """Each folder's README.md lists its files, each with what its head says it is for."""
    done = subprocess.run([sys.executable, ROOT / "tools/folders.py", "--check"], capture_output=True, text=True)
    problems.extend(done.stdout.splitlines())


LINES_MAX = 500


def check_lengths(files):
    """A file has one duty, and can be read in one sitting."""
    for path in files:
        if path.suffix in (".c", ".h") and path.relative_to(ROOT).parts[0] in FOLDERS:
            lines = path.read_text().count("\n")
            if lines > LINES_MAX:
                complain(path, LINES_MAX, f"has {lines} lines, of at most {LINES_MAX}: split it by duty")


# What is data: one file per case.
DATA = ("tests/data/", "tests/fuzz/seeds/")


LEFT_OVER = re.compile(r"\.(orig|rej|bak|swp)$|~$")


def check_left_over(files):
    for path in files:
        if LEFT_OVER.search(path.name):
            complain(path, 1, "was left over by a tool")


def check_sizes(files):
    """No level of a folder has too many files to be read at a glance."""
    count = {}
    for path in files:
        folder = path.parent.relative_to(ROOT).as_posix() + "/"
        if not folder.startswith(DATA):
            count[folder] = count.get(folder, 0) + 1
    for folder, number in sorted(count.items()):
        if number >= 50:
            complain(ROOT / folder, 1, f"holds {number} files, of at most 49: give it wings")


def repository_files():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked archive
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if path.is_file() and not path.relative_to(ROOT).parts[0].startswith((".git", "build"))]
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


def main():
    files = repository_files()
    for path in files:
        parts = path.relative_to(ROOT).parts
        if parts[0] in FOLDERS and path.suffix in (".c", ".h"):
            check_source(path, parts[0])
        if path.suffix in TEXT_ENDS and "corpus" not in parts and parts[:2] != ("tests", "data"):
            check_text(path)
        if parts[0] in FOLDERS and path.suffix in (".c", ".h") or PLAIN_PAGES.fullmatch("/".join(parts)):
            check_plain(path)
        if parts[0] in (*FOLDERS, "tests", "tools", "bench") and path.suffix in (".c", ".h", ".py", ".sh") and path.name != "lint.py" or parts == ("Makefile",):
            check_comments(path)
    for problem in lint_includes.problems(ROOT, [path for path in files if path.suffix in (".c", ".h") and path.relative_to(ROOT).parts[0] in FOLDERS]):
        complain(*problem)
    problems.extend(lint_tables.problems([path for path in files if path.suffix in (".c", ".h", ".py") and "fuzz" not in path.parts]))
    problems.extend(lint_functions.problems([path for path in files if path.suffix in (".c", ".h")]))
    check_events()
    check_russian()
    check_news()
    check_folders()
    check_left_over(files)
    check_sizes(files)
    check_lengths(files)
    check_translations([path for path in files if path.suffix == ".po"])
    for problem in problems:
        print(problem)
    print(f"lint: {len(files)} files, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
