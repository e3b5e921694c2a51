"""What a page may compute before anybody presses a button."""

# Seconds of one core that a page may spend on a review: all methods on one of usual length take two.
AT_ONCE_SECONDS = 2.5
