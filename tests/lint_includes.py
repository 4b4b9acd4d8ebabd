"""What a file includes, it uses: at least one word that the header declares. Part of lint.py: problems() yields (file, line, text)."""
import re
from pathlib import Path

DECLARED = re.compile(r"#define (\w+)|\b(\w+)\(|\b(?:struct|enum|union) (\w+) *[{;]|typedef [^;]*?\b(\w+)\)?(?:\([^;]*\))?;|"
                      r"\b([A-Z][A-Z0-9_]{2,})\b|extern [^;]*?\b(\w+)(?:\[\w*\])?;")
INCLUDED = re.compile(r'(?m)^#include "([^"]+)"')
NOT_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|^#include.*?$', re.S | re.M)
GUARD = re.compile(r"LANPOST_\w+_H$")


class File:
    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        self.code = NOT_CODE.sub(" ", self.text)
        self.words = set(re.findall(r"\w+", self.code))
        self.included = INCLUDED.findall(self.text)

    def is_for_its_includes(self):
        """A header that only includes others (spool/storage/storage.h)."""
        return all(GUARD.match(word) for word in self.words - {"ifndef", "define", "endif"})

    def declares(self, files):
        if self.is_for_its_includes():
            return set().union(*(files[name].declares(files) for name in self.included if name in files))
        return {name for found in DECLARED.finditer(self.code) for name in found.groups() if name and not GUARD.match(name)}


def problems(root, paths):
    """NAME.c and NAME_priv.h include NAME.h in any case."""
    files = {path.relative_to(root).as_posix(): File(path) for path in paths}
    declared = {name: file.declares(files) for name, file in files.items() if name.endswith(".h")}
    for file in files.values():
        if file.is_for_its_includes():
            continue
        for header in file.included:
            if Path(header).stem in (file.path.stem, file.path.stem.removesuffix("_priv")):
                continue
            if header in declared and not file.words & declared[header]:
                line = file.text.count("\n", 0, file.text.index(f'#include "{header}"')) + 1
                yield file.path, line, f'"{header}" is included and not used'
