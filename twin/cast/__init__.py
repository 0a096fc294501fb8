"""Find geometric truth by ray casting: what each pixel centre sees, and each object's whole silhouette."""
