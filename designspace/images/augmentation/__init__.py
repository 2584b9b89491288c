"""What a recipe does to training images: crops, flips, colours, RandAugment and erasing.

One order of events makes it quick and repeatable: first every random number of a batch is drawn, on
the CPU, keyed by the image's row (`batch_random.py`); then all of them travel to the device in one
copy (`parcel.py`); then the operators run there, on bytes, each once for the whole batch.
"""
