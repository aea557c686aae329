"""The decoder, its heads, LoRA and the exchange with the Hugging Face layout."""
