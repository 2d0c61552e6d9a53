#!/usr/bin/env python3
"""Makes rsync_streams.json: signatures, deltas and layered signatures of the rsync-streams format.

An implementation of docs/formats/rsync-streams.md apart from the library: Python 3, its standard library, and nothing
of this project. BLAKE3 is written out here, since Python has none; SHA-256 and BLAKE2b are those of hashlib.

    python3 make_rsync_streams.py > rsync_streams.json
"""
import base64
import hashlib
import json
import struct
import sys

# ---- BLAKE3 (paper of 2020, section 2), one block after the other

MASK = 0xFFFFFFFF
IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED_HASH = 1, 2, 4, 8, 16


def quarter(v, a, b, c, d, x, y):
    v[a] = (v[a] + v[b] + x) & MASK
    v[d] ^= v[a]
    v[d] = (v[d] >> 16 | v[d] << 16) & MASK
    v[c] = (v[c] + v[d]) & MASK
    v[b] ^= v[c]
    v[b] = (v[b] >> 12 | v[b] << 20) & MASK
    v[a] = (v[a] + v[b] + y) & MASK
    v[d] ^= v[a]
    v[d] = (v[d] >> 8 | v[d] << 24) & MASK
    v[c] = (v[c] + v[d]) & MASK
    v[b] ^= v[c]
    v[b] = (v[b] >> 7 | v[b] << 25) & MASK


def compress(chaining, block, counter, length, flags):
    m = struct.unpack("<16I", block.ljust(64, b"\0"))
    v = [*chaining, *IV[:4], counter & MASK, counter >> 32, length, flags]
    for _ in range(7):
        quarter(v, 0, 4, 8, 12, m[0], m[1])
        quarter(v, 1, 5, 9, 13, m[2], m[3])
        quarter(v, 2, 6, 10, 14, m[4], m[5])
        quarter(v, 3, 7, 11, 15, m[6], m[7])
        quarter(v, 0, 5, 10, 15, m[8], m[9])
        quarter(v, 1, 6, 11, 12, m[10], m[11])
        quarter(v, 2, 7, 8, 13, m[12], m[13])
        quarter(v, 3, 4, 9, 14, m[14], m[15])
        m = [m[i] for i in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)]


