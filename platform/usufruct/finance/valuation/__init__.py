"""What an asset or a right is worth: composite, held, sold, discounted, and whether that is plausible."""
