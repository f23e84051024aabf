"""`make demo`: releases on the embedded lab, watched live and summed up in a table."""
