"""Running the platform: what is wrong and how to put it right, copies of what cannot be made anew."""
