"""The workload programs that are built for the lab hosts; one C file each, built static."""
