"""The fixtures of the system tests, for mail programs too heavy for them."""
import importlib.util
import sys
from pathlib import Path

SYSTEM = Path(__file__).resolve().parents[1] / "system"
sys.path[:0] = [str(SYSTEM), str(Path(__file__).parent)]

spec = importlib.util.spec_from_file_location("system_conftest", SYSTEM / "conftest.py")
system_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(system_conftest)
folder, make_gateway = system_conftest.folder, system_conftest.make_gateway
pytest_runtest_makereport = system_conftest.pytest_runtest_makereport
