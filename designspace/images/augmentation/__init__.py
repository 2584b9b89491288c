"""What a recipe does to training images: crops, flips, colours, RandAugment and erasing."""
