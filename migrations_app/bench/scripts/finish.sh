# At the end, on the source: the connection between the hosts is closed, its key forgotten.
ssh -S /run/migration-lab-bench/link -O exit lab-b 2>/dev/null
rm -rf /run/migration-lab-bench
true
