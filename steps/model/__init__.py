"""Plain data that the layers exchange: frozen dataclasses and enums, with no behaviour beyond their own fields."""