def subtree(data, first_chunk, key, flags, root):
    """The chaining value of a tree over data whose first chunk has that number; root is ROOT for the whole tree."""
    if len(data) <= 1024:
        chaining = key
        blocks = [data[at : at + 64] for at in range(0, len(data), 64)] or [b""]
        for i, block in enumerate(blocks):
            here = flags | (CHUNK_START if i == 0 else 0)
            if i == len(blocks) - 1:
                here |= CHUNK_END | root
            chaining = compress(chaining, block, first_chunk, len(block), here)
        return chaining
    # The left subtree has the largest power of two of whole chunks that leaves something to the right.
    left = 1024
    while 2 * left < len(data):
        left *= 2
    words = subtree(data[:left], first_chunk, key, flags, 0)
    words += subtree(data[left:], first_chunk + left // 1024, key, flags, 0)
    return compress(key, struct.pack("<16I", *words), 0, 64, flags | PARENT | root)


def blake3(data, key=None):
    words = IV if key is None else struct.unpack("<8I", key)
    return struct.pack("<8I", *subtree(data, 0, list(words), 0 if key is None else KEYED_HASH, ROOT))


def check_blake3():
    """The published vectors: github.com/BLAKE3-team/BLAKE3, test_vectors/test_vectors.json."""
    key = b"whats the Elvish word for friend"
    published = [
        (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", None),
        (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213", None),
        (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7", None),
        (1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444", None),
        (31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47", None),
        (0, "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26", key),
        (1, "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b", key),
    ]
    for length, expected, key in published:
        assert blake3(bytes(i % 251 for i in range(length)), key).hex() == expected, (length, key)


# ---- sums of blocks

SALT = bytes(range(16))


def rollsum(data):
    s1 = s2 = 0
    for byte in data:
        s1 += byte + 31
        s2 += s1
    return (s2 & 0xFFFF) << 16 | s1 & 0xFFFF


def rabinkarp(data):
    h = 1
    for byte in data:
        h = (h * 0x08104225 + byte) & MASK
    return h


WEAK = {"rollsum": (1, rollsum), "rabinkarp": (2, rabinkarp)}
STRONG = {
    "blake3": (2, lambda data, salt: blake3(data, salt + bytes(16))),
    "blake2b": (3, lambda data, salt: hashlib.blake2b(data, digest_size=32, key=salt).digest()),
}


def records(data, weak, strong, block, kept, salt):
    """The records of the blocks of a file."""
    weak, strong = WEAK[weak][1], STRONG[strong][1]
    blocks = [data[at : at + block] for at in range(0, len(data), block)]
    return [struct.pack("<I", weak(one)) + strong(one, salt)[:kept] for one in blocks]


# ---- files of the format


def header(weak, strong, block, kept, flags, salt):
    fields = struct.pack("<4B I 4B", 1, flags, WEAK[weak][0], STRONG[strong][0], block, kept, 0, 0, 0)
    return bytes.fromhex("92525353") + fields + salt


def frames(all_records, most):
    out = b""
    for at in range(0, len(all_records), most):
        frame = all_records[at : at + most]
        out += struct.pack("<I", len(frame)) + b"".join(frame)
    return out


def trailer(data, has_digest):
    return struct.pack("<IQ", 0, len(data)) + (hashlib.sha256(data).digest() if has_digest else b"")


def signature(data, weak, strong, block, kept, has_digest, salt=SALT):
    most = max(1, 2**20 // block)
    body = frames(records(data, weak, strong, block, kept, salt), most)
    return header(weak, strong, block, kept, int(has_digest), salt) + body + trailer(data, has_digest)


def table(layers):
    return bytes([len(layers)]) + b"".join(struct.pack("<IB", block, kept) for block, kept in layers)


def layered(data, weak, strong, layers, tag, modified, salt=SALT):
    block, kept = layers[-1]
    out = header(weak, strong, block, kept, 3, salt) + table(layers)
    out += frames(records(data, weak, strong, block, kept, salt), 1024) + trailer(data, True)
    for block, kept in reversed(layers[:-1]):
        out += b"".join(records(data, weak, strong, block, kept, salt))
    tag = (tag or "").encode()
    footer = table(layers) + bytes([WEAK[weak][0], STRONG[strong][0]]) + salt
    footer += struct.pack("<Q", len(data)) + hashlib.sha256(data).digest()
    footer += struct.pack("<H", len(tag)) + tag + struct.pack("<q", -(2**63) if modified is None else modified)
    return out + footer + struct.pack("<I", len(footer) + 8) + bytes.fromhex("9252534c")


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def delta(commands, target, target_length):
    """A delta of copies (offset, length) and literal bytes; with a digest if there is a target to take it of."""
    out = bytes.fromhex("92525344") + bytes([1, 4 if target is not None else 0, 0, 0])
    expected = 0
    for command in commands:
        if isinstance(command, bytes):
            out += varint(2 * len(command)) + command
            continue
        offset, length = command
        distance = offset - expected
        out += varint(2 * length + 1) + varint(-2 * distance - 1 if distance < 0 else 2 * distance)
        expected = offset + length
    out += varint(0) + varint(target_length)
    return out + (hashlib.sha256(target).digest() if target is not None else b"")


# ---- recipes of inputs: README.md, "Recipes"


def make(recipe):
    kind = recipe["gen"]
    if kind == "rand":
        x, out = recipe["seed"], bytearray()
        while len(out) < recipe["len"]:
            x ^= x << 13 & MASK
            x ^= x >> 17
            x ^= x << 5 & MASK
            out += struct.pack("<I", x)
        return bytes(out[: recipe["len"]])
    if kind == "fill":
        return bytes([recipe["byte"]]) * recipe["len"]
    return b"".join(make(part) for part in recipe["parts"])


def rand(seed, length):
    return {"gen": "rand", "seed": seed, "len": length}


# ---- the cases

MAX_BASE64_LENGTH = 400


def told(data, is_output=True):
    out = {"len": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if is_output and len(data) <= MAX_BASE64_LENGTH:
        out["base64"] = base64.b64encode(data).decode()
    return out


def signature_case(recipe, weak, strong, block, kept, has_digest, salt=SALT):
    data = make(recipe)
    return {
        "basis": {"recipe": recipe, **told(data, False)},
        "weakSum": weak,
        "strongSum": strong,
        "blockLength": block,
        "strongLength": kept,
        "digest": has_digest,
        "salt": salt.hex(),
        "sig": told(signature(data, weak, strong, block, kept, has_digest, salt)),
    }


def signature_cases():
    kept, number = [2, 6, 10, 32], 0
    for strong in STRONG:
        for weak in WEAK:
            for block in [16, 100, 1024, 2500]:
                for length in [0, 1, block - 1, block, block + 1, 7 * block + block // 2]:
                    number += 1
                    has_digest = number % 3 == 0
                    yield signature_case(rand(number, length), weak, strong, block, kept[number % 4], has_digest)
            for bytes_kept in kept:
                for has_digest in [False, True]:
                    recipe = {"gen": "concat", "parts": [rand(7, 300), {"gen": "fill", "byte": 0, "len": 200}]}
                    yield signature_case(recipe, weak, strong, 64, bytes_kept, has_digest)
            for salt in [bytes(16), bytes([255] * 16), make(rand(99, 16))]:
                yield signature_case(rand(8, 333), weak, strong, 128, 10, False, salt)
    # More than one frame, and blocks above 1 MiB.
    yield signature_case(rand(9, 2**20 + 2**19 + 5), "rabinkarp", "blake2b", 1000, 6, True)
    yield signature_case(rand(10, 2**20 + 16), "rollsum", "blake2b", 16, 2, False)
    yield signature_case(rand(11, 2**21 + 2**20 + 1), "rabinkarp", "blake2b", 2**20 + 1, 32, False)


def delta_case(basis_recipe, commands, has_digest, search=None):
    """search: what the signature is made with whose search finds these commands."""
    basis = make(basis_recipe) if basis_recipe else None
    shown, plain, parts, length = [], [], [], 0
    for command in commands:
        if isinstance(command, dict):
            data = make(command)
            shown.append({"data": command})
            plain.append(data)
            parts.append(data)
            length += len(data)
        else:
            offset, count = command
            shown.append({"copy": {"offset": offset, "length": count}})
            plain.append(command)
            parts.append(basis[offset : offset + count] if basis is not None else b"")
            length += count
    target = b"".join(parts) if basis is not None else None
    out = {"commands": shown, "digest": has_digest, "targetLength": length}
    if basis is not None:
        assert len(target) == length
        out |= {"basis": {"recipe": basis_recipe, **told(basis, False)}, "target": told(target, False)}
    out |= {"search": search} if search else {}
    return out | {"delta": told(delta(plain, target if has_digest else None, length))}


def delta_cases():
    basis = rand(21, 5000)
    for has_digest in [False, True]:
        yield delta_case(basis, [], has_digest)
        for length in [1, 63, 64, 8191, 8192, 65536]:
            yield delta_case(basis, [rand(22, length)], has_digest)
        yield delta_case(basis, [(0, 5000)], has_digest)
        # Forwards, on, backwards, the same again, overlapping, back to the start.
        copies = [(100, 50), (150, 63), (4000, 64), (3000, 1000), (3000, 1000), (3500, 900), (0, 1), (4999, 1)]
        yield delta_case(basis, copies, has_digest)
        # Data between copies does not change where the next copy is expected.
        yield delta_case(basis, [rand(23, 5), (10, 20), rand(24, 70), (30, 20), rand(25, 1), (29, 1)], has_digest)
    # The most that fits: no basis has it.
    far = 2**52 - 1
    yield delta_case(None, [(far, 1), (2**53 - 2, 1), (2**52, 3), (4, far), (4, 7)], False)
    yield delta_case(None, [(5 * 2**30 + 123, 2**33), (2**31, 2**31), (2**32, 1)], False)
    # What a search writes: the target has blocks of the basis, and noise.
    for weak in WEAK:
        for strong in STRONG:
            for block, kept in [(16, 4), (100, 6), (1000, 10)]:
                search = {"weakSum": weak, "strongSum": strong, "blockLength": block, "strongLength": kept}
                some = rand(31, 10 * block + block // 3)
                b = block
                moved = [rand(32, 33), (2 * b, 3 * b), rand(33, b + 1), (0, 2 * b), (7 * b, b), rand(34, 3)]
                yield delta_case(some, moved, True, search)
                yield delta_case(some, [(0, 10 * b + b // 3)], False, search)
                # The short last block, at the end of the target.
                yield delta_case(some, [rand(35, 2 * b), (10 * b, b // 3)], True, search)


def layered_case(recipe, layers, tag=None, modified=None, weak="rabinkarp", strong="blake3", salt=SALT):
    data = make(recipe)
    return {
        "file": {"recipe": recipe, **told(data, False)},
        "weakSum": weak,
        "strongSum": strong,
        "salt": salt.hex(),
        "layers": [{"blockLength": block, "strongLength": kept} for block, kept in layers],
        **({"entityTag": tag} if tag else {}),
        **({"modifiedMs": modified} if modified is not None else {}),
        "layered": told(layered(data, weak, strong, layers, tag, modified, salt)),
    }


def layered_cases():
    three = [(4096, 6), (512, 5), (64, 4)]
    # Frames of 1,024, 1,024 and 453 records.
    yield layered_case(rand(41, 2500 * 64 + 17), three, '"v1-\u00e9"', 1_700_000_000_123)
    # The last frame is full; one record more; one less.
    for length in [2048 * 16, 2048 * 16 + 1, 2047 * 16]:
        yield layered_case(rand(42, length), [(256, 3), (32, 2), (16, 2)])
    for length in [0, 1, 63, 64, 65, 4096, 4097]:
        yield layered_case(rand(43, length), three, "W/\"weak\"", -1)
    yield layered_case(rand(44, 1000), [(100, 32)], None, 0)
    yield layered_case(rand(45, 3000), [(16 * 2**i, 10) for i in reversed(range(8))], "t" * 1024, 2**53 - 1)
    # Sums that the library does not choose, and reads.
    yield layered_case(rand(46, 70_000), [(1500, 8), (50, 3)], None, None, "rollsum", "blake2b", bytes([7] * 16))
    yield layered_case(rand(47, 7000), [(640, 8), (64, 3)], None, None, "rollsum", "blake3")
    yield layered_case(rand(48, 7000), [(640, 8), (64, 3)], None, None, "rabinkarp", "blake2b")


def main():
    check_blake3()
    lists = {"signatures": signature_cases(), "deltas": delta_cases(), "layered": layered_cases()}
    print('{"format": "rsync-streams-golden/1"', end="")
    for name, cases in lists.items():
        lines = ",\n".join(" " + json.dumps(case) for case in cases)
        print(f',\n"{name}": [\n{lines}\n]', end="")
    print("}")
    print("done", file=sys.stderr)


if __name__ == "__main__":
    main()
