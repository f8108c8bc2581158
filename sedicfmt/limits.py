"""Every cap of the format and its reason. A file over a cap is refused before anything is allocated for it."""

MAX_PICTURE_BYTES = 512 << 20  # of a picture to pack: 8192x8192 in 16-bit RGB is 384 MiB
MAX_FILE_BYTES = 4 << 20  # a 8192x8192 picture at 0.05 bpp is 0.4 MiB; seven lossless full-size masks fit as well
MIN_SIDE, MAX_SIDE = 16, 8192  # pixels; below 16 there is no object, above 8192 a latent grid costs too much memory
MAX_OBJECTS = 7  # three bits; people remember four or five objects of a picture (paper 3.1)
MAX_TEXT_BYTES = 4096  # UTF-8 bytes of one text: fifty words are 300
MAX_SEGMENT_BYTES = 1 << 20  # one segment's payload
MAX_MASK_SCALE = 128  # pixels a side of one mask cell; beyond it a mask says nothing
MAX_MASK_CELLS = 1 << 25  # of all masks of a file together, a byte each: seven at 1/4 of 8192x8192
MAX_CODED_CELLS = 1 << 20  # of all masks of a file that are coded cell by cell: each may cost a step in Python
MAX_EXTENSIONS = 127  # one of each type

MOST_RESTORED = {  # pixels of the picture times the stages of restoring, one for each object and one for the whole
    "full": 1 << 22,  # 1024x1024 with three objects: some 15 seconds of one core with the bundled restorer
    "thin": 1 << 21,
}
PROFILES = ("full", "thin")
THIN = {  # what the profile "thin" has at most, by the rows of the specification's section 8; elsewhere it is as above
    "bytes of a file": 1 << 16,
    "bytes of a segment, of an extension": 1 << 16,
    "objects": 3,  # as many as the paper describes
    "sides of the picture, pixels": 4096,
    "pixels of the picture": 1 << 22,
    "sides of the latent, pixels": 2048,
    "pixels of the latent": 1 << 20,  # three bytes of picture each
    "cells of all masks": 1 << 20,
    "cells of all masks of the coders 1 to 3": 1 << 18,
    "changes of all run-length masks": 1 << 16,
}
