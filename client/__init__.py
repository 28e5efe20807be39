"""The command-line client, in parts; `scripts/client` makes one file of them to download.

Python 3.9 and its standard library, nothing else. The parts share one namespace in the end, so a
name stands in one of them only.
"""
