"""Show what was made: contact sheets and overlays."""
