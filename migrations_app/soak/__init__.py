"""Migrations back and forth for as long as wanted, with a fault now and then: `scripts/soak`."""
