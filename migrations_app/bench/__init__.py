"""The bench: our strategies against Docker, podman and CRIU by hand, on the lab. No Django.

scripts/bench, or python -m migrations_app.bench; docs/benchmarks.md says how it measures.
"""
