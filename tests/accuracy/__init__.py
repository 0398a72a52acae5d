"""How often bridges name the planted cause: worlds whose truth is known, and the measure of what is found in them."""
