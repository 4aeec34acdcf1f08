"""One pandera model a frame of the catalog, and the columns that the frames share."""
