"""Feature families of the two views: each a function from sequences or profiles to genes x features."""
