"""The API for programs, /api/v1: what the pages do, through the same services and selectors."""
