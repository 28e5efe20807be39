"""Results as files: one builder per format, pure; a document (shape.py) in, text out."""
