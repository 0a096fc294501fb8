"""Turn frame states into linear pixels. Two verbs, open and render; one folder an engine."""
