"""Accepted work to sealed bytes: content, checks, files with checksums, datasheet, difference, and back to records."""
