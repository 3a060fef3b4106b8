from __future__ import annotations

import pickle

import pytest
from eth_abi.abi import encode as reference_encode
from hypothesis import given
from hypothesis import strategies as st

from usufruct.contracts import _runtime as rt
from usufruct.contracts import access_manager, decode_error, events_by_topic

ACCOUNT = rt.address(bytes.fromhex("d8da6bf26964af9d7eed9e03e53415d37aa96045"))


class TestAddress:
    def test_checksums_bytes_and_text(self) -> None:
        assert ACCOUNT == "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
        assert rt.address(ACCOUNT.lower()) == ACCOUNT

    @pytest.mark.parametrize(
        "wrong", ["", "0x12", b"short", bytes(21), "0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045"]
    )
    def test_refuses_what_is_none(self, wrong: str | bytes) -> None:
        with pytest.raises(rt.EncodeError, match="not an address"):
            rt.address(wrong)


class TestEncode:
    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("bytes32", bytes(31)),
            ("bytes32", bytes(33)),
            ("bytes4", b""),
            ("bytes4", "0x01020304"),
            ("uint8", 256),
            ("uint8", -1),
            ("uint8", True),
            ("uint8", 1.0),
            ("int8", 128),
            ("bool", 1),
            ("address", "0x12"),
            ("string", b"text"),
            ("bytes", "text"),
            ("uint8[2]", [1]),
            ("(uint8,bool)", (1,)),
        ],
    )
    def test_refuses_what_does_not_fit(self, kind: str, value: object) -> None:
        with pytest.raises(rt.EncodeError):
            rt.encode((kind,), (value,))

    def test_names_the_function_in_its_error(self) -> None:
        with pytest.raises(rt.EncodeError, match=r"AccessManager\.grantRole"):
            access_manager.grant_role(2**64, ACCOUNT, 0)

    @given(st.integers(0, 2**256 - 1), st.binary(), st.text())
    def test_agrees_with_eth_abi(self, number: int, raw: bytes, text: str) -> None:
        types, values = ("uint256", "bytes", "string"), (number, raw, text)
        encoded = rt.encode(types, values)
        assert encoded == reference_encode(types, values)
        assert rt.decode(types, encoded) == values


class TestCall:
    def test_holds_what_a_sender_needs(self) -> None:
        call = access_manager.has_role(3, ACCOUNT)
        assert (call.contract, call.name, call.mutability) == ("AccessManager", "hasRole", "view")
        assert call.data[:4].hex() == "d1f856ee"
        assert len(call.data) == 4 + 64

    def test_decodes_its_result(self) -> None:
        output = reference_encode(("bool", "uint32"), (True, 7))
        assert access_manager.has_role(3, ACCOUNT).decode(output) == access_manager.HasRoleResult(
            True, 7
        )

    @pytest.mark.parametrize("output", [b"", bytes(31)])
    def test_refuses_the_answer_of_an_address_without_code(self, output: bytes) -> None:
        with pytest.raises(rt.DecodeError, match=r"AccessManager\.expiration"):
            access_manager.expiration().decode(output)

    def test_equals_a_call_with_the_same_data(self) -> None:
        assert access_manager.expiration() == access_manager.expiration()
        assert access_manager.get_role_admin(1) != access_manager.get_role_admin(2)


class TestEvents:
    def test_are_found_by_topic(self) -> None:
        event = access_manager.RoleGranted
        assert events_by_topic()[event.TOPIC] is event

    @pytest.mark.parametrize(
        ("topics", "data"),
        [
            ([], b""),
            ([bytes(32)] * 3, bytes(96)),
            ([access_manager.RoleGranted.TOPIC] * 2, bytes(96)),
            ([access_manager.RoleGranted.TOPIC] * 3, bytes(95)),
        ],
    )
    def test_refuse_a_log_of_another_shape(self, topics: list[bytes], data: bytes) -> None:
        with pytest.raises(rt.DecodeError, match="not a log of RoleGranted"):
            access_manager.RoleGranted.decode(topics, data)


class TestErrors:
    def test_decode_to_their_class_and_read_well(self) -> None:
        thrown = access_manager.AccessManagerUnauthorizedCall
        data = thrown.SELECTOR + reference_encode(
            ("address", "address", "bytes4"), (ACCOUNT, ACCOUNT, b"abcd")
        )
        error = decode_error(data)
        assert error == thrown(ACCOUNT, ACCOUNT, b"abcd")
        assert str(error) == (
            f"AccessManagerUnauthorizedCall(caller={ACCOUNT}, target={ACCOUNT}, selector=0x61626364)"
        )

    def test_reasons_and_panics_are_known(self) -> None:
        reason = decode_error(
            rt.RevertReason.SELECTOR + reference_encode(("string",), ("because",))
        )
        assert reason == rt.RevertReason("because")
        assert str(reason) == "Error(message=because)"
        panic = decode_error(rt.Panic.SELECTOR + reference_encode(("uint256",), (0x11,)))
        assert str(panic) == "Panic(0x11: arithmetic overflow or underflow)"
        assert str(rt.Panic(0x77)) == "Panic(0x77: unknown)"

    @given(st.binary(max_size=200))
    def test_unknown_or_broken_data_is_none_never_an_exception(self, data: bytes) -> None:
        broken = access_manager.AccessManagerUnauthorizedCall.SELECTOR + data[:90]
        assert decode_error(broken) is None
        decode_error(data)

    def test_behave_as_values_and_as_exceptions(self) -> None:
        error = rt.RevertReason("because")
        assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301  # our own bytes
        assert len({error, rt.RevertReason("because"), rt.RevertReason("other")}) == 2
        assert error != rt.Panic(1)
        assert error != "because"
        error.__traceback__ = None
        with pytest.raises(rt.ContractError, match="because"):
            raise error


class TestArtifact:
    def test_recognises_its_code(self) -> None:
        artifact = access_manager.artifact()
        code = bytes.fromhex(artifact.deployed_bytecode)
        assert artifact.matches(code)
        assert not artifact.matches(code[:-1] + b"\x00")
        assert not artifact.matches(b"")

    def test_refuses_libraries_it_does_not_link(self) -> None:
        with pytest.raises(rt.EncodeError, match="links no library"):
            access_manager.artifact().creation_code({"Stray": ACCOUNT})

    def test_deployment_is_code_and_arguments(self) -> None:
        artifact = access_manager.artifact()
        expected = bytes.fromhex(artifact.bytecode) + reference_encode(("address",), (ACCOUNT,))
        assert access_manager.deploy_data(ACCOUNT) == expected
