"""Which addresses a host may have."""

from __future__ import annotations

import ipaddress

from django.conf import settings

from .codes import Code, InventoryRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Metadata services that are not link-local: AWS over IPv6, Alibaba Cloud.
METADATA = tuple(ipaddress.ip_address(a) for a in ("fd00:ec2::254", "100.100.100.200"))


def checked_address(text: str) -> str:
    """The address, unless it leads back to this machine or to a cloud's metadata service.

    Networks in settings.ALLOWED_HOST_NETWORKS are always allowed. Raises InventoryRefused.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise InventoryRefused(Code.BAD_ADDRESS, address=text) from error
    if is_forbidden(address) and not _is_allowed(address):
        raise InventoryRefused(Code.ADDRESS_REFUSED, address=text)
    return text


def is_forbidden(address: Address) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    return (
        plain.is_loopback
        or plain.is_link_local
        or plain.is_multicast
        or plain.is_unspecified
        or plain in METADATA
    )


def _is_allowed(address: Address) -> bool:
    return any(address in ipaddress.ip_network(n) for n in settings.ALLOWED_HOST_NETWORKS)
