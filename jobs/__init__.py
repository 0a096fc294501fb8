"""Plan shards, run them, and keep the manifest that is the only truth about them."""
