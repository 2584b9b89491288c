"""Augmentation of training images: crops, flips, colors, RandAugment and erasing.

A fixed order of events makes it fast and repeatable. First, all random numbers of a batch are drawn
on the CPU, keyed by the image's row (`batch_random.py`). Then all of them travel to the device in
one copy (`parcel.py`). Then the operators run on the device, on bytes, each once for the whole
batch.
"""
