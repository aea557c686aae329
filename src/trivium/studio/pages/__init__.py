"""The pages: one file a page or a family of pages, each address with what it shows or does."""
