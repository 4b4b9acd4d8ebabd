"""lanpost check reports for which networks this computer would relay mail."""
import subprocess

import pytest

from harness.gateway import BUILD, environment

SMARTHOST = {"default": {"url": "smtps://smtp.example.ru"}}


NETWORK = """
ip link set lo up && ip link add lan0 type veth peer name lan1 && ip addr add 192.168.77.5/16 dev lan0 && ip link set lan0 up || exit 77
"""


def check_behind(office, router, more="", language="en"):
    """What lanpost check says in a network of its own: 192.168.77.5 with that router."""
    route = f"ip route add default via {router} || exit 77\n" if router else ""
    done = subprocess.run(["unshare", "-rn", "sh", "-c", NETWORK + route + more + f"\nexec {BUILD}/lanpost check -c {office.conf}"],
                          capture_output=True, text=True, timeout=90, env=environment(language))
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no network namespaces here")
    return done.stdout


def an_office(make_gateway, **lan):
    return make_gateway(start=False, users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts=SMARTHOST,
                        sections={"lan": {"listen": "0.0.0.0", **lan}})


def test_a_router_and_a_bridge_that_may_send_are_told(make_gateway):
    said = check_behind(an_office(make_gateway), "192.168.1.1",
                        "ip link add docker0 type veth peer name c1 && ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up")
    assert "the router 192.168.1.1" in said and "Add 192.168.1.1 to deny" in said
    assert "docker0 (172.17.0.1)" in said and "2 warnings" in said


def test_it_is_told_in_russian(make_gateway):
    assert "маршрутизатор 192.168.1.1" in check_behind(an_office(make_gateway), "192.168.1.1", language="ru")


@pytest.mark.parametrize("lan", [{"deny": "192.168.1.1"}, {"require_auth": "yes"}, {"listen": "127.0.0.1"}, {"allow": "192.168.77.0/24"}])
def test_nothing_is_said_where_the_router_may_not_send(make_gateway, lan):
    assert "router" not in check_behind(an_office(make_gateway, **lan), "192.168.1.1")


def test_nothing_is_said_without_a_router_or_a_smarthost(make_gateway):
    assert "0 warnings" in check_behind(an_office(make_gateway), None)
    office = an_office(make_gateway)
    office.smarthosts = {}
    office.write()
    assert "router" not in check_behind(office, "192.168.1.1")


# --- programs that need the rights of their file


RUNS = [("{suid} up", True), ("sleep 1; LANG=C exec {suid} up", True), ("test -e /x || ({suid})", True), ("if true\nthen {suid}\nfi", True), ("asks-root --up", True),
        ("echo {suid}", False), ("{plain} up", False), ("echo asks-root", False), ("missing-program", False)]


@pytest.mark.parametrize("command, is_told", RUNS, ids=[str(n) for n in range(len(RUNS))])
def test_a_command_that_needs_rights_of_its_file_is_told(make_gateway, folder, command, is_told):
    suid, plain = folder / "asks-root", folder / "plain"
    for path in (suid, plain):
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    suid.chmod(0o4755)
    command = command.format(suid=suid, plain=plain).replace("\n", " ; ")
    office = make_gateway(start=False, users=["ivan"], sections={"line": {"connect_command": f'"{command}"'}})
    told = subprocess.run([BUILD / "lanpost", "check", "-c", office.conf], capture_output=True, text=True, timeout=90,
                          env={**environment(), "PATH": f"{folder}:/usr/bin:/bin"})
    assert (f"connect_command runs {suid}, which needs the rights of its file" in told.stdout) == is_told, told.stdout + told.stderr


def test_it_is_told_of_a_password_command_too(make_gateway, folder):
    (folder / "asks-root").write_text("#!/bin/sh\n")
    (folder / "asks-root").chmod(0o2755)
    office = make_gateway(start=False, users=["ivan"], accounts={"a": {"url": "pop3s://pop.example.ru", "user": "me", "password_command": folder / "asks-root"}})
    assert f"password_command runs {folder}/asks-root" in office.cli("check").stdout
    assert "права файла" in subprocess.run([BUILD / "lanpost", "check", "-c", office.conf], capture_output=True, text=True, timeout=90,
                                           env=environment("ru")).stdout
