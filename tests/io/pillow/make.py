#!/usr/bin/env python3
"""Writes small images of every kind and what Pillow reads from them, for tests/io/test_pillow.cpp.

Use: python3 make.py (in a Python that has Pillow; the files here come from Pillow 13).
"""

import io
import json
import pathlib
import random
import struct
import zlib

from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
expected = {}
rng = random.Random(1)


def png(width, height, bits, colour_type, rows, chunks=()):
    """A PNG with these rows of bytes, and these chunks before its pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(kind, data) for kind, data in chunks)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def save(name, data, grey=False, grey_16=None):
    """Writes the file, and notes Pillow's values: upright, and what is transparent over white."""
    (HERE / name).write_bytes(data)
    image = Image.open(io.BytesIO(data))
    image.load()
    if grey_16 is not None:
        # Pillow clips grey numbers of 16 bits to 255.
        image = Image.frombytes("L", image.size, bytes(grey_16))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        image = image.getchannel(0) if grey else image
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    image = ImageOps.exif_transpose(image)
    expected[name] = {
        "height": image.height,
        "width": image.width,
        "channels": len(image.getbands()),
        "pixels": list(image.tobytes()),
    }


def bytes_of(count):
    return bytes(rng.randrange(256) for _ in range(count))


def orientation(number):
    exif = Image.Exif()
    exif[0x0112] = number
    exif[0x010F] = "a camera"
    return exif.tobytes()


# PNG: colour types 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha.
width, height = 7, 5
for colour_type, channels, depths in [
    (0, 1, (1, 2, 4, 8, 16)),
    (2, 3, (8, 16)),
    (3, 1, (1, 2, 4, 8)),
    (4, 2, (8, 16)),
    (6, 4, (8, 16)),
]:
    for bits in depths:
        row_bytes = (width * channels * bits + 7) // 8
        rows = [bytes_of(row_bytes) for _ in range(height)]
        chunks = [(b"gAMA", struct.pack(">I", 100000))]  # linear light; Pillow does not mind
        if colour_type == 3:
            chunks.append((b"PLTE", bytes_of(3 * 2**bits)))
        upper = [value for row in rows for value in row[::2]]
        save(
            f"type{colour_type}_{bits}.png",
            png(width, height, bits, colour_type, rows, chunks),
            grey=colour_type in (0, 4),
            grey_16=upper if colour_type == 0 and bits == 16 else None,
        )
        if colour_type == 3:
            chunks.append((b"tRNS", bytes_of(2**bits)))
            save(f"type3_{bits}_transparent.png", png(width, height, bits, 3, rows, chunks))
for colour_type, values in [(0, (77,)), (2, (10, 20, 30))]:
    row = bytes(values) * 2 + bytes_of(len(values) * (width - 2))
    transparent = struct.pack(f">{len(values)}H", *values)
    save(f"type{colour_type}_8_transparent.png", png(width, 1, 8, colour_type, [row], [(b"tRNS", transparent)]), grey=colour_type == 0)
# All values at all alphas, four of each: 64 x 64.
pairs = [(value, alpha) for value in range(0, 256, 4) for alpha in range(2, 256, 4)]
rows = [bytes(n for pair in pairs[64 * y : 64 * y + 64] for n in pair) for y in range(64)]
save("alpha.png", png(64, 64, 8, 4, rows), grey=True)

photo = Image.new("RGB", (13, 9))
photo.putdata([(20 * x % 256, 28 * y % 256, (x * y * 7) % 256) for y in range(9) for x in range(13)])
for number in range(1, 9):
    for kind in ("png", "jpeg"):
        file = io.BytesIO()
        photo.save(file, kind, exif=orientation(number), quality=90)
        save(f"orientation{number}.{'png' if kind == 'png' else 'jpg'}", file.getvalue())

# JPEG: subsampling of colours 4:4:4, 4:2:2, 4:2:0; several scans; grey; CMYK with and without Adobe's marker.
for name, image, options in [
    ("444.jpg", photo, {"subsampling": 0}),
    ("422.jpg", photo, {"subsampling": 1}),
    ("420.jpg", photo, {"subsampling": 2}),
    ("progressive.jpg", photo, {"progressive": True}),
    ("grey.jpg", photo.convert("L"), {}),
    ("cmyk.jpg", photo.convert("CMYK"), {}),
]:
    file = io.BytesIO()
    image.save(file, "jpeg", quality=80, **options)
    save(name, file.getvalue())
    if name == "cmyk.jpg":
        data = file.getvalue()
        at = data.index(b"\xff\xee")
        save("cmyk_without_adobe.jpg", data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :])

(HERE / "expected.json").write_text(json.dumps(expected, sort_keys=True, separators=(",", ":")) + "\n")
