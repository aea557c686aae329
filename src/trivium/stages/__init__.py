"""One file per box of the road: typed artifacts in, one artifact out."""
