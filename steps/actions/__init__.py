"""What several steps do to a release: shift a weight, retreat, restore, watch. Each file is one act."""
