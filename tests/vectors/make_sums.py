#!/usr/bin/env python3
"""Makes sums.json: every sum that the formats have, of messages of every length from 0 to 1100.

Python 3, its standard library, and make_rsync_streams.py beside it for BLAKE3; nothing of this project. BLAKE2b and the
nodes of BLAKE2sp are those of hashlib. MD4 is written out here by RFC 1320, and the weak sums by their definitions in
docs/formats.

    python3 make_sums.py > sums.json
"""
import base64
import hashlib
import json
import struct
import sys

from make_rsync_streams import blake3, check_blake3

MAX_LENGTH = 1100
SALT = bytes(range(16))


def md4(data):
    def rotate(x, by):
        return (x << by | (x & 0xFFFFFFFF) >> (32 - by)) & 0xFFFFFFFF

    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    rounds = (
        (lambda x, y, z: x & y | ~x & z, 0, (3, 7, 11, 19), range(16)),
        (
            lambda x, y, z: x & y | x & z | y & z,
            0x5A827999,
            (3, 5, 9, 13),
            (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        ),
        (
            lambda x, y, z: x ^ y ^ z,
            0x6ED9EBA1,
            (3, 9, 11, 15),
            (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15),
        ),
    )
    for at in range(0, len(padded), 64):
        x = struct.unpack("<16I", padded[at : at + 64])
        a, b, c, d = state
        for function, constant, shifts, order in rounds:
            for i, k in enumerate(order):
                a = rotate((a + (function(b, c, d) & 0xFFFFFFFF) + x[k] + constant) & 0xFFFFFFFF, shifts[i % 4])
                a, b, c, d = d, a, b, c
        state = [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def check_md4():
    """RFC 1320, appendix A.5."""
    published = {
        b"": "31d6cfe0d16ae931b73c59d7e0c089c0",
        b"abc": "a448017aaf21d8525fc10ae87aa6729d",
        b"12345678901234567890123456789012345678901234567890123456789012345678901234567890":
            "e33b4ddc9c38f2199c3e7b164fcc0536",
    }
    for message, sum in published.items():
        assert md4(message).hex() == sum, message


def blake2sp(data):
    """BLAKE2, section 2.10: eight leaves take stripes of 64 bytes in turn, and a root takes their sums."""
    tree = {"digest_size": 32, "fanout": 8, "depth": 2, "inner_size": 32}
    root = hashlib.blake2s(node_offset=0, node_depth=1, last_node=True, **tree)
    for leaf in range(8):
        node = hashlib.blake2s(node_offset=leaf, node_depth=0, last_node=leaf == 7, **tree)
        for at in range(64 * leaf, len(data), 512):
            node.update(data[at : at + 64])
        root.update(node.digest())
    return root.digest()


def check_blake2sp():
    """github.com/BLAKE2/BLAKE2, testvectors/blake2-kat.json."""
    assert blake2sp(b"").hex() == "dd0e891776933f43c7d032b08a917e25741f8aa9a12c12e1cac8801500f2ca4f"
    assert blake2sp(b"\0").hex() == "a6b9eecc25227ad788c99d3f236debc8da408849e9a5178978727a81457f7239"


def rollsum(data):
    first = sum(byte + 31 for byte in data)
    second = sum((len(data) - i) * (byte + 31) for i, byte in enumerate(data))
    return struct.pack("<I", (second & 0xFFFF) << 16 | first & 0xFFFF)


def rabinkarp(data):
    value = 1
    for byte in data:
        value = (value * 0x08104225 + byte) & 0xFFFFFFFF
    return struct.pack("<I", value)


SUMS = {
    "rollsum": rollsum,
    "rabinkarp": rabinkarp,
    "md4": md4,
    "blake2sp": blake2sp,
    "blake2b": lambda data: hashlib.blake2b(data, digest_size=32).digest(),
    "blake3": blake3,
    "keyed blake2b": lambda data: hashlib.blake2b(data, digest_size=32, key=SALT).digest(),
    "keyed blake3": lambda data: blake3(data, key=SALT + bytes(16)),
}


def main():
    check_blake3()
    check_md4()
    check_blake2sp()
    message = bytes(i % 251 for i in range(MAX_LENGTH))
    sums = {}
    for name, function in SUMS.items():
        marks = (hashlib.sha256(function(message[:length])).digest()[:4] for length in range(MAX_LENGTH + 1))
        sums[name] = base64.b64encode(b"".join(marks)).decode()
    json.dump({"format": "sums-golden/1", "maxLength": MAX_LENGTH, "sums": sums}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
