"""Every text that a user can see, in English and Russian: the catalogue and the system's own errors."""
