"""Hosts: the seam (base), over SSH (ssh), this machine (local)."""
