import os
import subprocess
import sys

import numpy as np
import pytest
import sha3
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core import keccak

EMPTY = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.fixture(scope="module")
def kernel():
    if os.environ.get("USUFRUCT_NO_NUMBA") == "1":
        pytest.skip("numba is switched off by USUFRUCT_NO_NUMBA=1")
    assert keccak.warm()


def reference(rows):
    return [sha3.keccak_256(row.tobytes()).digest() for row in rows]


def rows_of(data, count, length):
    return np.resize(np.frombuffer(data, np.uint8), (count, length))


def test_one_message():
    assert keccak.keccak256(b"").hex() == EMPTY
    assert keccak.keccak256(b"abc") == sha3.keccak_256(b"abc").digest()


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("length", [1, 7, 8, 9, 32, 64, 65, 92, 102, 127, 128, 134, 135, 136, 300])
def test_rows_of_every_length_equal_the_single_hash(length):
    rows = np.random.default_rng(length).integers(0, 256, (83, length), dtype=np.uint8)
    assert [each.tobytes() for each in keccak.keccak256_rows(rows)] == reference(rows)


@pytest.mark.usefixtures("kernel")
@given(
    st.binary(min_size=1, max_size=200), st.integers(0, 150), st.sampled_from([65, 92, 102, 135])
)
def test_rows_equal_the_single_hash(data, count, length):
    rows = rows_of(data, count, length)
    assert [each.tobytes() for each in keccak.keccak256_rows(rows)] == reference(rows)


@pytest.mark.usefixtures("kernel")
@given(st.binary(min_size=1, max_size=200), st.integers(0, 140))
def test_nodes_equal_the_single_hash(data, pairs):
    level = rows_of(data, 2 * pairs, 32)
    joined = [b"\x01" + pair.tobytes() for pair in level.reshape(pairs, 64)]
    found = [each.tobytes() for each in keccak.keccak256_nodes(level)]
    assert found == [sha3.keccak_256(each).digest() for each in joined]


@pytest.mark.usefixtures("kernel")
def test_rows_need_not_lie_together_in_memory():
    wide = np.random.default_rng(1).integers(0, 256, (200, 204), dtype=np.uint8)
    rows = wide[::2, ::2]
    assert [each.tobytes() for each in keccak.keccak256_rows(rows)] == reference(rows)


PROGRAM = """
import sys
import numpy as np
from usufruct.core import keccak, merkle, signing, statements, waterfall
assert "numba" not in sys.modules, "the import compiles"
rows = np.arange(300 * 102, dtype=np.uint32).astype(np.uint8).reshape(300, 102)
merkle.tree_root(rows)
assert "numba" not in sys.modules, "a small tree compiles"
{more}
print(merkle.tree_root(rows).hex(), keccak.warm())
"""


def run(more="", **environment):
    command = [sys.executable, "-c", PROGRAM.format(more=more)]
    done = subprocess.run(
        command,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.usefixtures("kernel")
def test_with_and_without_the_kernel_the_bytes_are_the_same():
    root, warm = run("keccak.warm()")
    assert warm == "True"
    assert run(USUFRUCT_NO_NUMBA="1") == [root, "False"]


@pytest.mark.usefixtures("kernel")
def test_much_work_loads_the_kernel():
    more = "keccak.LOAD_AFTER = 500; merkle.tree_root(rows); assert 'numba' in sys.modules"
    assert run(more)[1] == "True"


@pytest.mark.usefixtures("kernel")
def test_the_kernel_works_where_nothing_can_be_written():
    blocked = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; keccak.warm()"
    assert run(blocked)[1] == "True"


def test_eth_hash_stands_in_for_a_missing_pysha3():
    program = (
        "import sys; sys.modules['sha3'] = None; sys.modules['eth_hash.backends.pysha3'] = None\n"
        "from usufruct.core.keccak import keccak256; print(keccak256(b'').hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        env={"PYTHONPATH": ":".join(sys.path), "ETH_HASH_BACKEND": "pycryptodome"},
        capture_output=True,
        text=True,
    )
    if "No module named 'Crypto'" in done.stderr:
        pytest.skip("pycryptodome is not installed")
    assert done.stdout.strip() == EMPTY, done.stderr
