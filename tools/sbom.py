#!/usr/bin/env python3
"""A bill of materials of this tree and of the libraries that its programs link, in SPDX 2.3 (JSON).

sbom.py [PROGRAM...] > FILE: the libraries are those that ldd finds for the programs, with the Debian packages that own them, their versions
and the hashes of the files. Without programs: what packages.txt names to build and run, without versions. The time is SOURCE_DATE_EPOCH, or that of the newest
entry of debian/changelog, so the same tree and packages give the same bytes.
"""
import email.utils
import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = (ROOT / "VERSION").read_text().strip()
NAMESPACE = "https://lanpost.invalid/spdx"


def created():
    stamp = os.environ.get("SOURCE_DATE_EPOCH")
    if stamp is None:
        date = re.search(r"(?m)^ -- .*>  (.*)$", (ROOT / "debian/changelog").read_text())[1]
        stamp = email.utils.parsedate_to_datetime(date).timestamp()
    return datetime.fromtimestamp(int(float(stamp)), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def spdx_id(name):
    return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package(name, version=None, **more):
    entry = {"SPDXID": spdx_id(name), "name": name, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
             "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION", **more}
    if version is not None:
        entry["versionInfo"] = version
    return entry


def debian(name, version, architecture):
    place = f"pkg:deb/debian/{name}@{version}?arch={architecture}"
    return package(name, version, supplier="Organization: Debian", externalRefs=[
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": place}])


def owner_of(library):
    """(package, version, architecture) of a file; None if no package has it. Names are also tried without /usr, as dpkg may know them."""
    for path in (library, library.removeprefix("/usr"), f"/usr{library}"):
        done = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            name = done.stdout.split(": ")[0].split(", ")[0]
            shown = subprocess.run(["dpkg-query", "-W", "-f", "${binary:Package} ${Version} ${Architecture}", name], capture_output=True, text=True, check=True)
            words = shown.stdout.split()
            return words[0].split(":")[0], words[1], words[2]
    return None


def libraries(program):
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return sorted({os.path.realpath(path) for path in re.findall(r"=> (/\S+)", linked)})


def linked_packages(programs):
    found = {}
    for library in sorted({library for program in programs for library in libraries(program)}):
        owner = owner_of(library)
        if owner is not None:
            found[owner[0]] = debian(*owner)
        else:
            digest = hashlib.sha256(Path(library).read_bytes()).hexdigest()
            found[library] = package(Path(library).name, checksums=[{"algorithm": "SHA256", "checksumValue": digest}])
    return list(found.values())


def named_packages():
    wanted = False
    for line in (ROOT / "packages.txt").read_text().splitlines():
        if line.startswith("#"):
            wanted = line.startswith(("# To build", "# To run"))
        elif wanted:
            yield package(line.split("|")[0], supplier="Organization: Debian")


def document(programs):
    ours = package("lanpost", VERSION, licenseConcluded="MIT", licenseDeclared="MIT", copyrightText="Copyright (c) 2026 the lanpost authors",
                   primaryPackagePurpose="APPLICATION")
    parts = linked_packages(programs) if programs else list(named_packages())
    seed = json.dumps([ours, parts], sort_keys=True).encode()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"lanpost-{VERSION}",
        "documentNamespace": f"{NAMESPACE}/lanpost-{VERSION}-{hashlib.sha256(seed).hexdigest()[:16]}",
        "creationInfo": {"created": created(), "creators": [f"Tool: lanpost-sbom-{VERSION}"]},
        "documentDescribes": [ours["SPDXID"]],
        "packages": [ours, *parts],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": ours["SPDXID"]},
                          *({"spdxElementId": ours["SPDXID"], "relationshipType": "DYNAMIC_LINK" if programs else "DEPENDS_ON",
                             "relatedSpdxElement": part["SPDXID"]} for part in parts)],
    }


json.dump(document(sys.argv[1:]), sys.stdout, indent=1, sort_keys=True)
print()
