import json

from tests.vectors.make_core import PLACE, reading, vectors

from usufruct.core.encoding import unhex
from usufruct.core.merkle import verify_path
from usufruct.core.signing import recover, verify_record

COMMITTED = json.loads(PLACE.read_text(encoding="utf-8"))


def test_the_protocol_s_values_have_not_changed():
    assert json.loads(json.dumps(vectors())) == COMMITTED


def test_the_published_paths_lead_to_the_published_roots():
    for tree in COMMITTED["trees"]:
        leaf = reading(tree["index"], committed=False)[0].encode()
        path = [unhex(each) for each in tree["path"]]
        assert verify_path(leaf, tree["index"], tree["count"], path, unhex(tree["root"]))


def test_the_published_signatures_verify():
    signatures = COMMITTED["signatures"]
    digest, signature = unhex(signatures["digest"]), unhex(signatures["signature"])
    assert recover(digest, signature) == signatures["address"]
    for scheme, record in signatures["records"].items():
        payload = signatures["payload"].encode()
        key, signed = unhex(record["publicKey"]), unhex(record["signature"])
        assert verify_record(scheme, key, payload, signed)
