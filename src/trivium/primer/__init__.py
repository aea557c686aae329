"""The embedded world with known truth: synthetic, and says so."""
