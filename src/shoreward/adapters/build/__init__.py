"""Building an application's functions and layers into artifacts."""
