"""Hostile deliveries, written when a test asks for them; none is kept in the repository.

As a program, `attacks.py write INBOX` writes them; `attacks.py take FOLDER` takes each file of `FOLDER/inbox` as the
pipeline would, and prints as JSON what became of it, how much computing it took beside sound files, and how much memory
this process and its children used.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import random
import resource
import shutil
import socket
import stat
import struct
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from transforms.land import land, survey_inbox, take_census
from transforms.reading.containers import unpack
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.limits import LINE_BYTES_LIMIT, refuse_long_line, refuse_wide
from transforms.reading.parquet import read_parquet_rows
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheets import read_sheets

MB = 1 << 20
GOOD = b"nomor;nama\n1;WARUNG CONTOH\n"
SQL_HEADER = "x'); DROP TABLE lines; --"


def zip_of(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED, level: int = 6) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method, compresslevel=level) as archive:
        warnings.simplefilter("ignore")
        for name, content in files:
            archive.writestr(name, content, method)
    return buffer.getvalue()


def zip_with_directory(change: Callable[[zipfile.ZipFile], None], content: bytes = GOOD) -> bytes:
    """A ZIP whose directory was changed after its member was written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.csv", content)
        change(archive)
    return buffer.getvalue()


def zeros(size: int) -> bytes:
    """`size` zeros packed by gzip, 1,000 to 1."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MB)) for _ in range(size // MB)) + packer.flush()


def flat_bomb() -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("export.csv", "w", force_zip64=True) as sink,
    ):
        for _ in range(100):
            sink.write(bytes(MB))
    return buffer.getvalue()


def overlapping(archive: zipfile.ZipFile) -> None:
    """Many names for one body: each counts, none costs."""
    for number in range(1_000):
        twin = zipfile.ZipInfo(f"export-{number}.csv")
        first = archive.filelist[0]
        twin.header_offset, twin.CRC, twin.compress_type = first.header_offset, first.CRC, first.compress_type
        twin.file_size, twin.compress_size = first.file_size, first.compress_size
        archive.filelist.append(twin)


def lying(archive: zipfile.ZipFile) -> None:
    """The directory states ten bytes and their checksum; the member goes on."""
    archive.filelist[0].file_size, archive.filelist[0].CRC = 10, zlib.crc32(GOOD[:10])


def encrypted(archive: zipfile.ZipFile) -> None:
    archive.filelist[0].flag_bits |= 1


def nested_42() -> bytes:
    level = zip_of(("0.csv", bytes(4 * MB)))
    for depth in range(3):
        level = zip_of(*((f"{depth}-{number}.zip", level) for number in range(16)))
    return level


def many_entries() -> bytes:
    """100,000 empty files."""
    bodies, directory = bytearray(), bytearray()
    for number in range(100_000):
        name = b"%06d.csv" % number
        common = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0)
        directory += b"PK\x01\x02\x14\0" + common + struct.pack("<3H2L", 0, 0, 0, 0, len(bodies)) + name
        bodies += b"PK\x03\x04" + common + name
    zip64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 100_000, 100_000, len(directory), len(bodies))
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(bodies) + len(directory), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), len(bodies), 0)
    return bytes(bodies + directory + zip64 + locator + end)


def symlink_entry() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("export.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return link


def broken_checksum() -> bytes:
    content = bytearray(zip_of(("export.csv", GOOD), method=zipfile.ZIP_STORED))
    content[content.index(b"WARUNG")] ^= 1
    return bytes(content)


def xlsx(rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
    return buffer.getvalue()


def xlsx_with(part: str, change: Callable[[bytes], bytes], level: int = 6) -> bytes:
    """An ordinary small workbook of which one part was changed."""
    with zipfile.ZipFile(io.BytesIO(xlsx([["nomor", "nama"], ["1", "CONTOH"]]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zip_of(*(parts | {part: change(parts[part])}).items(), level=level)


def xlsx_cell_at(row: int, column: int) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "nomor")
        sheet.write(row, column, 1)
    return buffer.getvalue()


SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def huge_sheet(xml: bytes) -> bytes:
    row = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'
    rows = b"".join(row % (number, number) for number in range(3, 2_000))
    return xml.replace(b"</sheetData>", rows + b"<row></row>" * (7 * MB) + b"</sheetData>")


def huge_strings(xml: bytes) -> bytes:
    return xml.replace(b"</sst>", b"<si><t>A</t></si>" * (5 * MB) + b"</sst>")


def many_strings(xml: bytes) -> bytes:
    """Texts that pack like an export and so pass the ratio, but fill the memory."""
    draw = random.Random(1)
    texts = [b"".join(b"<si><t>%d</t></si>" % draw.randrange(10**6) for _ in range(100)) for _ in range(1_000)]
    return xml.replace(b"</sst>", b"".join(draw.choices(texts, k=MB // 15)) + b"</sst>")


def many_cells(xml: bytes) -> bytes:
    """Few cells on a diagonal: the rectangle they span is what costs."""
    cells = (
        b'<row r="%d"><c r="%s%d"><v>%d</v></c></row>' % (number, letters(number % 2_000), number, number * 7919)
        for number in range(3, 100_000)
    )
    return xml.replace(b"</sheetData>", b"".join(cells) + b"</sheetData>")


def letters(column: int) -> bytes:
    """`0` is A, `26` is AA."""
    text = b""
    while column >= 0:
        text, column = bytes([65 + column % 26]) + text, column // 26 - 1
    return text


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(98, 108)
)


def billion_laughs(xml: bytes) -> bytes:
    return xml.replace(b"?>", b"?>" + LAUGHS + b"]>", 1).replace(b"CONTOH", b"&k;")


def external_entity(xml: bytes) -> bytes:
    return xml.replace(b"?>", b'?><!DOCTYPE l [<!ENTITY k SYSTEM "file:///etc/passwd">]>', 1).replace(b"CONTOH", b"&k;")


def encrypted_ole2() -> bytes:
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    entry = "EncryptedPackage".encode("utf-16-le").ljust(128, b"\0")
    return bytes(header) + entry.ljust(512, b"\0")


def parquet(row_count: int = 5_000, is_checked: bool = True) -> bytes:
    buffer = io.BytesIO()
    table = pa.table({"nomor": [str(number) for number in range(row_count)], "omzet": list(range(row_count))})
    pq.write_table(table, buffer, write_page_checksum=is_checked)
    return buffer.getvalue()


def varint(number: int) -> bytes:
    number, encoded = number * 2, b""
    while number > 127:
        encoded, number = encoded + bytes([number & 127 | 128]), number >> 7
    return encoded + bytes([number])


def parquet_claiming(row_count: int) -> bytes:
    """The count of the rows is rewritten wherever the metadata states it."""
    content, true_count = parquet(54_321), 54_321
    length = int.from_bytes(content[-8:-4], "little")
    footer = content[-8 - length : -8].replace(varint(true_count), varint(row_count))
    return content[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def flipped(content: bytes, first: int, last: int, seed: int) -> bytes:
    draw, changed = random.Random(seed), bytearray(content)
    for _ in range(8):
        changed[draw.randrange(first, last)] ^= 1 << draw.randrange(8)
    return bytes(changed)


def nested_parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"nomor": ["1"], "usaha": [{"nama": "CONTOH"}]}), buffer)
    return buffer.getvalue()


def million_columns() -> bytes:
    return b";".join(b"k%d" % number for number in range(10**6)) + b"\n"


WRITERS: dict[str, Callable[[], bytes]] = {
    "zip-flat-bomb.zip": flat_bomb,
    "zip-overlap-bomb.zip": lambda: zip_with_directory(overlapping, bytes(10 * MB)),
    "zip-nested-bomb.zip": nested_42,
    "zip-entries.zip": many_entries,
    "zip-traversal.zip": lambda: zip_of(("../../published/capaian.duckdb", GOOD)),
    "zip-backslash-traversal.zip": lambda: zip_of(("..\\..\\export.csv", GOOD)),
    "zip-absolute.zip": lambda: zip_of(("/etc/export.csv", GOOD)),
    "zip-drive.zip": lambda: zip_of(("C:export.csv", GOOD)),
    "zip-symlink.zip": lambda: zip_of((symlink_entry(), b"/etc/passwd")),
    "zip-encrypted.zip": lambda: zip_with_directory(encrypted),
    "zip-lying.zip": lambda: zip_with_directory(lying, GOOD * 100),
    "zip-broken-checksum.zip": broken_checksum,
    "zip-cut-off.zip": lambda: zip_of(("export.csv", GOOD * 1_000))[:-40],
    "zip-unusual-method.zip": lambda: zip_of(("export.csv", GOOD), method=zipfile.ZIP_BZIP2),
    "zip-two-of-one-name.zip": lambda: zip_of(("export.csv", GOOD), ("export.csv", GOOD + GOOD)),
    "zip-line-break-name.zip": lambda: zip_of(("export\n.csv", GOOD)),
    "zip-long-name.zip": lambda: zip_of(("e" * 300 + ".csv", GOOD)),
    "zip-empty.zip": lambda: zip_of(),
    "zip-holding-gzip.zip": lambda: zip_of(("export.csv.gz", gzip.compress(GOOD))),
    "gzip-bomb.csv.gz": lambda: zeros(100 * MB),
    "gzip-cut-off.csv.gz": lambda: gzip.compress(GOOD * 1_000)[:-20],
    "gzip-holding-gzip.gz": lambda: gzip.compress(gzip.compress(GOOD)),
    "xlsx-huge-sheet.xlsx": lambda: xlsx_with(SHEET, huge_sheet),
    "xlsx-huge-strings.xlsx": lambda: xlsx_with(STRINGS, huge_strings),
    "xlsx-many-strings.xlsx": lambda: xlsx_with(STRINGS, many_strings, level=1),
    "xlsx-many-cells.xlsx": lambda: xlsx_with(SHEET, many_cells),
    "xlsx-billion-laughs.xlsx": lambda: xlsx_with(STRINGS, billion_laughs),
    "xlsx-external-entity.xlsx": lambda: xlsx_with(STRINGS, external_entity),
    "xlsx-entity-in-workbook.xlsx": lambda: xlsx_with("xl/workbook.xml", billion_laughs),
    "xlsx-cell-at-XFD1048576.xlsx": lambda: xlsx_cell_at(1_048_575, 16_383),
    "xlsx-cell-at-ALL1048576.xlsx": lambda: xlsx_cell_at(1_048_575, 999),
    "xlsx-broken-sheet.xlsx": lambda: xlsx_with(SHEET, lambda xml: xml[: len(xml) // 2]),
    "xlsx-without-sheet.xlsx": lambda: zip_of(
        ("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")
    ),
    "xlsx-encrypted.xlsx": encrypted_ole2,
    "xls-broken.xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(3).randbytes(4_096),
    "ods.ods": lambda: zip_of(("mimetype", b"application/vnd.oasis"), ("content.xml", b"<office/>")),
    "xlsb.xlsb": lambda: zip_of(("xl/workbook.bin", b"\0")),
    "parquet-claims-rows.parquet": lambda: parquet_claiming(10**12),
    "parquet-cut-off.parquet": lambda: parquet()[:-100],
    "parquet-footer-length.parquet": lambda: parquet()[:-8] + b"\xff\xff\xff\x7fPAR1",
    "parquet-nested.parquet": nested_parquet,
    **{
        f"parquet-poisoned-page-{seed}.parquet": lambda seed=seed: flipped(parquet(), 4, 9_000, seed)
        for seed in range(4)
    },
    "csv-million-columns.csv": million_columns,
    "csv-endless-line.csv": lambda: b"nomor;nama\n" + b"x" * (300 * MB),
    "random.csv": lambda: random.Random(5).randbytes(MB),
    "document.pdf": lambda: b"%PDF-1.7\n1 0 obj\n",
    "program.csv": lambda: b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00",
    "web-page.xls": lambda: b"\xef\xbb\xbf\r\n<html><body><table><tr><td>1</td></tr></table></body></html>",
    "empty.csv": lambda: b"",
    "nul.csv": lambda: bytes(MB),
}
"""Files that are to be refused, each by its content."""

HARMLESS: dict[str, bytes] = {
    f"{SQL_HEADER.replace('/', '')}.csv": GOOD,
    "header.csv": f"{SQL_HEADER};nama\n1;CONTOH\n".encode(),
    "formula.csv": b"nomor;nama\n1;=cmd|' /C calc'!A0\n2;@SUM(1)\n",
    "utf-7.csv": b"+AG4-omor;nama\n1;+ADw-script+AD4-\n",
    "line\nbreak.csv": GOOD + b"2;A\n",
    "*?[a-z]{x}'\"`$(id).csv": GOOD + b"3;A\n",
    "-rf.csv": GOOD + b"4;A\n",
    "n" * 251 + ".csv": GOOD + b"5;A\n",
    os.fsdecode(b"latin-\xe9\xff.csv"): GOOD + b"6;A\n",
}
"""Names and contents that would harm only who trusts them; they are taken like any other file."""

SOUND: dict[str, Callable[[], bytes]] = {
    "sound.csv": lambda: GOOD + b"2;KIOS CONTOH\n" * (2 * MB),
    "sound.xlsx": lambda: xlsx([["nomor", "nama"], *([number, "KIOS CONTOH"] for number in range(5_000))]),
    "sound.parquet": parquet,
}
"""Ordinary files, taken beside the attacks: what they cost tells how fast the machine is."""

PLACED = ("link.csv", "link-to-folder", "pipe.csv", "socket.csv", "folder", ".hidden.csv")
"""What lies in the inbox and is no delivery at all."""


def write_attacks(inbox: Path) -> None:
    """Make `inbox` with all of it inside."""
    inbox.mkdir()
    for name, writer in WRITERS.items():
        (inbox / name).write_bytes(writer())
    for name, content in HARMLESS.items():
        (inbox / name).write_bytes(content)
    (inbox / "link.csv").symlink_to("/etc/passwd")
    (inbox / "link-to-folder").symlink_to("/etc")
    os.mkfifo(inbox / "pipe.csv")
    with contextlib.chdir(inbox), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.csv")
    (inbox / "folder").mkdir()
    (inbox / ".hidden.csv").write_bytes(GOOD)


def take(path: Path, scratch: Path) -> str:
    """Read a file as the pipeline does, without recognising it; says what it is, or raises `RefusedDelivery`."""
    kind = kind_of(path)
    if kind.is_archive:
        out = scratch / "unpacked"
        try:
            return ", ".join(sorted({take(file, scratch) for file in unpack(path, out).files}))
        finally:
            shutil.rmtree(out, ignore_errors=True)
    if kind in (Kind.XLSX, Kind.XLS):
        read_sheets(path, scratch / "rows.parquet")
    elif kind is Kind.PARQUET:
        read_parquet_rows(path, scratch / "rows.parquet")
    else:
        refuse_long_line(take_census(path).longest_line_bytes)
        with path.open("rb") as stream:
            header = stream.readline(LINE_BYTES_LIMIT)
        refuse_wide(max(header.count(delimiter) for delimiter in b",;\t|") + 1)
    return kind.value


def cpu_seconds() -> float:
    """Computing of this process and its ended children so far."""
    return sum(os.times()[:4])


def sound_seconds() -> float:
    """CPU seconds that all sound files take together."""
    with tempfile.TemporaryDirectory() as place:
        folder, landed = Path(place), Path(place, "landed")
        landed.mkdir()
        for name, writer in SOUND.items():
            (folder / name).write_bytes(writer())
        begun = cpu_seconds()
        for name in SOUND:
            take(land(folder / name, landed).path, folder)
        return cpu_seconds() - begun


def take_all(folder: Path) -> dict[str, object]:
    """Land and take everything in `<folder>/inbox`."""
    inbox, landed, scratch = folder / "inbox", folder / "landed", folder / "scratch"
    landed.mkdir()
    scratch.mkdir()
    files, left = survey_inbox(inbox)
    usual = sound_seconds()
    outcomes: list[dict[str, object]] = [{"name": arrival.name, "refused": arrival.reason} for arrival in left]
    for file in files:
        begun = cpu_seconds()
        outcome: dict[str, object] = {"name": shown(file)}
        try:
            place = land(file, landed)
            outcome["landed"] = str(place.path.relative_to(landed))
            outcome["taken"] = take(place.path, scratch)
        except RefusedDelivery as refused:
            outcome["refused"] = refused.reason
        outcomes.append(outcome | {"times_sound": (cpu_seconds() - begun) / usual})
    return {
        "outcomes": outcomes,
        # The resource usage of a process counts what its parent held before it was replaced; its own status does not.
        "self_mb": int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) >> 10,
        "children_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10,
        "left": sorted(shown(path) for path in inbox.iterdir()),
        "scratch": sorted(path.name for path in scratch.iterdir()),
    }


def shown(path: Path) -> str:
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write_attacks(Path(sys.argv[2]))
    else:
        print(json.dumps(take_all(Path(sys.argv[2]))))
