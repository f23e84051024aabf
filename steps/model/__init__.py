"""Plain data that crosses the layers: frozen dataclasses and enums, no behaviour beyond their own shape."""
