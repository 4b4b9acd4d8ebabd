"""What a release consists of: a tarball and a bill of materials that are the same each time, and the container's first start."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.gateway import BUILD, environment
from harness.waiting import free_port, until

TOP = Path(__file__).parents[3]


def bill(*programs):
    return subprocess.run([sys.executable, TOP / "tools/sbom.py", *programs], capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.parametrize("programs, relation", [([], "DEPENDS_ON"), ([BUILD / "lanpostd", BUILD / "lanpost"], "DYNAMIC_LINK")])
def test_the_bill_of_materials(programs, relation):
    text = bill(*programs)
    assert text == bill(*programs)
    said = json.loads(text)
    assert said["spdxVersion"] == "SPDX-2.3" and said["dataLicense"] == "CC0-1.0" and said["creationInfo"]["creators"]
    names = {part["SPDXID"]: part["name"] for part in said["packages"]}
    assert len(names) == len(said["packages"]), "each package has an id of its own"
    assert "lanpost" in names.values() and any("sqlite3" in name for name in names.values())
    linked = {end["relatedSpdxElement"] for end in said["relationships"] if end["relationshipType"] == relation}
    assert linked == set(names) - {"SPDXRef-Package-lanpost"}
    assert not programs or all("versionInfo" in part or "checksums" in part for part in said["packages"])


def test_the_tarball_is_the_same_each_time(tmp_path):
    if subprocess.run(["git", "-C", TOP, "status", "--porcelain"], capture_output=True, text=True).stdout != "" or not (TOP / ".git").exists():
        pytest.skip("needs a repository without changes")
    sums = []
    for name in ("one", "two"):
        done = subprocess.run([TOP / "tools/dist.sh", tmp_path / name], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "TZ": "Asia/Tokyo" if name == "two" else "UTC"})
        assert done.returncode == 0, done.stderr
        sums.append(next((tmp_path / name).glob("*.sha256")).read_text())
    assert sums[0] == sums[1]
    version = (TOP / "VERSION").read_text().strip()
    listed = subprocess.run(["tar", "-tzf", tmp_path / "one" / f"lanpost-{version}.tar.gz"], capture_output=True, text=True, check=True).stdout
    assert f"lanpost-{version}/debian/control\n" in listed and f"lanpost-{version}/VERSION\n" in listed


def test_the_container_starts_with_a_configuration_of_its_own(tmp_path):
    """tools/container/start.sh: the gateway runs, the health check says so, a verb is a command of the container."""
    config = tmp_path / "data/config/lanpost.conf"
    env = {**environment("en"), "PATH": f"{BUILD}:{os.environ['PATH']}", "LANPOST_CONFIG": str(config)}
    start = [TOP / "tools/container/start.sh"]
    assert subprocess.run([*start, "status"], env=env, capture_output=True, timeout=90).returncode != 0
    assert not config.exists()
    # Ports of this test in place of the usual ones, which another test process may have.
    script = tmp_path / "start.sh"
    text = start[0].read_text()
    for port in ("2525", "2587", "2465", "2110", "2995", "2143", "2993"):
        assert f"= {port}\n" in text and f" {port}" in (TOP / "tools/container/Containerfile").read_text()
        text = text.replace(f"= {port}\n", f"= {free_port()}\n")
    script.write_text(text)
    with open(tmp_path / "log", "wb") as log:
        gateway = subprocess.Popen(["sh", script, "run"], env=env, stdout=log, stderr=log)
        try:
            until(lambda: subprocess.run(["sh", script, "status"], env=env, capture_output=True, timeout=90).returncode == 0, 30, "the gateway")
            added = subprocess.run(["sh", script, "user", "add", "ivan"], env=env, input="geheim-42\ngeheim-42\n", capture_output=True, text=True, timeout=90)
            assert added.returncode == 0, added.stderr
        finally:
            gateway.terminate()
            assert gateway.wait(90) == 0
