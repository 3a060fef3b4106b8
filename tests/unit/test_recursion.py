import subprocess
import sys

PROGRAM = """
import sys, json
before = sys.getrecursionlimit()
import usufruct, web3, eth_account
assert sys.getrecursionlimit() == before, sys.getrecursionlimit()
try:
    json.loads("[" * 1_000_000)
except RecursionError:
    print("refused")
"""


def test_no_library_lets_deep_documents_overflow_the_stack():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "refused"), done.stderr
