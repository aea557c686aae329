"""The web app where people write, rank, review and deliver."""
