"""What `render` prints: YAML for workflow engines that cannot loop over a ladder themselves."""
