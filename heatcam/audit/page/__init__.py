"""Page of an audit: one file that holds its script, styles, thumbnails, maps and numbers, and asks for nothing from elsewhere."""
