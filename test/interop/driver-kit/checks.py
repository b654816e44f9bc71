"""What both Python drivers share: named checks, one line each: "ok NAME", "not ok NAME: reason" or "n/a NAME".

It knows no client; the clients' own printing goes to standard error.
"""
import sys
import zlib

OUT = sys.stdout
sys.stdout = sys.stderr


def check(name, body):
    """Runs `body`, prints the line, returns what it returned or None when it failed."""
    try:
        value = body()
    except Exception as error:  # noqa: BLE001 - every failure of a client is a result here
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(f"not ok {name}: {reason}", file=OUT, flush=True)
        return None
    print(f"ok {name}", file=OUT, flush=True)
    return value


def not_offered(*names):
    for name in names:
        print(f"n/a {name}", file=OUT, flush=True)


def must_fail(body, *, word=""):
    """Fails unless `body` fails with `word` in its message; a TypeError is a fault, not an answer."""
    try:
        value = body()
    except (TypeError, AttributeError, NameError):
        raise
    except Exception as error:  # noqa: BLE001
        assert word in str(error), f"expected {word!r} in the error, found {error}"
        return
    raise AssertionError(f"expected a failure, found {value!r}")


def same(expected, found):
    assert len(found) == len(expected), f"length: expected {len(expected)}, found {len(found)}"
    assert found == expected, "content differs"


def sample(length, seed):
    data = bytearray(length)
    state = seed
    for index in range(length):
        state = (state * 1103515245 + 12345) & 0xFFFFFFFF
        data[index] = (state >> 16) & 0xFF
    return bytes(data)


def sample_with_crc(length, high):
    """A sample whose CRC has its top bit set or clear: the wire sign-extends the former."""
    seed = 1
    while (zlib.crc32(sample(length, seed)) >= 0x80000000) != high:
        seed += 1
    return sample(length, seed)


def text(value):
    return value.decode() if isinstance(value, bytes) else value
