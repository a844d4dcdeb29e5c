#!/usr/bin/env python3
"""Checks that a safetensors file written by gantry can be read outside of it.

    python3 check_safetensors.py FILE...

Reads each file with PyPI's `safetensors` if that is installed, and in any case by the definition of the format,
with the standard library alone; lists the tensors and exits with 1 if anything is not as the format demands.
"""
import json
import math
import struct
import sys

SIZES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
         "I8": 1, "U8": 1, "BOOL": 1}


def unique(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), "a key comes twice"
    return dict(pairs)


def read(path):
    """{name: (dtype, shape, bytes)} and the metadata, by the definition of the format."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    assert length % 8 == 0, "the data is not aligned"
    header = json.loads(content[8:8 + length].decode("utf-8"), object_pairs_hook=unique)
    metadata = header.pop("__metadata__", {})
    data = content[8 + length:]
    tensors, end_of_last = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        assert begin == end_of_last, f"a gap or overlap before {name}"
        assert end - begin == SIZES[entry["dtype"]] * math.prod(entry["shape"]), f"the size of {name}"
        tensors[name] = entry["dtype"], entry["shape"], data[begin:end]
        end_of_last = end
    assert end_of_last == len(data), "bytes after the last tensor"
    return tensors, metadata


def main():
    try:
        from safetensors import deserialize
    except ImportError:
        deserialize = None
    for path in sys.argv[1:]:
        try:
            tensors, metadata = read(path)
            if deserialize:
                with open(path, "rb") as file:
                    reference = deserialize(file.read())
                assert {name: (t["dtype"], t["shape"], bytes(t["data"])) for name, t in reference} == tensors
        except (AssertionError, ValueError, KeyError, struct.error) as error:
            sys.exit(f"{path}: {type(error).__name__}: {error}")
        print(f"{path}: {len(tensors)} tensors, metadata {metadata},",
              "agrees with PyPI's safetensors" if deserialize else "PyPI's safetensors is not installed")
        for name, (dtype, shape, _) in tensors.items():
            print(f"  {name} {dtype} {shape}")


if __name__ == "__main__":
    main()
