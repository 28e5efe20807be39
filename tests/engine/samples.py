"""What programs really said, recorded on prepared hosts; see data/README.md."""

from pathlib import Path

DATA = Path(__file__).parent / "data"


def text(name: str) -> str:
    return (DATA / name).read_text()
