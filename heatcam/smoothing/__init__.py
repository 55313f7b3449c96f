"""Heat maps that are steady in video: scale and content are smoothed along each object's track, for display only."""
