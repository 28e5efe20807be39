"""Which addresses a host may have, asked when it is added and again before every connection."""

from __future__ import annotations

import ipaddress
import re
import socket

from django.conf import settings

from .codes import Code, InventoryRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Metadata services that are not link-local: AWS over IPv6, Alibaba Cloud.
METADATA = tuple(ipaddress.ip_address(a) for a in ("fd00:ec2::254", "100.100.100.200"))
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?")


def resolved_address(text: str) -> str:
    """The address of a name, or the address itself, once it is known to be allowed.

    Every address that the name stands for has to be, so that none can be slipped in; the first
    is kept and the name is not asked again. Raises InventoryRefused.
    """
    if _parsed(text) is not None:
        return checked_address(text)
    if not HOST_NAME.fullmatch(text):
        raise InventoryRefused(Code.BAD_ADDRESS, address=text[:80])
    for address in (found := _looked_up(text)):
        checked_address(address, asked=text)
    return found[0]


def _looked_up(name: str) -> list[str]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InventoryRefused(Code.NAME_UNKNOWN, address=name) from error
    return [str(answer[4][0]) for answer in answers]


def checked_address(text: str, *, asked: str | None = None) -> str:
    """The address, unless it leads back to this machine, to a cloud's metadata service or outside.

    With settings.ALLOWED_HOST_NETWORKS empty that means: private networks. Otherwise those named
    there and no others. `asked`: the name that stood for it. Raises InventoryRefused.
    """
    address = _parsed(text)
    if address is None:
        raise InventoryRefused(Code.BAD_ADDRESS, address=text[:80])
    if not _is_allowed(address):
        code = Code.ADDRESS_REFUSED if is_forbidden(address) else Code.ADDRESS_OUTSIDE
        shown = f"{asked} ({text})" if asked else text
        raise InventoryRefused(code, address=shown)
    return text


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_forbidden(address: Address) -> bool:
    """Never a host by itself: only where a network that is allowed by name has it."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return (
        plain.is_loopback
        or plain.is_link_local
        or plain.is_multicast
        or plain.is_unspecified
        or plain in METADATA
    )


def _is_allowed(address: Address) -> bool:
    if settings.ALLOWED_HOST_NETWORKS:
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in ipaddress.ip_network(n) for n in settings.ALLOWED_HOST_NETWORKS)
    return address.is_private and not is_forbidden(address)
