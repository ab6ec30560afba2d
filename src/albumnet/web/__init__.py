"""The web app: read a cover, walk on the map, look at albums; served to one machine unless told otherwise."""
