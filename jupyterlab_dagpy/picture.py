"""From an SVG drawing to a PNG.

``python -m jupyterlab_dagpy.picture ZOOM`` reads SVG from standard input and writes a PNG to standard output.

Text is drawn in DejaVu Sans, which comes with the engine, so that a picture is the same on every machine, also on one
without any font. Only for scripts that DejaVu lacks are the fonts of the system looked at too.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: How the process ends where the library is missing.
LIBRARY_MISSING = 3

FONTS = Path(__file__).parent / "_engine" / "fonts"
FAMILY = "DejaVu Sans"

#: From here on there are characters that DejaVu Sans does not have.
FIRST_FOREIGN = 0x0700
#: Punctuation and symbols, which it does have.
SYMBOLS = range(0x1E00, 0x2E00)


def png_of(svg: str, zoom: float) -> bytes:
    """Pixels of a drawing, enlarged by `zoom`. Raises ValueError for what is no SVG."""
    from resvg_py import svg_to_bytes

    foreign = any(ord(char) >= FIRST_FOREIGN and ord(char) not in SYMBOLS for char in svg)
    return svg_to_bytes(
        svg_string=svg,
        zoom=zoom,
        style_sheet=f'text {{ font-family: "{FAMILY}" }}',
        skip_system_fonts=not foreign,
        font_files=[str(path) for path in sorted(FONTS.glob("*.ttf"))],
        font_family=FAMILY,
        sans_serif_family=FAMILY,
    )


def main() -> int:
    """Answer on standard output; the exit code says whether it worked."""
    try:
        png = png_of(sys.stdin.buffer.read().decode("utf-8"), float(sys.argv[1]))
    except ImportError as error:
        print(error, file=sys.stderr)
        return LIBRARY_MISSING
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
