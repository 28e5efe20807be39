"""Compression by the C libraries that the host has: lz4 and zstd, each frame by itself.

Called through ctypes, which lets other threads run meanwhile. The libraries' simple interfaces:
lz4.h (LZ4_compress_default, LZ4_decompress_safe), zstd.h (ZSTD_compress, ZSTD_decompress).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..errors import NotPossible, StepFailed

NONE, LZ4, ZSTD = "none", "lz4", "zstd"
ZSTD_LEVEL = 1  # the quickest that is not negative: links in a lab are fast
_LIBRARIES = {LZ4: "liblz4.so.1", ZSTD: "libzstd.so.1"}

Pack = Callable[[memoryview], bytes]
Unpack = Callable[[memoryview, memoryview], None]


def available() -> list[str]:
    """Which of lz4 and zstd this host can do."""
    return [name for name in _LIBRARIES if _library(name) is not None]


@lru_cache
def _library(name: str) -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_LIBRARIES[name])
    except OSError:
        return None
    size, pointer, number = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
    if name == ZSTD:
        library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = size
        library.ZSTD_decompress.restype = size
        library.ZSTD_compressBound.argtypes = [size]
        library.ZSTD_compress.argtypes = [pointer, size, pointer, size, number]
        library.ZSTD_decompress.argtypes = [pointer, size, pointer, size]
    else:
        library.LZ4_compress_default.argtypes = [pointer, pointer, number, number]
        library.LZ4_decompress_safe.argtypes = [pointer, pointer, number, number]
    return library


def packer(name: str) -> Pack:
    """A function that packs a frame. Raises NotPossible when the host lacks the library."""
    library = _needed(name)
    return lambda data: (_zstd if name == ZSTD else _lz4)(library, data)


def unpacker(name: str) -> Unpack:
    """A function that unpacks a frame into a buffer of just its size, or raises StepFailed."""
    library = _needed(name)

    def unpack(data: memoryview, into: memoryview) -> None:
        got = (_unzstd if name == ZSTD else _unlz4)(library, data, into)
        if got != len(into):
            raise StepFailed("a packed frame is damaged", code="channel-broken")

    return unpack


def _needed(name: str) -> ctypes.CDLL:
    library = _library(name) if name in _LIBRARIES else None
    if library is None:
        raise NotPossible(f"this host has no library for {name}", code="compression-missing")
    return library


def _address(view: memoryview) -> tuple[Any, int]:
    """Something that C takes as a pointer, and the size; read-only views are copied."""
    if view.readonly:
        return bytes(view), len(view)
    return (ctypes.c_char * len(view)).from_buffer(view), len(view)


def _zstd(library: ctypes.CDLL, data: memoryview) -> bytes:
    source, size = _address(data)
    room = library.ZSTD_compressBound(size)
    out = ctypes.create_string_buffer(room)
    return ctypes.string_at(out, library.ZSTD_compress(out, room, source, size, ZSTD_LEVEL))


def _lz4(library: ctypes.CDLL, data: memoryview) -> bytes:
    source, size = _address(data)
    room = size + size // 255 + 16  # LZ4_COMPRESSBOUND
    out = ctypes.create_string_buffer(room)
    return ctypes.string_at(out, library.LZ4_compress_default(source, out, size, room))


def _unzstd(library: ctypes.CDLL, data: memoryview, into: memoryview) -> int:
    source, size = _address(data)
    target, room = _address(into)
    return int(library.ZSTD_decompress(target, room, source, size))


def _unlz4(library: ctypes.CDLL, data: memoryview, into: memoryview) -> int:
    source, size = _address(data)
    target, room = _address(into)
    return int(library.LZ4_decompress_safe(source, target, size, room))
