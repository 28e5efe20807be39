"""How the site is started and stopped on one machine; what `scripts/up` and `scripts/down` call.

python -m labsite.operate up [--port N] [--no-demo] [--no-lab]
python -m labsite.operate down [--purge]
"""
