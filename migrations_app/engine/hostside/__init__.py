"""The program that runs on the hosts: Python's standard library and ../tools only.

It is packed into one zipapp (see ../hosts/bundle.py), pushed over SFTP, named by its hash, and
speaks JSON lines on its standard input and output (see session.py).
"""
