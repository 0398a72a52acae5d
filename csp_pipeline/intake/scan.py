"""Looking through a text file's bytes once: encoding, line endings, and what makes it no text at all."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from csp_pipeline.errors import RefusedFileError

CHUNK = 8 * 1024 * 1024
LONGEST_LINE = 2 * 1024 * 1024
SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a workbook or zip archive",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"<!DO": "a web page",
    b"<htm": "a web page",
    b"{\\rt": "a rich text document",
}
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class ScannedText:
    """A text file's encoding, and whether DuckDB may read its bytes as they are."""

    encoding: str
    is_plain: bool


def scan_text(path: Path) -> ScannedText:
    """Tell a text file's encoding and line endings.

    UTF-8 (with or without a byte order mark), UTF-16 with one, Windows-1252 and GB18030 are told apart.
    Raises RefusedFileError for an empty file, another kind of document, NUL bytes, a line beyond 2 MB, or text in no
    encoding known here.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise RefusedFileError("empty_file", "it is empty (0 bytes). Send the export again.")
    for signature, kind in SIGNATURES.items():
        if start.lower().startswith(signature.lower()):
            raise RefusedFileError(
                "not_text",
                f"it is {kind}, not a text file, whatever its name says. Export it as CSV and send it again.",
            )
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return ScannedText(encoding, is_plain=False)
    return _scan_unmarked(path)


def _scan_unmarked(path: Path) -> ScannedText:
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, suspicious = True, bytearray()
    returns = pairs = newlines = since_newline = 0
    has_blank_lines, carried = False, b""
    for chunk in _chunks(path):
        if b"\0" in chunk:
            raise RefusedFileError("not_text", "it holds NUL bytes, so it is not text. Export it as CSV and send it again.")
        if not chunk.isascii() or not is_utf8:
            is_utf8 = is_utf8 and _decodes(decoder, chunk)
            if len(suspicious) < 2_000_000:
                suspicious += b"\n".join(line for line in chunk.split(b"\n") if not line.isascii())[:500_000]
        since_newline = _longest_line(chunk, since_newline, newlines)
        joined = carried + chunk[:2]
        newlines += chunk.count(b"\n")
        if b"\r" in chunk:
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n")
        pairs += carried[-1:] == b"\r" and chunk[:1] == b"\n"
        has_blank_lines = has_blank_lines or any(blank in text for blank in (b"\n\n", b"\n\r\n") for text in (joined, chunk))
        carried = chunk[-2:]
    is_utf8 = is_utf8 and _decodes(decoder, b"", final=True)
    one_ending = returns == 0 or (returns == pairs and newlines == pairs)
    if is_utf8:
        return ScannedText("utf-8", is_plain=one_ending and not has_blank_lines)
    return ScannedText(tell_encoding(bytes(suspicious)), is_plain=False)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final=final)
    except UnicodeDecodeError:
        return False
    return True


def _longest_line(chunk: bytes, since_newline: int, newlines: int) -> int:
    """Bytes since the last newline after this chunk; refuses a line beyond the limit.

    It leaps from the start of one line to the last line ending within the limit, so that a chunk takes a few leaps.
    """
    ending = b"\n" if b"\n" in chunk else b"\r"
    start = 0
    while start < len(chunk):
        last = chunk.rfind(ending, start, start + LONGEST_LINE - since_newline + 1)
        if last < 0:
            since_newline += len(chunk) - start
            if since_newline <= LONGEST_LINE:
                return since_newline
            line = newlines + chunk.count(ending, 0, start) + 1
            raise RefusedFileError(
                "line_too_long",
                f"line {line} is longer than {LONGEST_LINE // 1024 // 1024} MB; no row of this feed is. A line break or "
                "a closing quotation mark may be missing. Export it again.",
                row=line,
            )
        start, since_newline = last + 1, 0
    return since_newline


def tell_encoding(sample: bytes) -> str:
    """Windows-1252 or GB18030, for text that is not UTF-8.

    Lone bytes above 127 between letters are Windows-1252; GB18030 writes them in pairs.
    Raises RefusedFileError when it is neither.
    """
    best = charset_normalizer.from_bytes(sample, cp_isolation=["cp1252", "gb18030"]).best()
    candidates = [best.encoding] if best else []
    high = sum(byte > 127 for byte in sample)
    lone = sum(
        1
        for before, byte, after in zip(b" " + sample, sample, sample[1:] + b" ", strict=False)
        if byte > 127 and before < 128 and after < 128
    )
    candidates = (["cp1252"] if lone * 2 > high else ["gb18030"]) + candidates + ["cp1252", "gb18030"]
    for encoding in candidates:
        try:
            sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise RefusedFileError(
        "unknown_encoding",
        "its text is in none of UTF-8, Windows-1252 and GB18030. Export it as UTF-8 and send it again.",
    )


def write_plain(path: Path, encoding: str, target: Path) -> None:
    """Write the text as UTF-8 with `\\n` line endings; a blank line becomes one space, so that rows keep their number.

    Raises RefusedFileError naming the byte that does not decode, or a line beyond 2 MB.
    """
    decoder = codecs.getincrementaldecoder("utf-8" if encoding == "utf-8-sig" else encoding)()
    newlines, since_newline, carried, at_start = 0, 0, "", True
    with target.open("w", encoding="utf-8", newline="") as plain:
        for chunk in _chunks(path, final=True):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise RefusedFileError(
                    "unknown_encoding",
                    f"a byte after line {newlines + 1} is not {encoding}: {error.reason}. Export it as UTF-8 and send it again.",
                    row=newlines + 1,
                ) from error
            if at_start:
                text, at_start = text.removeprefix("\ufeff"), False
            text = carried + text
            carried = ""
            if chunk and text.endswith(("\r", "\n")):
                ending = len(text) - len(text.rstrip("\r\n"))
                text, carried = text[:-ending], text[-ending:]
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            while "\n\n" in text:
                text = text.replace("\n\n", "\n \n")
            since_newline = _longest_line(text.encode("utf-8"), since_newline, newlines)
            newlines += text.count("\n")
            plain.write(text)


def _chunks(path: Path, *, final: bool = False) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
    if final:
        yield b""
