"""The spec language: values, units, kinds, the scene model, and the YAML that becomes it."""
