"""Parts that all pages and pictures share: palette, frame, numbers, templates, rendering."""
