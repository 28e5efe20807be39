"""Several runs together: what history and comparison show. Reads only."""
