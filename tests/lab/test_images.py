"""Images that are put together without Docker."""

import io
import json
import tarfile

from migrations_app.lab.images import Image, Link, build_image, linked


def example(content: bytes = b"\x7fELF") -> Image:
    return build_image("tool:1", {"bin/tool": content, "bin/sh": Link("tool")}, "/bin/sh", "x86_64")


def unpack(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def test_the_same_files_make_the_same_image_on_every_host() -> None:
    assert example() == example()
    assert example().id != example(b"other").id


def test_the_manifest_names_the_configuration_by_its_hash() -> None:
    image = example()
    files = unpack(image.archive)
    manifest = json.loads(files["manifest.json"])[0]
    assert manifest["RepoTags"] == ["tool:1"]
    assert f"sha256:{manifest['Config'].removesuffix('.json')}" == image.id
    assert json.loads(files[manifest["Config"]])["architecture"] == "amd64"


def test_the_layer_holds_programs_and_links() -> None:
    layer = unpack(example().archive)["layer.tar"]
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        link, program = tar.getmembers()
    assert (link.name, link.linkname) == ("bin/sh", "tool")
    assert (program.name, program.mode, program.size) == ("bin/tool", 0o755, 4)


LDD = """\
\tlinux-vdso.so.1 (0x00007fa39529f000)
\tlibjemalloc.so.2 => /lib/x86_64-linux-gnu/libjemalloc.so.2 (0x00007fa395158000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fa393e0c000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007fa3952a1000)
"""


def test_a_program_is_linked_with_every_file_that_ldd_names_the_loader_too() -> None:
    assert linked(LDD) == [
        "lib/x86_64-linux-gnu/libjemalloc.so.2",
        "lib/x86_64-linux-gnu/libc.so.6",
        "lib64/ld-linux-x86-64.so.2",
    ]
    assert linked("\tstatically linked\n") == []
