"""A release is installed below another root, again, anew, back and away."""
