"""Images of CRIU as the tests of comparing make and read them."""

from collections.abc import Mapping
from pathlib import Path

from migrations_app.engine.tools.pagemap import (
    LAZY,
    PAGE,
    PRESENT,
    Entry,
    PageMap,
    parse,
    serialise,
)

NAME = "pagemap-7.img"
Pages = Mapping[int, bytes]  # by their number


def page(value: int) -> bytes:
    return value.to_bytes(2, "big") * (PAGE // 2)


def image(folder: Path, pages: Pages, name: str = NAME, pages_id: int = 1) -> Path:
    """A full dump with these pages, one entry per run of pages."""
    folder.mkdir(exist_ok=True)
    entries: list[Entry] = []
    for number in sorted(pages):
        if entries and entries[-1].end == number * PAGE:
            entries[-1] = entries[-1]._replace(pages=entries[-1].pages + 1)
        else:
            entries.append(Entry(number * PAGE, 1, PRESENT | LAZY))
    (folder / name).write_bytes(serialise(PageMap(pages_id, entries)))
    data = b"".join(pages[number] for number in sorted(pages))
    (folder / f"pages-{pages_id}.img").write_bytes(data)
    return folder


def entries_of(folder: Path, name: str = NAME) -> list[Entry]:
    return parse((folder / name).read_bytes()).entries


def made_up(folder: Path, parent: Pages, name: str = NAME) -> dict[int, bytes]:
    """The pages that CRIU finds: what is not in the image comes from its parent."""
    pages: dict[int, bytes] = {}
    pagemap = parse((folder / name).read_bytes())
    with (folder / pagemap.pages_name).open("rb") as file:
        for entry in pagemap.entries:
            for number in range(entry.vaddr // PAGE, entry.end // PAGE):
                pages[number] = file.read(PAGE) if entry.present else parent[number]
        assert not file.read()
    return pages
