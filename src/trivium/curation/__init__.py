"""Reading raw sources into documents, with a ledger of what was dropped."""
