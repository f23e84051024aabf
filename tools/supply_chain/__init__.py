"""What the image is made of, and whether any of it has known vulnerabilities."""
