"""The fault harness: everything breaks at every moment of every strategy, for real."""
