"""Functions: each fits a screen; a public one has a caller in another file. Part of lint.py: problems() yields the lines of its report."""
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINES_MAX = 60
# Called by tests alone, which start or end what the programs never do.
FOR_TESTS = {"i18n_open", "verifier_free"}
DEFINITION = re.compile(r"(?m)^(?!typedef\b)([A-Za-z_][\w *]*?[ *])(\w+)\([^;{}]*\)\s*\n\{\n(.*?)^\}", re.S)


def code_of(path):
    """Without strings and comments, line by line."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', lambda found: re.sub(r"[^\n]", " ", found[0]), path.read_text(), flags=re.S)


def problems(sources):
    """sources: the .c and .h files of the repository."""
    code = {path: code_of(path) for path in sources}
    words = {path: Counter(re.findall(r"[a-z_]\w+", text)) for path, text in code.items()}
    product = [path for path in sources if path.relative_to(ROOT).parts[0] not in ("tests", "bench")]
    everywhere, in_product = Counter(), Counter()  # in how many .c files, and in how many of the product, a name is
    for path in sources:
        names = words[path] if path.suffix == ".c" else [name for name, count in words[path].items() if count > 1]
        everywhere.update(set(names))
        in_product.update(set(names) if path in product else ())
    in_headers = {name for path in sources if path.suffix == ".h" and path not in product for name in words[path]}
    for path in product:
        for found in DEFINITION.finditer(code[path]):
            place = f"{path.relative_to(ROOT)}:{code[path].count(chr(10), 0, found.start()) + 1}"
            name, lines = found[2], found[3].count("\n") + 2
            if lines > LINES_MAX:
                yield f"{place}: {name}() has {lines} lines, of at most {LINES_MAX}: a function fits a screen"
            if found[1].startswith("static") or path.suffix == ".h" or name == "main" or in_product[name] > 1:
                continue
            is_tested = everywhere[name] > 1 or name in in_headers
            if words[path][name] > 1 and not is_tested:
                yield f"{place}: {name}() is called in this file only: static, and not in a header"
            elif words[path][name] == 1 and name not in FOR_TESTS:
                yield f"{place}: " + (f"only tests call {name}()" if is_tested else f"nobody calls {name}()")
