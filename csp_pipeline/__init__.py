"""csp-pipeline: reconciles the figures of the agencies in a UK Community Safety Partnership."""
