"""Every sentence of a judgement, in English, with the numbers that matter."""
